// Computes  y[w,d] = mean over p in window w of x[p,d]
// Idea      an item is a window; its patches are added up in its row of y, which stays in L1
// Numerics  patches in order, in f32, each multiplied by 1/window first
namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void HostForward(HostDevice device, WindowCentroidArguments a)
    {
        switch (device.VectorBits)
        {
            case 512:
                device.For(a.Grid.Windows, new HostWork<Wide512>(a));
                break;
            case 256:
                device.For(a.Grid.Windows, new HostWork<Wide256>(a));
                break;
            default:
                device.For(a.Grid.Windows, new HostWork<Wide128>(a));
                break;
        }
    }

    readonly unsafe struct HostWork<TVector>(WindowCentroidArguments a) : IHostWork where TVector : unmanaged, IHostVector<TVector>
    {
        public void Run(int index, int worker)
        {
            WindowGrid grid = a.Grid;
            float* y = a.Y.Pointer + (long)index * a.Channels;
            new Span<float>(y, a.Channels).Clear();
            for (int i = 0; i < grid.Window; i++)
                HostVectors.AddScaled<TVector>(1f / grid.Window, a.X.Pointer + (long)grid.Patch(index, i) * a.Channels, y, a.Channels);
        }
    }
}
