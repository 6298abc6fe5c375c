// Computes  s = map∘(f∘(gradY·Vᵀ) − Σ map·f·gradY·Vᵀ)/√D,  gradQ = s·K,  gradK = sᵀ·Q,  gradV = (map∘f)ᵀ·gradY
// Idea      the first S groups own a slice each: its column of s for all patches, a barrier, then its rows of gradK and gradV. The other
//           groups own a patch: what its slices are worth, a barrier, then its row of gradQ. No group waits for another
// Numerics  sums left to right in f32, fused multiply-adds; dropout's factors are computed again
using ILGPU;

namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    static void BackwardV1(SliceGuidedAttentionBackwardArguments a)
    {
        int thread = Group.IdxX, group = Grid.IdxX, size = a.Patches * a.Slices;
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(a.Channels));
        if (group < a.Slices)
        {
            int slice = group;
            for (int p = thread; p < a.Patches; p += Group.DimX)
            {
                int map = p * a.Slices;
                float own = 0f, mean = 0f;
                for (int s = 0; s < a.Slices; s++)
                {
                    float gradient = 0f;
                    for (int d = 0; d < a.Channels; d++)
                        gradient = ScalarInstructions.FusedMultiplyAdd(a.GradY[p * a.Channels + d], a.V[s * a.Channels + d], gradient);
                    gradient *= DropoutMask.Factor(a.DropoutSeed, map + s, a.DropoutRate);
                    mean = ScalarInstructions.FusedMultiplyAdd(a.Map[map + s], gradient, mean);
                    own = s == slice ? gradient : own;
                }
                a.Scratch[map + slice] = a.Map[map + slice] * ((own - mean) * scale);
                a.Scratch[size + map + slice] = a.Map[map + slice] * DropoutMask.Factor(a.DropoutSeed, map + slice, a.DropoutRate);
            }
            Group.Barrier(); // every thread reads the whole column

            for (int d = thread; d < a.Channels; d += Group.DimX)
            {
                float key = 0f, value = 0f;
                for (int p = 0; p < a.Patches; p++)
                {
                    key = ScalarInstructions.FusedMultiplyAdd(a.Scratch[p * a.Slices + slice], a.Q[p * a.Channels + d], key);
                    value = ScalarInstructions.FusedMultiplyAdd(a.Scratch[size + p * a.Slices + slice], a.GradY[p * a.Channels + d], value);
                }
                a.GradK[slice * a.Channels + d] = key;
                a.GradV[slice * a.Channels + d] = value;
            }
        }
        else
        {
            int p = group - a.Slices, map = p * a.Slices, row = 2 * size + map;
            for (int s = thread; s < a.Slices; s += Group.DimX)
            {
                float gradient = 0f;
                for (int d = 0; d < a.Channels; d++)
                    gradient = ScalarInstructions.FusedMultiplyAdd(a.GradY[p * a.Channels + d], a.V[s * a.Channels + d], gradient);
                a.Scratch[row + s] = gradient * DropoutMask.Factor(a.DropoutSeed, map + s, a.DropoutRate);
            }
            Group.Barrier(); // every thread reads the whole row

            float mean = 0f;
            for (int s = 0; s < a.Slices; s++)
                mean = ScalarInstructions.FusedMultiplyAdd(a.Map[map + s], a.Scratch[row + s], mean);
            for (int d = thread; d < a.Channels; d += Group.DimX)
            {
                float query = 0f;
                for (int s = 0; s < a.Slices; s++)
                    query = ScalarInstructions.FusedMultiplyAdd(a.Map[map + s] * ((a.Scratch[row + s] - mean) * scale),
                        a.K[s * a.Channels + d], query);
                a.GradQ[p * a.Channels + d] = query;
            }
        }
    }
}
