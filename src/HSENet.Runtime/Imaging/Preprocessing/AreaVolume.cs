// From a scan to the volume of a model with a preset of its own: cropped, sampled in depth, means in the slice, greys by a curve.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Means over areas are products: a slice is multiplied by the shares that old rows and columns have in new ones. Hounsfield units are
/// counted from the curve's first point on, below which everything is the same.
/// </summary>
static class AreaVolume
{
    public static void Compute(Device device, VoxelVolume scan, ScanResampling resampling, PreprocessingTarget target, GreyCurve curve,
        PreparedStudy study)
    {
        VoxelSize size = study.Resampled;
        var plan = new MemoryPlan();
        var values = plan.Reserve("scan", size.Count);
        var occupied = plan.Reserve("occupied slices, rows, columns", size.Z + size.X + size.Y);
        var sampled = plan.Reserve("sampled slices", (long)target.Depth * size.X * size.Y);
        var narrowed = plan.Reserve("slice of the new width", (long)target.Width * size.X);
        var rowShares = plan.Reserve("shares of rows", (long)target.Height * size.X);
        var columnShares = plan.Reserve("shares of columns", (long)target.Width * size.Y);
        using var arena = new Arena(device, plan);

        View<float> volume = arena.Floats(values);
        resampling.All(new HounsfieldWindow(0, double.PositiveInfinity, 1), volume.As<byte>(), FloatType.F32);
        var crop = CroppedScan.Of(device, volume, arena.Integers(occupied), study)
            ?? throw new HseNetFileException(scan.Source, $"holds nothing above {curve.Lowest} Hounsfield units", "a CT volume");
        var box = crop.Box;
        View<float> slices = arena.Floats(sampled).Slice(0, (long)target.Depth * box.H * box.W);
        crop.Resize(device, slices, (target.Depth, box.H, box.W));
        var rows = Shares(device, arena.Floats(rowShares), box.H, target.Height);
        var columns = Shares(device, arena.Floats(columnShares), box.W, target.Width);
        long area = (long)box.H * box.W, newArea = (long)target.Height * target.Width;
        for (int z = 0; z < target.Depth; z++)
        {
            View<float> narrow = arena.Floats(narrowed).Slice(0, (long)target.Width * box.H);
            Product(device, columns, slices.Slice(z * area, area), narrow, target.Width, box.W, box.H);
            Product(device, rows, narrow, study.Volume.Slice(z * newArea, newArea), target.Height, box.H, target.Width);
        }
        Grey(device, curve, study.Volume);
    }

    // [rows, inputs] · [outputs, inputs]ᵀ
    static void Product(Device device, View<float> x, View<float> w, View<float> y, int rows, int inputs, int outputs) =>
        Linear.Forward(device, new LinearArguments
        {
            X = x,
            W = new Weights(w.As<byte>(), WeightType.F32),
            Y = y,
            Rows = rows,
            Inputs = inputs,
            Outputs = outputs,
        });

    // [new, old] share of each old voxel in a new one, which is at least as long as an old one.
    static View<float> Shares(Device device, View<float> room, int old, int @new)
    {
        float[] shares = new float[(long)@new * old];
        double step = (double)old / @new, half = Math.Max(1, step) / 2;
        for (int i = 0; i < @new; i++)
        {
            double from = Math.Max(0, (i + 0.5) * step - half), to = Math.Min(old, (i + 0.5) * step + half);
            for (int j = (int)from; j < to && j < old; j++)
                shares[(long)i * old + j] = (float)((Math.Min(to, j + 1) - Math.Max(from, j)) / (to - from));
        }
        View<float> view = room.Slice(0, shares.Length);
        device.Upload<float>(shares, view);
        return view;
    }

    // The curve is a table, not arithmetic, and the volume is small by now.
    static void Grey(Device device, GreyCurve curve, View<float> volume)
    {
        float[] values = new float[volume.Length];
        device.Download<float>(volume, values);
        device.Upload<float>(Array.ConvertAll(values, value => curve.At(value + curve.Lowest)), volume);
    }
}
