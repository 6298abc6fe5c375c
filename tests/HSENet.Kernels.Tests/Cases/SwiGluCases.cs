// Cases of SwiGlu: channels beside the vector width and beyond a host item, gates where e^x is cut.
namespace HSENet.Kernels.Tests;

static class SwiGluCases
{
    public static IEnumerable<KernelCase> All => Numbers.ActivationTypes.SelectMany(type => new KernelCase[]
    {
        Case(1, 1, 1, type), Case(3, 40, 4, type), Case(9, 133, 30, type), Case(1, 8200, 8, type), Case(2, 64, 300, type), Case(2, 1604, 9, type),
    });

    static KernelCase<SwiGluArguments> Case(int rows, int channels, float spread, ActivationType type) => new(SwiGlu.ForwardOperation,
        memory => new SwiGluArguments
        {
            GateUp = memory.Activations(Numbers.Uniform(rows * 2 * channels, 1, spread), type),
            Y = memory.Output(rows * channels, type),
            Rows = rows,
            Channels = channels,
        },
        Expect)
    {
        Name = $"{rows} rows, {channels} channels, spread {spread}, {type}",
        Twins = new()
        {
            ["shifted by one channel"] = static a => a with { GateUp = Numbers.Shifted(a.GateUp) },
        },
    };

    // e^x 3.4 U, and with it the sum, the division and the product; beyond 88 the exponential is cut.
    static Expected[] Expect(SwiGluArguments a)
    {
        double[] y = SwiGlu.Reference(a);
        return [Expected.Of(y, i =>
        {
            int gate = i / a.Channels * 2 * a.Channels + i % a.Channels;
            double pair = ReferenceMath.Activation(a.GateUp, gate) * ReferenceMath.Activation(a.GateUp, gate + a.Channels);
            return Numbers.Stored(a.Y.Type, y[i], 8 * Numbers.U * Math.Abs(y[i]) + Math.Abs(pair) * Math.Exp(-88));
        })];
    }
}
