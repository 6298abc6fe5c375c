// SliceGuidedAttention in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    /// <summary>y as [P, D] and map as [P, S] doubles. The arguments must lie in host memory; outputs are not touched.</summary>
    internal static (double[] Y, double[] Map) Reference(in SliceGuidedAttentionArguments a)
    {
        var y = new double[a.Patches * a.Channels];
        var map = new double[a.Patches * a.Slices];
        for (int p = 0; p < a.Patches; p++)
        {
            double largest = double.NegativeInfinity, sum = 0;
            for (int s = 0; s < a.Slices; s++)
            {
                double score = 0;
                for (int d = 0; d < a.Channels; d++)
                    score += (double)a.Q[p * a.Channels + d] * ReferenceMath.Activation(a.K, s * a.Channels + d);
                map[p * a.Slices + s] = score / Math.Sqrt(a.Channels);
                largest = Math.Max(largest, map[p * a.Slices + s]);
            }
            for (int s = 0; s < a.Slices; s++)
                sum += map[p * a.Slices + s] = Math.Exp(map[p * a.Slices + s] - largest);
            for (int s = 0; s < a.Slices; s++)
            {
                map[p * a.Slices + s] /= sum;
                double factor = Dropout.ReferenceFactor(a.DropoutSeed, p * a.Slices + s, a.DropoutRate);
                for (int d = 0; d < a.Channels; d++)
                    y[p * a.Channels + d] += factor * map[p * a.Slices + s] * ReferenceMath.Activation(a.V, s * a.Channels + d);
            }
        }
        return (y, map);
    }
}
