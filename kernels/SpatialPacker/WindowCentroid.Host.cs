// Computes  y[w,d] = mean over p in window w of x[p,d]
// Idea      an item is a window; sixteen channels of all its patches are summed in one register
// Numerics  patches in order, in f32, then one multiplication with 1/window
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void HostForward(HostDevice device, WindowCentroidArguments a) => device.For(a.Grid.Windows, new HostWork(a));

    readonly struct HostWork(WindowCentroidArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker) => Window(a, index, a.Y.Pointer + (long)index * a.Channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Window(in WindowCentroidArguments a, int window, float* y)
    {
        WindowGrid grid = a.Grid;
        float share = 1f / grid.Window;
        int d = 0;
        for (; d <= a.Channels - 16; d += 16)
        {
            var sum = Vector512<float>.Zero;
            for (int i = 0; i < grid.Window; i++)
                sum += Vector512.Load(a.X.Pointer + (long)grid.Patch(window, i) * a.Channels + d);
            (sum * share).Store(y + d);
        }
        for (; d < a.Channels; d++)
        {
            float sum = 0f;
            for (int i = 0; i < grid.Window; i++)
                sum += a.X.Pointer[(long)grid.Patch(window, i) * a.Channels + d];
            y[d] = sum * share;
        }
    }
}
