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

        var crop = CroppedScan.Of(device, volume, arena.Integers(occupied), study) ?? throw PreprocessingChecks.Constant(scan);
        crop.Resize(device, study.Volume, (target.Depth, target.Height, target.Width));
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
