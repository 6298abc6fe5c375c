// WindowAttention in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class WindowAttention
{
    /// <summary>y as [W, D] and map as [W, patches of a window] doubles. The arguments must lie in host memory; outputs are not
    /// touched.</summary>
    internal static (double[] Y, double[] Map) Reference(in WindowAttentionArguments a)
    {
        int window = a.WindowDepth * a.WindowHeight * a.WindowWidth, patches = a.GridDepth * a.GridHeight * a.GridWidth;
        var y = new double[patches / window * a.Channels];
        var map = new double[patches];
        int w = 0;
        for (int d0 = 0; d0 < a.GridDepth; d0 += a.WindowDepth)
            for (int h0 = 0; h0 < a.GridHeight; h0 += a.WindowHeight)
                for (int w0 = 0; w0 < a.GridWidth; w0 += a.WindowWidth, w++)
                {
                    var members = new List<int>();
                    for (int d = d0; d < d0 + a.WindowDepth; d++)
                        for (int h = h0; h < h0 + a.WindowHeight; h++)
                            for (int x = w0; x < w0 + a.WindowWidth; x++)
                                members.Add((d * a.GridHeight + h) * a.GridWidth + x);
                    Attend(a, w, members, y, map);
                }
        return (y, map);
    }

    static void Attend(in WindowAttentionArguments a, int w, List<int> members, double[] y, double[] map)
    {
        var scores = new double[members.Count];
        for (int i = 0; i < scores.Length; i++)
        {
            for (int c = 0; c < a.Channels; c++)
                scores[i] += (double)a.Q[w * a.Channels + c] * ReferenceMath.Activation(a.K, members[i] * a.Channels + c);
            scores[i] /= Math.Sqrt(a.Channels);
        }
        double largest = scores.Max(), sum = scores.Sum(score => Math.Exp(score - largest));
        for (int i = 0; i < scores.Length; i++)
        {
            double weight = map[w * scores.Length + i] = Math.Exp(scores[i] - largest) / sum;
            double factor = Dropout.ReferenceFactor(a.DropoutSeed, w * scores.Length + i, a.DropoutRate);
            for (int c = 0; c < a.Channels; c++)
                y[w * a.Channels + c] += factor * weight * ReferenceMath.Activation(a.V, members[i] * a.Channels + c);
        }
    }
}
