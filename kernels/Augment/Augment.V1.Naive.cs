// Computes  y = x' · (1 + factor) + offset,  x' turned and flipped
// Idea      a thread for each voxel of the output; turns and flips are one step in each direction of the input
// Numerics  1 + factor is rounded once; product and sum are fused
using ILGPU;

namespace HSENet.Kernels;

public static partial class Augment
{
    static void ForwardV1(AugmentArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Y.Length)
            return;
        AugmentMap map = a.Map;
        int row = i / a.Width, w = i % a.Width, h = row % a.Height, d = row / a.Height;
        a.Y[i] = ScalarInstructions.FusedMultiplyAdd(a.X[map.First + d * map.Slice + h * map.Row + w * map.Column], 1f + a.Factor,
            a.Offset);
    }
}
