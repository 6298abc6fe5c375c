// Computes  y[w,d] = mean over p in window w of x[p,d]
// Idea      an item is a window; its patches are added up in its row of y, which stays in L1
// Numerics  patches in order, in f32, each multiplied by 1/window first
namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void HostForward(HostDevice device, WindowCentroidArguments a) =>
        device.ForVectors(a.Grid.Windows, new HostWork(a));

    readonly unsafe struct HostWork(WindowCentroidArguments a) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            WindowGrid grid = a.Grid;
            float* y = a.Y.Floats.Pointer + (long)index * a.Channels;
            new Span<float>(y, a.Channels).Clear();
            for (int i = 0; i < grid.Window; i++)
                HostVectors.AddScaled<TVector>(1f / grid.Window, a.X.Floats.Pointer + (long)grid.Patch(index, i) * a.Channels, y,
                    a.Channels);
        }
    }
}
