// Cases of L2Normalize: one row, rows beyond a block, channels beside the vector widths, a row of zeros.
namespace HSENet.Kernels.Tests;

static class L2NormalizeCases
{
    public static IEnumerable<KernelCase> All => [Case(1, 1), Case(1, 64), Case(3, 7), Case(130, 72), Case(5, 768)];

    static KernelCase<L2NormalizeArguments> Case(int rows, int channels)
    {
        var x = Numbers.Uniform(rows * channels, 1, centre: 0.5f);
        if (rows > 1)
            x.AsSpan(channels, channels).Clear();
        return new(L2Normalize.ForwardOperation,
            memory => new L2NormalizeArguments
            {
                X = memory.Input(x),
                Y = memory.Output(rows * channels),
                Rows = rows,
                Channels = channels
            },
            Expect)
        {
            Name = $"{rows} rows, {channels} channels",
            Twins = channels == 1 ? [] : new()
            {
                ["last channel left out"] = static a => a with { X = new View<float>(a.X.Address + 4, a.X.Length) },
            },
        };
    }

    // A sum of C squares errs by (C + 1)·U of itself; the root halves that, and root, division and product follow.
    static Expected[] Expect(L2NormalizeArguments a)
    {
        double[] y = L2Normalize.Reference(a);
        return [Expected.Of(y, i => Numbers.U * ((a.Channels + 1) / 2.0 + 4) * Math.Abs(y[i]))];
    }
}
