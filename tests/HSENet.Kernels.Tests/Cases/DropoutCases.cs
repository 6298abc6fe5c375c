// Cases of Dropout: every rate's ends, seeds of both words, counts beside the vectors, the parts and the blocks.
namespace HSENet.Kernels.Tests;

static class DropoutCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 0, 0, residual: false), Case(300, 0.1f, 7, residual: true), Case(4099, 0.5f, long.MinValue + 5, residual: false),
            Case(5000, 0.05f, -1, residual: true), Case(333, 0, 0, residual: true, ActivationType.BF16),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(Dropout.ForwardOperation, [12], 12,
            (memory, x) => Dropout.Reference(Arguments(memory, x[0])),
            (memory, x, gradY) => [Dropout.Reference(Arguments(memory, gradY))]),
    ];

    static DropoutArguments Arguments(CaseMemory memory, float[] x) =>
        new() { X = memory.Input(x), Count = x.Length, Rate = 0.25f, Seed = 3 };

    static KernelCase<DropoutArguments> Case(int count, float rate, long seed, bool residual, ActivationType type = ActivationType.F32) =>
        new(Dropout.ForwardOperation,
        memory => new DropoutArguments
        {
            X = memory.Input(Numbers.Uniform(count, 1, spread: 0.5f, centre: 1)),
            Residual = residual ? memory.Input(Numbers.Uniform(count, 2)) : default,
            Y = memory.Output(count, type),
            Count = count,
            Rate = rate,
            Seed = seed,
        },
        Expect)
        {
            Name = $"{count} elements, rate {rate}, seed {seed}{(residual ? " residual" : "")}, {type}",
            Twins = rate == 0 ? [] : new()
            {
                ["input shifted by one"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["another lower word of the seed"] = static a => a with { Seed = a.Seed + 1 },
                ["another upper word of the seed"] = static a => a with { Seed = a.Seed ^ 1L << 32 },
                ["kept elements not scaled"] = static a => a with { Rate = a.Rate * 1.0001f },
            },
        };

    // 1 − rate, the division, the product and the sum.
    static Expected[] Expect(DropoutArguments a)
    {
        double[] y = Dropout.Reference(a);
        return [Expected.Of(y, i => Numbers.Stored(a.Y.Type, y[i],
            Numbers.U * (4 * Math.Abs(a.X[i]) / (1 - a.Rate) + Math.Abs(y[i]))))];
    }
}
