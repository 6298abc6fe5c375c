// Cases of SwiGlu.Backward: channels beside the vector width and beyond a host item, gates where e^x is cut.
namespace HSENet.Kernels.Tests;

static class SwiGluBackwardCases
{
    public static IEnumerable<KernelCase> All => [Case(1, 1, 1), Case(3, 40, 4), Case(9, 133, 30), Case(1, 8200, 8), Case(2, 64, 300)];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(SwiGlu.BackwardOperation, [2 * 2 * 9], 2 * 9,
            (memory, x) => SwiGlu.Reference(new() { GateUp = memory.Input(x[0]), Rows = 2, Channels = 9 }),
            (memory, x, gradY) => [SwiGlu.BackwardReference(
                new() { GateUp = memory.Input(x[0]), GradY = memory.Input(gradY), Rows = 2, Channels = 9 })]),
    ];

    static KernelCase<SwiGluBackwardArguments> Case(int rows, int channels, float spread) => new(SwiGlu.BackwardOperation,
        memory => new SwiGluBackwardArguments
        {
            GateUp = memory.Input(Numbers.Uniform(rows * 2 * channels, 1, spread)),
            GradY = memory.Input(Numbers.Uniform(rows * channels, 2)),
            GradGateUp = memory.Output(rows * 2 * channels),
            Rows = rows,
            Channels = channels,
        },
        Expect)
    {
        Name = $"{rows} rows, {channels} channels, spread {spread}",
        Twins = new()
        {
            ["shifted by one channel"] = static a => a with { GateUp = new View<float>(a.GateUp.Address - 4, a.GateUp.Length) },
            ["gradient shifted by one channel"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
        },
    };

    // e^x 3.4 U, its sum, the division and two products: 12 U for σ(gate) and, twice in it, for 1 + gate·σ(−gate), whose terms may cancel.
    // Beyond 88 the exponential is cut: e^−88 of the factors.
    static Expected[] Expect(SwiGluBackwardArguments a)
    {
        double[] gradients = SwiGlu.BackwardReference(a);
        return [Expected.Of(gradients, i =>
        {
            int row = i / (2 * a.Channels), column = i % (2 * a.Channels), n = column % a.Channels;
            double gate = a.GateUp[row * 2 * a.Channels + n], factor = Math.Abs(a.GradY[row * a.Channels + n]),
                cut = (1 + Math.Abs(gate)) * Math.Exp(-87);
            if (column >= a.Channels)
                return 12 * Numbers.U * Math.Abs(gradients[i]) + factor * cut;
            factor *= Math.Abs(a.GateUp[row * 2 * a.Channels + a.Channels + n]);
            return factor * (24 * Numbers.U * ReferenceMath.Sigmoid(gate) * (1 + Math.Abs(gate) * ReferenceMath.Sigmoid(-gate)) + cut);
        })];
    }
}
