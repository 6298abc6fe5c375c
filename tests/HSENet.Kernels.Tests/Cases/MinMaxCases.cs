// Cases of MinMax and MinMaxNormalize: rows beside the vector width, one value, more than an item, a constant volume.
namespace HSENet.Kernels.Tests;

static class MinMaxCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Range(FloatType.F32, 1, 1), Range(FloatType.F32, 70, 40), Range(FloatType.F32, 3, 9001), Range(FloatType.F64, 1, 7),
        Range(FloatType.F64, 65, 24), Range(FloatType.F64, 2, 8195),
        Normalize(1, 1), Normalize(300, 5), Normalize(16384 + 19, 3), Normalize(20, 0),
    ];

    static KernelCase<MinMaxArguments> Range(FloatType type, int rows, int columns) => new(MinMax.ForwardOperation,
        memory =>
        {
            float[] values = Numbers.Uniform(rows * columns, 1, 1000, 200);
            return new MinMaxArguments
            {
                X = type == FloatType.F64 ? memory.Input(Array.ConvertAll(values, v => v / 3.0)).As<byte>()
                    : memory.Input(values).As<byte>(),
                Range = type == FloatType.F64 ? memory.Output<double>(2 * rows).As<byte>() : memory.Output(2 * rows).As<byte>(),
                Type = type,
                Rows = rows,
                Columns = columns,
            };
        },
        a => [Expected.Of(MinMax.Reference(a), _ => 0)])
    {
        Name = $"{type}, {rows} rows, {columns} columns",
        Twins = rows * columns == 1 ? [] : new()
        {
            ["the other half alone"] = a => a with { Columns = Math.Max(1, a.Columns / 2) },
            ["values shifted by a row"] = a => a with { X = new View<byte>(a.X.Address - a.Columns * a.Type.Size() / 2, a.X.Length) },
        },
    };

    static KernelCase<MinMaxNormalizeArguments> Normalize(int count, float spread)
    {
        float[] values = Numbers.Uniform(count, 1, spread, -0.5f);
        return new(MinMaxNormalize.ForwardOperation,
            memory => new MinMaxNormalizeArguments
            {
                Range = memory.Input(values.Min(), values.Max()),
                X = memory.InOut(values),
                Count = count,
            },
            a =>
            {
                // A difference, a spread and a quotient are rounded once each.
                double[] x = MinMaxNormalize.Reference(a);
                return [Expected.Of(x, i => 3 * Numbers.U * Math.Abs(x[i]))];
            })
        {
            Name = $"{count} values, spread {spread}",
            Twins = spread * (count - 1) == 0 ? [] : new()
            {
                ["smallest value left in"] = static a => a with { Range = new View<float>(a.Range.Address + 4, 2) },
                ["values shifted by one"] = static a => a with { X = new View<float>(a.X.Address + 4, a.X.Length) },
            },
        };
    }
}
