// Computes  merged[n,k] = W[n,k] + scale · Σⱼ B[n,j] · A[j,k]
// Idea      an item is sixteen rows of W that stay in L2 while the rows of A, widened once for all sixteen, are added to them
// Numerics  starts from W and adds r products with scale · B, each fused
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class LoraMerge
{
    const int HostRowsPerItem = 16;

    static void HostForward(HostDevice device, LoraMergeArguments a) =>
        device.For((a.Outputs + HostRowsPerItem - 1) / HostRowsPerItem, new HostWork(device, a));

    readonly struct HostWork(HostDevice device, LoraMergeArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int start = index * HostRowsPerItem, rows = Math.Min(HostRowsPerItem, a.Outputs - start);
            float* down = device.Scratch<float>(worker, (long)a.Inputs + rows * a.Rank), up = down + a.Inputs;
            HostVectors.Widen(a.B, (long)start * a.Rank, up, rows * a.Rank);
            for (int n = 0; n < rows; n++)
                HostVectors.Widen(a.W, (long)(start + n) * a.Inputs, Merged(start + n), a.Inputs);
            for (int j = 0; j < a.Rank; j++)
            {
                HostVectors.Widen(a.A, (long)j * a.Inputs, down, a.Inputs);
                for (int n = 0; n < rows; n++)
                    AddScaled(a.Scale * up[n * a.Rank + j], down, Merged(start + n), a.Inputs);
            }
        }

        unsafe float* Merged(int row) => a.Merged.Pointer + (long)row * a.Inputs;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void AddScaled(float factor, float* source, float* destination, int count)
    {
        int k = 0;
        for (; k <= count - 16; k += 16)
            Vector512.FusedMultiplyAdd(Vector512.Create(factor), Vector512.Load(source + k), Vector512.Load(destination + k)).Store(destination + k);
        for (; k < count; k++)
            destination[k] += factor * source[k];
    }
}
