// Computes  y[p,c] = Σₖ patch[p,k] · W[c,k] + bias[c] + position[p,c]
// Idea      a thread computes one output: all threads of a block read the same patch, each its own row of W
// Numerics  one sum in f32 in the order of the flattened patch, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    static void ForwardV1<TFormat>(PatchEmbeddingArguments a) where TFormat : struct, IWeightFormat
    {
        int patches = a.Patches, image = Grid.IdxX / patches, p = Grid.IdxX % patches;
        int c = Grid.IdxY * Group.DimX + Group.IdxX;
        if (c >= a.Outputs)
            return;
        var (d0, h0, w0) = a.Volume.Corner(p);
        int k = c * a.PatchLength;
        float sum = 0f;
        for (int channel = 0; channel < a.Channels; channel++)
            for (int d = 0; d < a.PatchDepth; d++)
                for (int h = 0; h < a.PatchHeight; h++)
                {
                    int line = (((image * a.Channels + channel) * a.Depth + d0 + d) * a.Height + h0 + h) * a.Width + w0;
                    for (int w = 0; w < a.PatchWidth; w++, k++)
                        sum = ScalarInstructions.FusedMultiplyAdd(a.Image[line + w], TFormat.Load(a.W, k), sum);
                }
        int row = image * (a.LeadingRows + patches) + a.LeadingRows + p;
        a.Y[row * a.Outputs + c] = sum + a.Bias[c] + AnyWeights.Load(a.Position, p * a.Outputs + c);
    }
}
