// Computes  occupied = 1 for each slice, row and column that holds a value above 0, otherwise 0
// Idea      a thread answers for one slice, row or column and stops at the first value it finds
// Numerics  exact
using ILGPU;

namespace HSENet.Kernels;

public static partial class CropBox
{
    static void ForwardV1(CropBoxArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Depth + a.Height + a.Width)
            return;
        int slice = a.Height * a.Width;
        int found;
        if (i < a.Depth)
            found = Any(a, i * slice, a.Height, a.Width, a.Width, 1);
        else if (i < a.Depth + a.Height)
            found = Any(a, (i - a.Depth) * a.Width, a.Depth, slice, a.Width, 1);
        else
            found = Any(a, i - a.Depth - a.Height, a.Depth, slice, a.Height, a.Width);
        a.Occupied[i] = found;
    }

    static int Any(CropBoxArguments a, int start, int outer, int outerStride, int inner, int innerStride)
    {
        for (int o = 0; o < outer; o++)
            for (int i = 0; i < inner; i++)
                if (a.X[start + o * outerStride + i * innerStride] > 0f)
                    return 1;
        return 0;
    }
}
