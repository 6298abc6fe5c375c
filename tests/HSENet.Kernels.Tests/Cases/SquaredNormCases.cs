// Cases of SquaredNorm: less than a vector, less than a chunk, whole chunks and a rest, more chunks than a host item or a block has.
namespace HSENet.Kernels.Tests;

static class SquaredNormCases
{
    public static IEnumerable<KernelCase> All => [Case(1), Case(300), Case(4096), Case(3 * 4096 + 5), Case(130 * 4096 + 1)];

    static KernelCase<SquaredNormArguments> Case(int count) => new(SquaredNorm.ForwardOperation,
        memory => new SquaredNormArguments
        {
            X = memory.Input(Numbers.Uniform(count, 1, centre: 0.5f)),
            Sums = memory.Output(SquaredNorm.SumsLength(count)),
            Count = count
        },
        a =>
        {
            double[] sums = SquaredNorm.Reference(a);
            return [Expected.Of(sums, j => Numbers.U * (Math.Min(4096, a.Count) + 1) * sums[j])];
        })
    {
        Name = $"{count} elements",
        Twins = count == 1 ? [] : new()
        {
            ["scaled by a thousandth too much"] = static a =>
            {
                foreach (ref float x in a.X.AsSpan())
                    x *= 1.001f;
                return a;
            },
            ["shifted by half a chunk"] = static a =>
                a with { X = a.X.Slice(a.Count / 2, a.Count - a.Count / 2), Count = a.Count - a.Count / 2 },
        },
    };
}
