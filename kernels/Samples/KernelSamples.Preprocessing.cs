// Samples of preprocessing's operations.
namespace HSENet.Kernels;

static partial class KernelSamples
{
    static IEnumerable<KernelSample> Preprocessing() =>
    [
        new KernelSample<VoxelRescaleArguments>(VoxelRescale.ForwardOperation, static (m, a) => a with
        {
            Voxels = m.RandomBytes(a.Slices, a.Rows, a.Columns, 2),
            Values = m.Output<double>(a.Slices, a.Columns, a.Rows),
        }, new VoxelRescaleArguments
        {
            Type = VoxelType.I16,
            Slices = 4,
            Rows = 64,
            Columns = 64,
            FileSlope = 1,
            Slope = 1,
            Intercept = -1024,
            Lowest = -1000,
            Highest = 1000,
            Divisor = 1000,
        }),
        new KernelSample<Resize3DArguments>(Resize3D.ForwardOperation, static (m, a) => a with
        {
            X = m.Values(a.XType, a.Depth, a.Height, a.Width),
            Y = m.Output(a.YType, a.NewDepth, a.NewHeight, a.NewWidth),
            NewSlices = a.NewDepth,
            SliceStride = a.Height * a.Width,
            RowStride = a.Width,
        }, Resize(FloatType.F64, FloatType.F64), Resize(FloatType.F64, FloatType.F32), Resize(FloatType.F32, FloatType.F32)),
        new KernelSample<MinMaxArguments>(MinMax.ForwardOperation, static (m, a) => a with
        {
            X = m.Values(a.Type, a.Rows, a.Columns),
            Range = m.Output(a.Type, a.Rows, 2),
        }, new MinMaxArguments { Rows = 4, Columns = 4096 }, new MinMaxArguments { Rows = 4, Columns = 4096, Type = FloatType.F64 }),
        new KernelSample<MinMaxNormalizeArguments>(MinMaxNormalize.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Count),
            Range = m.Elements(-1f, 1f),
        }, new MinMaxNormalizeArguments { Count = 65536 }),
        new KernelSample<CropBoxArguments>(CropBox.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Depth, a.Height, a.Width),
            Occupied = m.Output<int>(a.Depth + a.Height + a.Width),
        }, new CropBoxArguments { Depth = 8, Height = 64, Width = 64 }),
        new KernelSample<SliceBytesArguments>(SliceBytes.ForwardOperation, static (m, a) => a with
        {
            X = m.Values(a.Type, a.Slices, a.Height, a.Width),
            Range = a.Type == FloatType.F64 ? m.Elements(-1.0, 1.0).As<byte>() : m.Elements(-1f, 1f).As<byte>(),
            Y = m.Output<byte>(a.Slices, a.Height, a.Width),
        }, Slices(FloatType.F32), Slices(FloatType.F64)),
        new KernelSample<ResizeBytesArguments>(ResizeBytes.ForwardOperation, static (m, a) =>
        {
            var (taps, coefficients, support) = a.Length < 1 || a.NewLength < 1 ? ([], [], 1) : ResizeBytes.Tables(a.Length, a.NewLength);
            return a with
            {
                X = m.RandomBytes(a.Outer, a.Length, a.Inner),
                Taps = m.Elements<int>(taps),
                Coefficients = m.Elements<int>(coefficients),
                Y = m.Output<byte>(a.Outer, a.NewLength, a.Inner),
                Support = support,
            };
        }, new ResizeBytesArguments { Outer = 4, Length = 128, NewLength = 64, Inner = 128 }),
        new KernelSample<SlicePixelsArguments>(SlicePixels.ForwardOperation, static (m, a) => a with
        {
            X = m.RandomBytes(a.Slices, a.Height, a.Width),
            Y = m.Output<float>(a.Slices, 3, a.Size, a.Size),
        }, new SlicePixelsArguments
        {
            Slices = 4,
            Height = 96,
            Width = 96,
            Size = 64,
            Top = 16,
            Left = 16,
            MeanRed = 0.5f,
            MeanGreen = 0.5f,
            MeanBlue = 0.5f,
            DeviationRed = 0.5f,
            DeviationGreen = 0.5f,
            DeviationBlue = 0.5f,
        }),
    ];

    static Resize3DArguments Resize(FloatType x, FloatType y) =>
        new() { XType = x, YType = y, Depth = 16, Height = 48, Width = 48, NewDepth = 8, NewHeight = 64, NewWidth = 64 };

    static SliceBytesArguments Slices(FloatType type) =>
        new() { Type = type, Slices = 4, Height = 64, Width = 64, Turn = QuarterTurn.CounterClockwise };
}
