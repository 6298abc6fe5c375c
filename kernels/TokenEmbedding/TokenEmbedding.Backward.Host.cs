// Computes  gradVisual[t − VisualStart] = gradY[t] where visual tokens stand, otherwise gradTable[id[t]], gradPosition[FirstPosition + t],
//           gradAdded += gradY[t]
// Idea      an item owns a few columns of every gradient and walks the tokens: two tokens with one id never meet in two threads
// Numerics  sums in f32 in the order of the tokens
namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    const int HostColumns = 64; // columns of an item: four cache lines of every row

    static void HostBackward(HostDevice device, TokenEmbeddingBackwardArguments a) =>
        device.ForVectors(Parts.Of(a.Channels, HostColumns), new HostBackwardWork(a));

    readonly struct HostBackwardWork(TokenEmbeddingBackwardArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * HostColumns, count = Math.Min(HostColumns, a.Channels - start);
            long visualCount = a.GradVisual.Length / a.Channels;
            for (int t = 0; t < a.Tokens; t++)
            {
                float* gradY = a.GradY.Pointer + (long)t * a.Channels + start;
                if (t >= a.VisualStart && t < a.VisualStart + visualCount)
                {
                    new ReadOnlySpan<float>(gradY, count)
                        .CopyTo(new Span<float>(a.GradVisual.Pointer + (long)(t - a.VisualStart) * a.Channels + start, count));
                    continue;
                }
                int id = a.Ids.Pointer[t];
                Require.That(id >= 0 && id < a.Vocabulary, "TokenEmbedding.Backward", nameof(a.Ids), "ids inside the table", id);
                if (!a.GradTable.IsEmpty)
                    HostVectors.AddScaled<TVector>(1f, gradY, a.GradTable.Pointer + (long)id * a.Channels + start, count);
                if (!a.GradPosition.IsEmpty)
                    HostVectors.AddScaled<TVector>(1f, gradY, a.GradPosition.Pointer + (long)(a.FirstPosition + t) * a.Channels + start,
                        count);
                if (!a.GradAdded.IsEmpty)
                    HostVectors.AddScaled<TVector>(1f, gradY, a.GradAdded.Pointer + start, count);
            }
        }
    }
}
