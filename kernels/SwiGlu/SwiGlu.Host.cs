// Computes  y[m,n] = up[m,n] · silu(gate[m,n])
// Idea      an item is a few thousand channels of a row
// Numerics  e^x with a relative error of 2e-7, then a sum, a division and a product
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class SwiGlu
{
    const int HostChannelsPerItem = 4096; // about a microsecond: enough that handing out an item does not show

    static void HostForward(HostDevice device, SwiGluArguments a) =>
        device.ForVectors(a.Rows * HostItemsPerRow(a), new HostWork(a));

    static int HostItemsPerRow(in SwiGluArguments a) => Parts.Of(a.Channels, HostChannelsPerItem);

    readonly struct HostWork(SwiGluArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int items = HostItemsPerRow(a), row = index / items, start = index % items * HostChannelsPerItem;
            float* gate = a.GateUp.Floats.Pointer + (long)row * 2 * a.Channels + start;
            Part<TVector>(gate, gate + a.Channels, a.Y.Floats.Pointer + (long)row * a.Channels + start,
                Math.Min(HostChannelsPerItem, a.Channels - start));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Part<TVector>(float* gate, float* up, float* y, int count) where TVector : unmanaged, IHostVector<TVector>
    {
        int n = 0;
        for (; n <= count - TVector.Count; n += TVector.Count)
            TVector.Store(y + n, TVector.Load(up + n) * HostMath.Silu(TVector.Load(gate + n)));
        for (; n < count; n++)
            y[n] = up[n] * DeviceMath.Silu(gate[n]);
    }
}
