// PatchEmbedding.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    /// <summary>
    /// gradW [C, K], gradBias [C] and gradPosition [P, C] (empty when not asked for) after the addition, as doubles. The arguments must lie
    /// in host memory and are not touched.
    /// </summary>
    internal static (double[] GradW, double[] GradBias, double[] GradPosition) BackwardReference(in PatchEmbeddingBackwardArguments a)
    {
        double[] gradW = ReferenceMath.Doubles(a.GradW), gradBias = ReferenceMath.Doubles(a.GradBias),
            gradPosition = ReferenceMath.Doubles(a.GradPosition);
        int y = 0;
        for (int d = 0; d < a.Depth; d += a.PatchDepth)
            for (int h = 0; h < a.Height; h += a.PatchHeight)
                for (int w = 0; w < a.Width; w += a.PatchWidth)
                    for (int c = 0; c < a.Outputs; c++, y++)
                    {
                        if (gradW.Length > 0)
                            AddPatch(a, d, h, w, a.GradY[y], gradW, c);
                        if (gradBias.Length > 0)
                            gradBias[c] += a.GradY[y];
                        if (gradPosition.Length > 0)
                            gradPosition[y] += a.GradY[y];
                    }
        return (gradW, gradBias, gradPosition);
    }

    static void AddPatch(in PatchEmbeddingBackwardArguments a, int d0, int h0, int w0, double gradient, double[] gradW, int output)
    {
        int k = output * (a.Channels * a.PatchDepth * a.PatchHeight * a.PatchWidth);
        for (int channel = 0; channel < a.Channels; channel++)
            for (int d = d0; d < d0 + a.PatchDepth; d++)
                for (int h = h0; h < h0 + a.PatchHeight; h++)
                    for (int w = w0; w < w0 + a.PatchWidth; w++)
                        gradW[k++] += gradient * a.Image[((channel * a.Depth + d) * a.Height + h) * a.Width + w];
    }
}
