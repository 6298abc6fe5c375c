// PatchEmbedding in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    /// <summary>y as [I, leading rows + P, C] doubles; leading rows are those of Y. The arguments must lie in host memory; Y is not
    /// touched.</summary>
    internal static double[] Reference(in PatchEmbeddingArguments a)
    {
        double[] y = Array.ConvertAll(a.Y.AsSpan().ToArray(), value => (double)value);
        for (int image = 0; image < a.Images; image++)
        {
            double[] rows = ReferenceImage(a.OfImage(image));
            rows.CopyTo(y, y.Length / a.Images * (image + 1) - rows.Length);
        }
        return y;
    }

    static double[] ReferenceImage(in PatchEmbeddingArguments a)
    {
        var y = new double[a.Patches * a.Outputs];
        int p = 0;
        for (int d = 0; d < a.Depth; d += a.PatchDepth)
            for (int h = 0; h < a.Height; h += a.PatchHeight)
                for (int w = 0; w < a.Width; w += a.PatchWidth, p++)
                    for (int c = 0; c < a.Outputs; c++)
                        y[p * a.Outputs + c] = Project(a, d, h, w, c) + a.Bias[c] + ReferenceMath.Weight(a.Position, p * a.Outputs + c);
        return y;
    }

    static double Project(in PatchEmbeddingArguments a, int d0, int h0, int w0, int output)
    {
        double sum = 0;
        int k = output * a.PatchLength;
        for (int channel = 0; channel < a.Channels; channel++)
            for (int d = d0; d < d0 + a.PatchDepth; d++)
                for (int h = h0; h < h0 + a.PatchHeight; h++)
                    for (int w = w0; w < w0 + a.PatchWidth; w++)
                        sum += a.Image[((channel * a.Depth + d) * a.Height + h) * a.Width + w] * ReferenceMath.Weight(a.W, k++);
        return sum;
    }
}
