// Cases of L2Normalize.Backward: one row, rows beyond a block, channels beside the vector widths, a row of zeros.
namespace HSENet.Kernels.Tests;

static class L2NormalizeBackwardCases
{
    public static IEnumerable<KernelCase> All => [Case(1, 1), Case(1, 64), Case(3, 7), Case(130, 72), Case(5, 768)];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(L2Normalize.BackwardOperation, [3 * 8], 3 * 8,
            (memory, x) => L2Normalize.Reference(new() { X = memory.Input(Away(x[0])), Rows = 3, Channels = 8 }),
            (memory, x, gradY) => [L2Normalize.BackwardReference(
                new() { X = memory.Input(Away(x[0])), GradY = memory.Input(gradY), Rows = 3, Channels = 8 })]),
    ];

    // Far from 0 the higher derivatives are small.
    static float[] Away(float[] x) => Array.ConvertAll(x, value => value + 2);

    static KernelCase<L2NormalizeBackwardArguments> Case(int rows, int channels)
    {
        var x = Numbers.Uniform(rows * channels, 1, centre: 0.5f);
        if (rows > 1)
            x.AsSpan(channels, channels).Clear();
        return new(L2Normalize.BackwardOperation,
            memory => new L2NormalizeBackwardArguments
            {
                X = memory.Input(x),
                GradY = memory.Input(Numbers.Uniform(rows * channels, 2)),
                GradX = memory.Output(rows * channels),
                Rows = rows,
                Channels = channels,
            },
            Expect)
        {
            Name = $"{rows} rows, {channels} channels",
            Twins = channels == 1 ? [] : new()
            {
                ["input shifted by one channel"] = static a => a with { X = new View<float>(a.X.Address + 4, a.X.Length) },
                ["gradient shifted by one channel"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
            },
        };
    }

    // |x| errs by ((C + 1)/2 + 1)·U of itself and enters the first term once, the second three times; a sum of C products errs by (C + 1)·U
    // of its magnitudes; six roundings cover the other products.
    static Expected[] Expect(L2NormalizeBackwardArguments a)
    {
        double[] gradX = L2Normalize.BackwardReference(a);
        double error = (a.Channels + 1) / 2.0 + 2;
        return [Expected.Of(gradX, i =>
        {
            int start = i / a.Channels * a.Channels;
            double squares = 0, magnitude = 0;
            for (int c = 0; c < a.Channels; c++)
            {
                squares += (double)a.X[start + c] * a.X[start + c];
                magnitude += Math.Abs((double)a.X[start + c] * a.GradY[start + c]);
            }
            double length = Math.Max(Math.Sqrt(squares), 1e-12f);
            return Numbers.U * ((error + 6) * Math.Abs(a.GradY[i]) / length
                + (3 * error + a.Channels + 7) * Math.Abs(a.X[i]) * magnitude / Math.Pow(length, 3));
        })];
    }
}
