// Cases of RmsNorm: one row, rows beyond a block, channels beside the vector widths, values so small that epsilon counts.
namespace HSENet.Kernels.Tests;

static class RmsNormCases
{
    public static IEnumerable<KernelCase> All => Numbers.ActivationTypes.SelectMany(type => new KernelCase[]
    {
        Case(1, 1, 1, type), Case(1, 64, 1, type), Case(3, 7, 1, type), Case(17, 72, 1, type), Case(129, 130, 1, type),
        Case(5, 3072, 100, type), Case(2, 256, 1e-3f, type), Case(3, 2052, 1, type),
    });

    static KernelCase<RmsNormArguments> Case(int rows, int channels, float spread, ActivationType type) => new(RmsNorm.ForwardOperation,
        memory => new RmsNormArguments
        {
            X = memory.Input(Numbers.Uniform(rows * channels, 1, spread)),
            Gamma = memory.Input(Numbers.Uniform(channels, 2, centre: 1)),
            Y = memory.Output(rows * channels, type),
            Rows = rows,
            Channels = channels,
            Epsilon = 1e-5f,
        },
        Expect)
    {
        Name = $"{rows} rows, {channels} channels, spread {spread}, {type}",
        Twins = channels < 7 ? [] : new()
        {
            // At a large spread no epsilon shows, nor in bf16.
            [spread > 1 || type == ActivationType.BF16 ? "last row's input shifted by one" : "epsilon a hundred times too large"] =
                a => spread > 1 || type == ActivationType.BF16
                ? a with { X = new View<float>(a.X.Address - 4, a.X.Length) }
                : a with { Epsilon = a.Epsilon * 100 },
            ["scale shifted by one channel"] = static a => a with { Gamma = new View<float>(a.Gamma.Address - 4, a.Gamma.Length) },
        },
    };

    // A sum of C squares errs by (C + 2)·U of itself, epsilon and division included; the root halves that, and five roundings follow.
    static Expected[] Expect(RmsNormArguments a)
    {
        double[] y = RmsNorm.Reference(a);
        return [Expected.Of(y, i => Numbers.Stored(a.Y.Type, y[i], Numbers.U * ((a.Channels + 2) / 2.0 + 5) * Math.Abs(y[i])))];
    }
}
