// Computes  y[t] = visual[t − VisualStart] where visual tokens stand, otherwise table[id[t]] (+ added) (+ position[FirstPosition + t])
// Idea      an item is a few tokens; a row is widened straight into its place and added to there
// Numerics  at most two sums in f32
namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    const int HostTokensPerItem = 16; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, TokenEmbeddingArguments a) =>
        device.ForRows(a.Tokens, HostTokensPerItem, new HostWork(device, a));

    readonly struct HostWork(HostDevice device, TokenEmbeddingArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int t, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long visualCount = a.Visual.Length / a.Channels;
            float* y = a.Y.Pointer + (long)t * a.Channels;
            if (t >= a.VisualStart && t < a.VisualStart + visualCount)
            {
                new ReadOnlySpan<float>(a.Visual.Pointer + (long)(t - a.VisualStart) * a.Channels, a.Channels)
                    .CopyTo(new Span<float>(y, a.Channels));
                return;
            }
            int id = a.Ids.Pointer[t];
            Require.That(id >= 0 && (id + 1L) * a.Channels <= a.Table.Length, "TokenEmbedding", nameof(a.Ids), "ids inside the table", id);
            HostVectors.Widen<TVector>(a.Table, (long)id * a.Channels, y, a.Channels);
            if (!a.Added.IsEmpty)
                HostVectors.AddScaled<TVector>(1f, a.Added.Pointer, y, a.Channels);
            if (a.Position.IsEmpty)
                return;
            float* position = device.Scratch<float>(worker, a.Channels);
            HostVectors.Widen<TVector>(a.Position, (long)(a.FirstPosition + t) * a.Channels, position, a.Channels);
            HostVectors.AddScaled<TVector>(1f, position, y, a.Channels);
        }
    }
}
