// Computes  merged[n,k] = W[n,k] + scale · Σⱼ B[n,j] · A[j,k]
// Idea      an item is sixteen rows of W that stay in L2 while the rows of A, widened once for all sixteen, are added to them
// Numerics  starts from W and adds r products with scale · B, each fused
namespace HSENet.Kernels;

public static partial class LoraMerge
{
    const int HostRowsPerItem = 16;

    static void HostForward(HostDevice device, LoraMergeArguments a) =>
        device.ForVectors(Parts.Of(a.Outputs, HostRowsPerItem), new HostWork(device, a));

    readonly struct HostWork(HostDevice device, LoraMergeArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * HostRowsPerItem, rows = Math.Min(HostRowsPerItem, a.Outputs - start);
            float* down = device.Scratch<float>(worker, (long)a.Inputs + rows * a.Rank), up = down + a.Inputs;
            HostVectors.Widen<TVector>(a.B, (long)start * a.Rank, up, rows * a.Rank);
            for (int n = 0; n < rows; n++)
                HostVectors.Widen<TVector>(a.W, (long)(start + n) * a.Inputs, Merged(start + n), a.Inputs);
            for (int j = 0; j < a.Rank; j++)
            {
                HostVectors.Widen<TVector>(a.A, (long)j * a.Inputs, down, a.Inputs);
                for (int n = 0; n < rows; n++)
                    HostVectors.AddScaled<TVector>(a.Scale * up[n * a.Rank + j], down, Merged(start + n), a.Inputs);
            }
        }

        unsafe float* Merged(int row) => a.Merged.Pointer + (long)row * a.Inputs;
    }
}
