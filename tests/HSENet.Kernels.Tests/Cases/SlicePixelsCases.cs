// Cases of SliceBytes and SlicePixels: both types, every turn, one range and one for each slice, a constant slice, crops off the middle.
namespace HSENet.Kernels.Tests;

static class SlicePixelsCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Bytes(FloatType.F64, 3, 7, 21, QuarterTurn.Clockwise, ranges: 3), Bytes(FloatType.F64, 2, 16, 9, QuarterTurn.None, ranges: 2),
        Bytes(FloatType.F32, 3, 20, 35, QuarterTurn.CounterClockwise, ranges: 1),
            Bytes(FloatType.F32, 2, 130, 5, QuarterTurn.Clockwise, ranges: 2),
        Bytes(FloatType.F32, 2, 11, 6, QuarterTurn.None, ranges: 2),
        Bytes(FloatType.F64, 3, 5, 140, QuarterTurn.CounterClockwise, ranges: 1),
            Bytes(FloatType.F64, 1, 1, 1, QuarterTurn.Clockwise, ranges: 1),
        Pixels(2, 12, 19, 8, 2, 5), Pixels(1, 130, 130, 130, 0, 0), Pixels(3, 7, 5, 3, 4, 0),
    ];

    static KernelCase<SliceBytesArguments> Bytes(FloatType type, int slices, int height, int width, QuarterTurn turn, int ranges)
    {
        int area = height * width;
        // Whole Hounsfield units, whose bytes lie on boundaries often; the last slice is constant.
        double[] values = [.. Numbers.Uniform(slices * area, 1, 510).Select((v, i) =>
            slices > 1 && i >= (slices - 1) * area ? 7.0 : Math.Round(v) + (type == FloatType.F64 ? 0.1 : 0))];
        double[] range = [.. Enumerable.Range(0, ranges).SelectMany(s =>
            ranges == 1 ? [values.Min(), values.Max()]
            : new[] { values.Skip(s * area).Take(area).Min(), values.Skip(s * area).Take(area).Max() })];
        return new(SliceBytes.ForwardOperation,
            memory => new SliceBytesArguments
            {
                X = Input(memory, type, values),
                Range = Input(memory, type, range),
                Y = memory.Output<byte>(slices * area),
                Type = type,
                Slices = slices,
                Height = height,
                Width = width,
                Turn = turn,
            },
            a => [Expected.Of(SliceBytes.Reference(a), _ => 0)])
        {
            Name = $"{type}, {slices} of {height} × {width}, {turn}, {ranges} ranges",
            Twins = area == 1 ? [] : new()
            {
                ["turned the other way"] = static a =>
                    a with { Turn = a.Turn == QuarterTurn.Clockwise ? QuarterTurn.CounterClockwise : QuarterTurn.Clockwise },
                ["slices shifted by one value"] = static a => a with { X = new View<byte>(a.X.Address + a.Type.Size(), a.X.Length) },
            },
        };
    }

    static View<byte> Input(CaseMemory memory, FloatType type, double[] values) =>
        type == FloatType.F64 ? memory.Input(values).As<byte>() : memory.Input(Array.ConvertAll(values, v => (float)v)).As<byte>();

    static KernelCase<SlicePixelsArguments> Pixels(int slices, int height, int width, int size, int top, int left) =>
        new(SlicePixels.ForwardOperation,
        memory => new SlicePixelsArguments
        {
            X = memory.Input(Array.ConvertAll(Numbers.Uniform(slices * height * width, 1, 127, 128), v => (byte)v)),
            Y = memory.Output(slices * 3 * size * size),
            Slices = slices,
            Height = height,
            Width = width,
            Size = size,
            Top = top,
            Left = left,
            MeanRed = 0.5f,
            MeanGreen = 0.4f,
            MeanBlue = 0.3f,
            DeviationRed = 0.25f,
            DeviationGreen = 0.26f,
            DeviationBlue = 0.27f,
        },
        a =>
        {
            // The value and the mean's difference are rounded once each, the quotient once more.
            double[] y = SlicePixels.Reference(a);
            return [Expected.Of(y, i => Numbers.U * (3 + 2 * 0.5) / 0.25 + Numbers.U * Math.Abs(y[i]))];
        })
        {
            Name = $"{slices} of {height} × {width}, {size} at {top}, {left}",
            Twins = new()
            {
                ["colours exchanged"] = static a => a with { MeanRed = a.MeanBlue, MeanBlue = a.MeanRed },
                ["images shifted by one pixel"] = static a => a with { X = new View<byte>(a.X.Address - 1, a.X.Length) },
            },
        };
}
