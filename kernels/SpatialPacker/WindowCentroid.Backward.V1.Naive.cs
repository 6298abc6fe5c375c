// Computes  gradX[p,d] += gradY[window of p,d] / n
// Idea      a thread owns one channel of a window: neighbouring threads write neighbouring channels
// Numerics  one division and one sum
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    static void BackwardV1(WindowCentroidBackwardArguments a)
    {
        int d = ILGPU.Grid.IdxX * Group.DimX + Group.IdxX;
        int window = ILGPU.Grid.IdxY;
        if (d >= a.Channels)
            return;
        WindowGrid grid = a.Grid;
        int count = grid.Window;
        float share = ScalarInstructions.Divide(a.GradY[window * a.Channels + d], count);
        for (int i = 0; i < count; i++)
            a.GradX[grid.Patch(window, i) * a.Channels + d] += share;
    }
}
