// Attention.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Attention
{
    /// <summary>
    /// gradQ [B·T, H·D], gradK and gradV [B·S, G·D] as doubles, without gaps between rows. The arguments must lie in host memory and
    /// are not touched.
    /// </summary>
    internal static (double[] GradQ, double[] GradK, double[] GradV) BackwardReference(in AttentionBackwardArguments a)
    {
        int size = a.HeadSize, keyWidth = a.KeyHeads * size;
        var gradQ = new double[a.Batch * a.Queries * a.QueryHeads * size];
        var gradK = new double[a.Batch * a.Keys * keyWidth];
        var gradV = new double[gradK.Length];
        for (int b = 0; b < a.Batch; b++)
            for (int h = 0; h < a.QueryHeads; h++)
                for (int t = 0; t < a.Queries; t++)
                {
                    double[] p = ReferenceScores(a.Forward, b, h, t);
                    double largest = p.Max(), sum = 0;
                    for (int s = 0; s < p.Length; s++)
                        sum += p[s] = Math.Exp(p[s] - largest);

                    int head = h / (a.QueryHeads / a.KeyHeads), row = b * a.Queries + t, y = (row * a.QueryHeads + h) * size,
                        q = row * a.QueryStride + h * size;
                    double dot = 0;
                    for (int d = 0; d < size; d++)
                        dot += (double)a.GradY[y + d] * a.Y[y + d];
                    for (int s = 0; s < p.Length; s++)
                    {
                        p[s] /= sum;
                        int key = (b * a.Keys + s) * a.KeyStride + head * size, gradKey = (b * a.Keys + s) * keyWidth + head * size;
                        double gradP = 0, factor = ReferenceFactor(a.Forward, b, h, t, s);
                        for (int d = 0; d < size; d++)
                            gradP += factor * a.GradY[y + d] * a.V[key + d];
                        double gradScore = a.Scale * p[s] * (gradP - dot);
                        for (int d = 0; d < size; d++)
                        {
                            gradQ[y + d] += gradScore * a.K[key + d];
                            gradK[gradKey + d] += gradScore * a.Q[q + d];
                            gradV[gradKey + d] += p[s] * factor * a.GradY[y + d];
                        }
                    }
                }
        return (gradQ, gradK, gradV);
    }
}
