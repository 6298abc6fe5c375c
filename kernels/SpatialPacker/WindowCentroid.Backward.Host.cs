// Computes  gradX[p,d] += gradY[window of p,d] / n
// Idea      an item is a window, whose gradient stays in L1 while it is added to its patches
// Numerics  1/n is rounded once, the product and the sum at most once each
namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void HostBackward(HostDevice device, WindowCentroidBackwardArguments a) =>
        device.ForVectors(a.Grid.Windows, new HostBackwardWork(a));

    readonly unsafe struct HostBackwardWork(WindowCentroidBackwardArguments a) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            WindowGrid grid = a.Grid;
            float* gradY = a.GradY.Pointer + (long)index * a.Channels;
            for (int i = 0; i < grid.Window; i++)
                HostVectors.AddScaled<TVector>(1f / grid.Window, gradY, a.GradX.Pointer + (long)grid.Patch(index, i) * a.Channels,
                    a.Channels);
        }
    }
}
