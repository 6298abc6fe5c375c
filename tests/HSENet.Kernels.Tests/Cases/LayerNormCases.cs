// Cases of LayerNorm: one row, rows beyond a block, channels beside the vector width, a mean that is large against the spread.
namespace HSENet.Kernels.Tests;

static class LayerNormCases
{
    public static IEnumerable<KernelCase> All => Numbers.ActivationTypes.SelectMany(type => new KernelCase[]
    {
        Case(1, 16, 0, type), Case(1, 1, 0, type), Case(3, 7, 0, type), Case(17, 40, 0, type), Case(129, 128, 0, type),
        Case(5, 768, 1000, type),
    });

    static KernelCase<LayerNormArguments> Case(int rows, int channels, float mean, ActivationType type) => new(LayerNorm.ForwardOperation,
        memory => new LayerNormArguments
        {
            X = memory.Input(Numbers.Uniform(rows * channels, 1, centre: mean)),
            Gamma = memory.Input(Numbers.Uniform(channels, 2, centre: 1)),
            Beta = memory.Input(Numbers.Uniform(channels, 3)),
            Y = memory.Output(rows * channels, type),
            Rows = rows,
            Channels = channels,
            Epsilon = 1e-5f,
        },
        Expect)
    {
        Name = $"{rows} rows, {channels} channels, mean {mean}, {type}",
        // At a large mean the bound is too wide for an epsilon to show, and in bf16: it has to be further off.
        Twins = channels < 16 ? [] : new()
        {
            [mean == 0 && type == ActivationType.F32 ? "epsilon a hundred times too large" : "epsilon missing by far"] = a =>
                a with { Epsilon = a.Epsilon * (mean == 0 && type == ActivationType.F32 ? 100 : 100_000) },
            ["scale shifted by one channel"] = static a => a with { Gamma = new View<float>(a.Gamma.Address - 4, a.Gamma.Length) },
        },
    };

    // The mean carries a relative error of (C + 2)·U of the largest |x|, which 1/σ magnifies; the scaled value a few roundings more.
    static Expected[] Expect(LayerNormArguments a)
    {
        double[] y = LayerNorm.Reference(a);
        return [Expected.Of(y, i =>
        {
            int row = i / a.Channels, channel = i % a.Channels;
            double largest = 0, mean = 0, variance = 0;
            for (int c = 0; c < a.Channels; c++)
            {
                double x = a.X[row * a.Channels + c];
                largest = Math.Max(largest, Math.Abs(x));
                mean += x / a.Channels;
            }
            for (int c = 0; c < a.Channels; c++)
                variance += Math.Pow(a.X[row * a.Channels + c] - mean, 2) / a.Channels;
            double inverse = 1 / Math.Sqrt(variance + a.Epsilon), scaled = Math.Abs(y[i] - a.Beta[channel]);
            return Numbers.Stored(a.Y.Type, y[i],
                Numbers.U * (a.Channels + 4) * (largest * inverse * Math.Abs(a.Gamma[channel]) + scaled)
                    + Numbers.U * (Math.Abs(y[i]) + Math.Abs(a.Beta[channel])));
        })];
    }
}
