// Computes  y[m,n] = up[m,n] · silu(gate[m,n])
// Idea      an item is a few thousand channels of a row, sixteen at a time
// Numerics  e^x with a relative error of 2e-7, then a sum, a division and a product
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class SwiGlu
{
    const int HostChannelsPerItem = 4096; // about a microsecond: enough that handing out an item does not show

    static void HostForward(HostDevice device, SwiGluArguments a) => device.For(a.Rows * HostItemsPerRow(a), new HostWork(a));

    static int HostItemsPerRow(in SwiGluArguments a) => (a.Channels + HostChannelsPerItem - 1) / HostChannelsPerItem;

    readonly struct HostWork(SwiGluArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int items = HostItemsPerRow(a), row = index / items, start = index % items * HostChannelsPerItem;
            float* gate = a.GateUp.Pointer + (long)row * 2 * a.Channels + start;
            Part(gate, gate + a.Channels, a.Y.Pointer + (long)row * a.Channels + start, Math.Min(HostChannelsPerItem, a.Channels - start));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Part(float* gate, float* up, float* y, int count)
    {
        int n = 0;
        for (; n <= count - 16; n += 16)
        {
            var g = Vector512.Load(gate + n);
            (Vector512.Load(up + n) * (g / (Vector512<float>.One + HostMath.Exp(-g)))).Store(y + n);
        }
        for (; n < count; n++)
            y[n] = up[n] * DeviceMath.Silu(gate[n]);
    }
}
