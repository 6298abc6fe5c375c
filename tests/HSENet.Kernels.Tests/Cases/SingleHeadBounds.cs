// The error that arithmetic allows for softmax(q·kᵀ/√D) and its product with v: shared by slice-guided and window attention.
namespace HSENet.Kernels.Tests;

static class SingleHeadBounds
{
    /// <summary>
    /// A score errs by at most e = (D + 3)·U·Σ|q·k|/√D. Its exponential takes on that, the largest score's error, the rounding of their
    /// difference (up to r·U) and 4·U of exp; so does the sum, which adds S roundings; a weighted sum adds S more.
    /// Exponentials below the smallest normal number become zero. Dropout multiplies by at most 1/(1 − rate), with three roundings; y
    /// is rounded to its type.
    /// </summary>
    public static Expected[] Expect(double[] y, double[] map, int keys, int channels, Func<int, int, double> query,
        Func<int, int, int, double> key, Func<int, int, int, double> value, float dropoutRate,
        ActivationType type)
    {
        int queries = map.Length / keys;
        var relative = new double[queries];
        for (int q = 0; q < queries; q++)
        {
            double error = 0, lowest = double.PositiveInfinity, highest = double.NegativeInfinity;
            for (int s = 0; s < keys; s++)
            {
                double magnitude = 0, score = 0;
                for (int d = 0; d < channels; d++)
                {
                    double product = query(q, d) * key(q, s, d) / Math.Sqrt(channels);
                    magnitude += Math.Abs(product);
                    score += product;
                }
                error = Math.Max(error, Numbers.U * (channels + 3) * magnitude);
                lowest = Math.Min(lowest, score);
                highest = Math.Max(highest, score);
            }
            double exponential = 2 * error + (highest - lowest + 4) * Numbers.U;
            relative[q] = Math.Exp(2 * exponential + (keys + 3) * Numbers.U) - 1;
        }
        const double smallest = 1.2e-38;
        return
        [
            Expected.Of(y, i =>
            {
                double magnitude = 0;
                for (int s = 0; s < keys; s++)
                    magnitude += map[i / channels * keys + s] * Math.Abs(value(i / channels, s, i % channels));
                return Numbers.Stored(type, y[i],
                    ((relative[i / channels] + Numbers.U * (keys + 4)) * magnitude + keys * smallest) / (1 - dropoutRate));
            }),
            Expected.Of(map, i => relative[i / keys] * map[i] + smallest),
        ];
    }

    /// <summary>
    /// Of the gradients of scores: |map|·(factor·Σ|gradY·v| + Σ map·factor·Σ|gradY·v|)/√D, which bounds them and, times
    /// U·(D + S + 12), their errors: a sum of D products, one of S, dropout's factor, the scale and a few roundings.
    /// </summary>
    public static double[] ScoreMagnitudes(View<float> map, int keys, int channels, Func<int, int, double> gradY,
        Func<int, int, int, double> value, Func<int, double> factor)
    {
        var magnitudes = new double[map.Length];
        for (int q = 0; q < magnitudes.Length / keys; q++)
        {
            double mean = 0;
            for (int i = q * keys; i < (q + 1) * keys; i++)
            {
                for (int d = 0; d < channels; d++)
                    magnitudes[i] += factor(i) * Math.Abs(gradY(q, d) * value(q, i - q * keys, d));
                mean += map[i] * magnitudes[i];
            }
            for (int i = q * keys; i < (q + 1) * keys; i++)
                magnitudes[i] = map[i] * (magnitudes[i] + mean) / Math.Sqrt(channels);
        }
        return magnitudes;
    }
}
