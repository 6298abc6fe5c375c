// Computes  y[w,d] = mean over p in window w of x[p,d]
// Idea      a thread computes one channel of a window: neighbouring threads read neighbouring channels
// Numerics  patches in order, in f32, then one division
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void ForwardV1(WindowCentroidArguments a)
    {
        int window = ILGPU.Grid.IdxX;
        int d = ILGPU.Grid.IdxY * Group.DimX + Group.IdxX;
        if (d >= a.Channels)
            return;
        WindowGrid grid = a.Grid;
        int count = grid.Window;
        float sum = 0f;
        for (int i = 0; i < count; i++)
            sum += AnyActivations.Load(a.X, grid.Patch(window, i) * a.Channels + d);
        AnyActivations.Store(a.Y, window * a.Channels + d, ScalarInstructions.Divide(sum, count));
    }
}
