// From the resampled scan to the model's volume: moved to [0, 1], cropped to what is above 0, resized.
using HSENet.Kernels;

namespace HSENet.Runtime;

static class PreprocessingVolume
{
    public static void Compute(Device device, VoxelVolume scan, ScanResampling resampling, PreprocessingTarget target, PreparedStudy study)
    {
        VoxelSize size = study.Resampled;
        var plan = new MemoryPlan();
        var values = plan.Reserve("resampled volume", size.Count);
        var ranges = PreprocessingRange.Reserve(plan, size.Z, size.X, sizeof(float));
        var occupied = plan.Reserve("occupied slices, rows, columns", size.Z + size.X + size.Y);
        using var arena = new Arena(device, plan);

        View<float> volume = arena.Floats(values);
        resampling.All(HounsfieldWindow.Volume, volume.As<byte>(), FloatType.F32);
        View<float> range = PreprocessingRange.OfAll(device, arena, ranges, volume.As<byte>(), FloatType.F32, size).As<float>();
        MinMaxNormalize.Forward(device, new MinMaxNormalizeArguments { X = volume, Range = range, Count = (int)size.Count });

        var crop = new CropBoxArguments
        {
            X = volume,
            Occupied = arena.Integers(occupied),
            Depth = size.Z,
            Height = size.X,
            Width = size.Y
        };
        CropBox.Forward(device, crop);
        var (start, end) = CropBox.ReadBox(device, crop) ?? throw PreprocessingChecks.Constant(scan);
        study.CropStart = new VoxelSize(start.D, start.H, start.W);
        study.CropEnd = new VoxelSize(end.D, end.H, end.W);

        long first = ((long)start.D * size.X + start.H) * size.Y + start.W;
        (int D, int H, int W) box = (end.D - start.D, end.H - start.H, end.W - start.W);
        Resize3D.Forward(device, Resize3DArguments.Whole(volume.Slice(first, size.Count - first).As<byte>(), FloatType.F32, box,
            study.Volume.As<byte>(), FloatType.F32, (target.Depth, target.Height, target.Width)) with
        {
            SliceStride = size.X * size.Y,
            RowStride = size.Y,
        });
        device.Synchronize(); // the arena goes
    }
}

/// <summary>The range of a whole volume, found in three steps.</summary>
static class PreprocessingRange
{
    public readonly record struct Buffers(PlannedBuffer Rows, PlannedBuffer Slices, PlannedBuffer All);

    public static Buffers Reserve(MemoryPlan plan, int depth, int height, int elementBytes) =>
        new(plan.Reserve("ranges of rows", 2L * depth * height, elementBytes), plan.Reserve("ranges of slices", 2L * depth, elementBytes),
            plan.Reserve("range", 2, elementBytes));

    /// <summary>[2] smallest and largest value.</summary>
    public static View<byte> OfAll(Device device, Arena arena, Buffers buffers, View<byte> x, FloatType type, VoxelSize size)
    {
        View<byte> slices = OfSlices(device, arena, buffers, x, type, size), all = arena.Bytes(buffers.All);
        MinMax.Forward(device, new MinMaxArguments { X = slices, Range = all, Type = type, Rows = 1, Columns = 2 * size.Z });
        return all;
    }

    /// <summary>[Z, 2] smallest and largest value of each slice.</summary>
    public static View<byte> OfSlices(Device device, Arena arena, Buffers buffers, View<byte> x, FloatType type, VoxelSize size)
    {
        View<byte> rows = arena.Bytes(buffers.Rows), slices = arena.Bytes(buffers.Slices);
        MinMax.Forward(device, new MinMaxArguments { X = x, Range = rows, Type = type, Rows = size.Z * size.X, Columns = size.Y });
        MinMax.Forward(device, new MinMaxArguments { X = rows, Range = slices, Type = type, Rows = size.Z, Columns = 2 * size.X });
        return slices;
    }
}
