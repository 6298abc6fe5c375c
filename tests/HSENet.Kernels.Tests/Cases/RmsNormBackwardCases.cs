// Cases of RmsNorm.Backward: one row, rows and channels beyond a block, channels beside the vector widths, with and without residual and
// the gradient of the scale.
namespace HSENet.Kernels.Tests;

static class RmsNormBackwardCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, residual: false, gamma: true), Case(3, 7, 1, residual: true, gamma: false),
            Case(131, 133, 1, residual: true, gamma: true), Case(5, 3072, 100, residual: false, gamma: false),
            Case(2, 256, 1e-3f, residual: true, gamma: false), Case(20, 64, 3, residual: false, gamma: true),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(RmsNorm.BackwardOperation, [3 * 8, 8], 3 * 8,
            (memory, x) => RmsNorm.Reference(
                new() { X = memory.Input(x[0]), Gamma = memory.Input(x[1]), Rows = 3, Channels = 8, Epsilon = 1 }),
            (memory, x, gradY) =>
            {
                var (gradX, gradGamma) = RmsNorm.BackwardReference(new()
                {
                    X = memory.Input(x[0]),
                    Gamma = memory.Input(x[1]),
                    GradY = memory.Input(gradY),
                    GradGamma = memory.Zeros(8),
                    Rows = 3,
                    Channels = 8,
                    Epsilon = 1,
                });
                return [gradX, gradGamma];
            }),
    ];

    static View<float> Gamma(CaseMemory memory, int channels) => memory.Input(Numbers.Uniform(channels, 2, centre: 1));

    static KernelCase<RmsNormBackwardArguments> Case(int rows, int channels, float spread, bool residual, bool gamma) =>
        new(RmsNorm.BackwardOperation,
        memory => new RmsNormBackwardArguments
        {
            X = memory.Input(Numbers.Uniform(rows * channels, 1, spread)),
            Gamma = Gamma(memory, channels),
            GradY = memory.Input(Numbers.Uniform(rows * channels, 3)),
            Residual = residual ? memory.Input(Numbers.Uniform(rows * channels, 4)) : default,
            GradX = memory.Output(rows * channels),
            GradGamma = gamma ? memory.InOut(Numbers.Uniform(channels, 5)) : default,
            Scratch = gamma ? memory.Scratch<float>((int)RmsNorm.BackwardScratch(rows, channels)) : default,
            Rows = rows,
            Channels = channels,
            Epsilon = 1e-5f,
        },
        Expect)
        {
            Name = $"{rows} rows, {channels} channels, spread {spread}{(residual ? " residual" : "")}{(gamma ? " gamma" : "")}",
            Twins = channels < 7 ? [] : new()
            {
                ["scale shifted by one channel"] = static a => a with { Gamma = new View<float>(a.Gamma.Address - 4, a.Gamma.Length) },
                ["input shifted by one channel"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["residual left out, or added"] = static a => a with { Residual = a.Residual.IsEmpty ? a.GradY : default },
            },
        };

    // r errs by ((C + 2)/2 + 3)·U of itself, the sum of C products by (C + 3)·U of its magnitudes; r enters the first term once, the
    // second three times, and ten roundings cover the other products. A channel's sum of N products adds (N + 4)·U of its magnitudes.
    static Expected[] Expect(RmsNormBackwardArguments a)
    {
        var (gradX, gradGamma) = RmsNorm.BackwardReference(a);
        double[] first = new double[gradX.Length], scale = new double[a.Channels];
        for (int row = 0; row < a.Rows; row++)
        {
            double meanSquare = 0, magnitude = 0;
            for (int c = 0; c < a.Channels; c++)
            {
                double x = a.X[row * a.Channels + c];
                meanSquare += x * x / a.Channels;
                magnitude += Math.Abs(a.Gamma[c] * x * a.GradY[row * a.Channels + c]) / a.Channels;
            }
            double r = 1 / Math.Sqrt(meanSquare + a.Epsilon), error = (a.Channels + 2) / 2.0 + 3;
            for (int c = 0; c < a.Channels; c++)
            {
                int i = row * a.Channels + c;
                first[i] = (error + 10) * r * Math.Abs(a.Gamma[c] * a.GradY[i])
                    + (3 * error + a.Channels + 3 + 10) * r * r * r * Math.Abs(a.X[i]) * magnitude;
                scale[c] += (error + a.Rows + 4) * r * Math.Abs(a.X[i] * a.GradY[i]);
            }
        }
        var expected = Expected.Of(gradX, i => Numbers.U * (first[i] + Math.Abs(gradX[i])));
        return gradGamma.Length == 0 ? [expected]
            : [expected, Expected.Of(gradGamma, c => Numbers.U * (scale[c] + Math.Abs(gradGamma[c]) + Math.Abs(a.GradGamma[c])))];
    }
}
