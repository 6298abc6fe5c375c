// Computes  sums[j] = Σ x[i]² over chunk j
// Idea      an item is some chunks
// Numerics  four vectors of sums in f32, then across lanes: the same bits for any number of threads
namespace HSENet.Kernels;

public static partial class SquaredNorm
{
    const int HostChunks = 8; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, SquaredNormArguments a) =>
        device.ForRows(SumsLength(a.Count), HostChunks, new HostWork(a));

    readonly struct HostWork(SquaredNormArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int chunk, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            a.Sums.Pointer[chunk] = HostVectors.SumOfSquares<TVector>(a.X.Pointer + (long)chunk * Chunk,
                Math.Min(Chunk, a.Count - chunk * Chunk));
        }
    }
}
