// Computes  sums[j] = Σ x[i]² over chunk j
// Idea      a thread for each chunk: it reads whole cache lines, though not beside its neighbours
// Numerics  one sum left to right in f32, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class SquaredNorm
{
    static void ForwardV1(SquaredNormArguments a)
    {
        int chunk = Grid.IdxX * Group.DimX + Group.IdxX;
        if (chunk >= (int)a.Sums.Length)
            return;
        int end = chunk * Chunk + Math.Min(Chunk, a.Count - chunk * Chunk);
        float sum = 0f;
        for (int i = chunk * Chunk; i < end; i++)
            sum = ScalarInstructions.FusedMultiplyAdd(a.X[i], a.X[i], sum);
        a.Sums[chunk] = sum;
    }
}
