// Cases of LayerNorm.Backward: one row, rows and channels beyond a block, beside the vector widths; each gradient alone; a large mean.
namespace HSENet.Kernels.Tests;

static class LayerNormBackwardCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, residual: false, gamma: true, beta: true), Case(3, 7, residual: true, gamma: true, beta: false),
            Case(131, 133, residual: true, gamma: true, beta: true),
        Case(5, 300, residual: false, gamma: false, beta: true, mean: 50), Case(20, 64, residual: true, gamma: false, beta: false),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(LayerNorm.BackwardOperation, [3 * 8, 8, 8], 3 * 8,
            (memory, x) => LayerNorm.Reference(
                new() { X = memory.Input(x[0]), Gamma = memory.Input(x[1]), Beta = memory.Input(x[2]), Rows = 3, Channels = 8,
                Epsilon = 1 }),
            (memory, x, gradY) =>
            {
                var (gradX, gradGamma, gradBeta) = LayerNorm.BackwardReference(new()
                {
                    X = memory.Input(x[0]),
                    Gamma = memory.Input(x[1]),
                    GradY = memory.Input(gradY),
                    GradGamma = memory.Zeros(8),
                    GradBeta = memory.Zeros(8),
                    Rows = 3,
                    Channels = 8,
                    Epsilon = 1,
                });
                return [gradX, gradGamma, gradBeta];
            }),
    ];

    static KernelCase<LayerNormBackwardArguments> Case(int rows, int channels, bool residual, bool gamma, bool beta, float mean = 0.5f) =>
        new(LayerNorm.BackwardOperation,
        memory => new LayerNormBackwardArguments
        {
            X = memory.Input(Numbers.Uniform(rows * channels, 1, centre: mean)),
            Gamma = memory.Input(Numbers.Uniform(channels, 2, centre: 1)),
            GradY = memory.Input(Numbers.Uniform(rows * channels, 3)),
            Residual = residual ? memory.Input(Numbers.Uniform(rows * channels, 4)) : default,
            GradX = memory.Output(rows * channels),
            GradGamma = gamma ? memory.InOut(Numbers.Uniform(channels, 5)) : default,
            GradBeta = beta ? memory.InOut(Numbers.Uniform(channels, 6)) : default,
            Scratch = gamma || beta ? memory.Scratch<float>((int)LayerNorm.BackwardScratch(rows, channels)) : default,
            Rows = rows,
            Channels = channels,
            Epsilon = 1e-5f,
        },
        Expect)
        {
            Name = $"{rows} rows, {channels} channels, mean "
            + $"{mean}{(residual ? " residual" : "")}{(gamma ? " gamma" : "")}{(beta ? " beta" : "")}",
            Twins = channels < 7 ? [] : new()
            {
                ["scale shifted by one channel"] = static a => a with { Gamma = new View<float>(a.Gamma.Address - 4, a.Gamma.Length) },
                ["input shifted by one channel"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["residual left out, or added"] = static a => a with { Residual = a.Residual.IsEmpty ? a.GradY : default },
                ["gradient shifted by one channel"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
            },
        };

    // x̂ errs by (C + 6)·U·(max|x|·r + |x̂|), as in the forward, and by the deviation's error, 2·max|x|·r·U of itself; the deviation's
    // relative error is e. The means of C values, or products with x̂, add (C + 3)·U of their magnitudes; eight roundings cover the rest.
    static Expected[] Expect(LayerNormBackwardArguments a)
    {
        var (gradX, gradGamma, gradBeta) = LayerNorm.BackwardReference(a);
        double[] allowedX = new double[gradX.Length], allowedGamma = new double[a.Channels], allowedBeta = new double[a.Channels];
        for (int row = 0; row < a.Rows; row++)
        {
            int start = row * a.Channels;
            double[] x = [.. Enumerable.Range(0, a.Channels).Select(c => (double)a.X[start + c])];
            double[] gradient = [.. Enumerable.Range(0, a.Channels).Select(c => (double)a.Gamma[c] * a.GradY[start + c])];
            double mean = x.Average(), largest = x.Max(Math.Abs),
                r = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + a.Epsilon);
            double e = a.Channels / 2.0 + 4 + 2 * largest * r;
            double[] normalised = [.. x.Select(value => (value - mean) * r)];
            double[] error = [.. normalised.Select(value =>
                (a.Channels + 6) * (largest * r + Math.Abs(value)) + 2 * largest * r * Math.Abs(value))];
            double meanMagnitude = gradient.Average(Math.Abs), product = gradient.Zip(normalised).Average(pair => pair.First * pair.Second);
            double productMagnitude = gradient.Zip(normalised).Average(pair => Math.Abs(pair.First * pair.Second));
            double productError = gradient.Zip(error).Average(pair => Math.Abs(pair.First) * pair.Second)
                + (a.Channels + 3) * productMagnitude;
            for (int c = 0; c < a.Channels; c++)
            {
                double value = Math.Abs(normalised[c]), sum = Math.Abs(gradient[c]) + meanMagnitude + value * productMagnitude;
                allowedX[start + c] = Numbers.U
                    * (r * ((a.Channels + 3) * meanMagnitude + value * productError + error[c] * Math.Abs(product) + 8 * sum)
                    + e * Math.Abs(gradX[start + c] - (a.Residual.IsEmpty ? 0 : a.Residual[start + c])) + Math.Abs(gradX[start + c]));
                allowedGamma[c] += Numbers.U * Math.Abs(a.GradY[start + c]) * (error[c] + (a.Rows + 4) * value);
                allowedBeta[c] += Numbers.U * Math.Abs(a.GradY[start + c]) * (a.Rows + 2);
            }
        }
        var expected = new List<Expected> { new(gradX, allowedX) };
        if (gradGamma.Length > 0)
            expected.Add(Expected.Of(gradGamma, c => allowedGamma[c] + Numbers.U * (Math.Abs(gradGamma[c]) + Math.Abs(a.GradGamma[c]))));
        if (gradBeta.Length > 0)
            expected.Add(Expected.Of(gradBeta, c => allowedBeta[c] + Numbers.U * (Math.Abs(gradBeta[c]) + Math.Abs(a.GradBeta[c]))));
        return [.. expected];
    }
}
