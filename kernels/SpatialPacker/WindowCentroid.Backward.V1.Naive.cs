// Computes  gradX[p,d] += gradY[window of p,d] / n
// Idea      a thread owns one channel of a window: neighbouring threads write neighbouring channels
// Numerics  one division and one sum
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void BackwardV1(WindowCentroidBackwardArguments a)
    {
        int window = ILGPU.Grid.IdxX;
        int d = ILGPU.Grid.IdxY * Group.DimX + Group.IdxX;
        if (d >= a.Channels)
            return;
        WindowGrid grid = a.Grid;
        int count = grid.Window;
        float share = ScalarInstructions.Divide(a.GradY[window * a.Channels + d], count);
        for (int i = 0; i < count; i++)
            a.GradX[grid.Patch(window, i) * a.Channels + d] += share;
    }
}
