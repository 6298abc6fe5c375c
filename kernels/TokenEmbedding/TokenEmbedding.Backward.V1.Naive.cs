// Computes  gradVisual[t − VisualStart] = gradY[t] where visual tokens stand, otherwise gradTable[id[t]], gradPosition[FirstPosition + t],
//           gradAdded += gradY[t]
// Idea      a thread owns a channel of every gradient and walks the tokens: two tokens with one id never meet, and no atomic is needed
// Numerics  sums in f32 in the order of the tokens
using ILGPU;

namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    static void BackwardV1(TokenEmbeddingBackwardArguments a)
    {
        int c = Grid.IdxX * Group.DimX + Group.IdxX;
        if (c >= a.Channels)
            return;
        for (int t = 0; t < a.Tokens; t++)
        {
            float gradient = a.GradY[t * a.Channels + c];
            int visual = (t - a.VisualStart) * a.Channels + c;
            if (t >= a.VisualStart && visual < a.GradVisual.Length)
            {
                a.GradVisual[visual] = gradient;
                continue;
            }
            if (a.GradTable.Length != 0)
                a.GradTable[a.Ids[t] * a.Channels + c] += gradient;
            if (a.GradPosition.Length != 0)
                a.GradPosition[(a.FirstPosition + t) * a.Channels + c] += gradient;
            if (a.GradAdded.Length != 0)
                a.GradAdded[c] += gradient;
        }
    }
}
