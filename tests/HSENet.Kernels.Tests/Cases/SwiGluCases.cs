// Cases of SwiGlu: channels beside the vector width and beyond a host item, gates where e^x is cut.
namespace HSENet.Kernels.Tests;

static class SwiGluCases
{
    public static IEnumerable<KernelCase> All => [Case(1, 1, 1), Case(3, 40, 4), Case(9, 133, 30), Case(1, 8200, 8), Case(2, 64, 300)];

    static KernelCase<SwiGluArguments> Case(int rows, int channels, float spread) => new(SwiGlu.ForwardOperation,
        memory => new SwiGluArguments
        {
            GateUp = memory.Input(Numbers.Uniform(rows * 2 * channels, 1, spread)),
            Y = memory.Output(rows * channels),
            Rows = rows,
            Channels = channels,
        },
        Expect)
    {
        Name = $"{rows} rows, {channels} channels, spread {spread}",
        Twins = new()
        {
            ["shifted by one channel"] = static a => a with { GateUp = new View<float>(a.GateUp.Address - 4, a.GateUp.Length) },
        },
    };

    // e^x 3.4 U, and with it the sum, the division and the product; beyond 88 the exponential is cut.
    static Expected[] Expect(SwiGluArguments a)
    {
        double[] y = SwiGlu.Reference(a);
        return [Expected.Of(y, i =>
        {
            int gate = i / a.Channels * 2 * a.Channels + i % a.Channels;
            return 8 * Numbers.U * Math.Abs(y[i]) + Math.Abs((double)a.GateUp[gate] * a.GateUp[gate + a.Channels]) * Math.Exp(-88);
        })];
    }
}
