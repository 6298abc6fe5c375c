// From the scan to slice images for the 2D encoder: 32 slices, bytes, turned, resized, cut out, normalised.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Sees the slice images as they would be written to files, [slices, rows, columns]: for tests.</summary>
delegate void ImagesTap(byte[] images, int rows, int columns);

static class PreprocessingSlices
{
    /// <summary>Whether all resampled slices exist at once: BIMCV-R needs the range of them all; too few are interpolated from
    /// all.</summary>
    public static bool NeedsAll(IReadOnlyList<int>? indices, PreprocessingOptions options) =>
        options.Preset == PreprocessingPreset.BimcvR || indices == null;

    public static void Compute(Device device, ScanResampling resampling, PreprocessingOptions options, PreprocessingTarget target,
        PreparedStudy study, ParallelOptions loop, ImagesTap? seen)
    {
        bool bimcv = options.Preset == PreprocessingPreset.BimcvR;
        FloatType type = bimcv ? FloatType.F32 : FloatType.F64;
        int elementBytes = bimcv ? sizeof(float) : sizeof(double);
        VoxelSize all = study.Resampled, stack = all with { Z = target.Slices };
        var images = new ImageSizes(target, rows: all.Y, columns: all.X);

        var plan = new MemoryPlan();
        var slices = plan.Reserve("slices", stack.Count, elementBytes);
        var whole = NeedsAll(study.SliceIndices, options) ? plan.Reserve("all resampled slices", all.Count, elementBytes) : default;
        var ranges = PreprocessingRange.Reserve(plan, bimcv ? all.Z : stack.Z, all.X, elementBytes);
        var bytes = plan.Reserve("images", stack.Count, 1);
        var wide = plan.Reserve("images of the new width", (long)target.Slices * images.Rows * images.NewColumns, 1);
        var small = plan.Reserve("images of the new size", (long)target.Slices * images.NewRows * images.NewColumns, 1);
        using var arena = new Arena(device, plan);

        View<byte> values = arena.Bytes(slices);
        if (whole.Bytes > 0)
            resampling.All(bimcv ? HounsfieldWindow.Everything : HounsfieldWindow.Slices, arena.Bytes(whole), type);
        Select(device, resampling, study, whole.Bytes > 0 ? arena.Bytes(whole) : default, type, values, stack);
        View<byte> range = bimcv
            ? PreprocessingRange.OfAll(device, arena, ranges, arena.Bytes(whole), type, all)
            : PreprocessingRange.OfSlices(device, arena, ranges, values, type, stack);
        SliceBytes.Forward(device, new SliceBytesArguments
        {
            X = values,
            Range = range,
            Y = arena.Bytes(bytes),
            Type = type,
            Slices = stack.Z,
            Height = stack.X,
            Width = stack.Y,
            Turn = bimcv ? QuarterTurn.CounterClockwise : QuarterTurn.Clockwise,
        });
        ThroughFiles(device, arena.Bytes(bytes), stack.Z, images, options.SliceJpeg, loop, seen);
        Resize(device, arena.Bytes(bytes), arena.Bytes(wide), arena.Bytes(small), stack.Z, images);
        SlicePixels.Forward(device, new SlicePixelsArguments
        {
            X = arena.Bytes(small),
            Y = study.SlicePixels,
            Slices = stack.Z,
            Height = images.NewRows,
            Width = images.NewColumns,
            Size = target.SliceSide,
            Top = images.Top,
            Left = images.Left,
            MeanRed = SliceColours.Means[0],
            MeanGreen = SliceColours.Means[1],
            MeanBlue = SliceColours.Means[2],
            DeviationRed = SliceColours.Deviations[0],
            DeviationGreen = SliceColours.Deviations[1],
            DeviationBlue = SliceColours.Deviations[2],
        });
        device.Synchronize(); // the arena goes
    }

    // The slices that become images: picked from all, resampled one by one, or interpolated in depth.
    static void Select(Device device, ScanResampling resampling, PreparedStudy study, View<byte> whole, FloatType type, View<byte> values,
        VoxelSize stack)
    {
        long sliceBytes = values.Length / stack.Z;
        if (study.SliceIndices is not { } indices)
        {
            Resize3D.Forward(device,
                Resize3DArguments.Whole(whole, type, (study.Resampled.Z, stack.X, stack.Y), values, type, (stack.Z, stack.X, stack.Y)));
            return;
        }
        for (int i = 0; i < indices.Count; i++)
        {
            View<byte> to = values.Slice(i * sliceBytes, sliceBytes);
            if (whole.IsEmpty)
                resampling.Some(indices[i], 1, HounsfieldWindow.Slices, to, type);
            else
                device.Copy(whole.Slice(indices[i] * sliceBytes, sliceBytes), to);
        }
    }

    // The loss of the reference's JPEG files is computed on the host: a codec, not arithmetic on tensors.
    static void ThroughFiles(Device device, View<byte> bytes, int slices, ImageSizes sizes, bool jpeg, ParallelOptions loop,
        ImagesTap? seen)
    {
        if (!jpeg && seen == null)
            return;
        var images = new byte[bytes.Length];
        device.Download(bytes, images);
        int area = sizes.Rows * sizes.Columns;
        if (jpeg)
        {
            Parallel.For(0, slices, loop, slice => SliceJpeg.RoundTrip(images.AsSpan(slice * area, area), sizes.Rows, sizes.Columns));
            device.Upload(images, bytes);
        }
        seen?.Invoke(images, sizes.Rows, sizes.Columns);
    }

    // Width first, rounded to bytes, then height: Pillow's order.
    static void Resize(Device device, View<byte> images, View<byte> wide, View<byte> small, int slices, ImageSizes sizes)
    {
        using var across = new ResizeTables(device, sizes.Columns, sizes.NewColumns);
        using var down = new ResizeTables(device, sizes.Rows, sizes.NewRows);
        long before = sizes.Rows * (long)sizes.Columns, between = sizes.Rows * (long)sizes.NewColumns,
            after = sizes.NewRows * (long)sizes.NewColumns;
        for (int slice = 0; slice < slices; slice++)
        {
            View<byte> narrowed = wide.Slice(slice * between, between);
            across.Resize(images.Slice(slice * before, before), narrowed, outer: sizes.Rows, inner: 1);
            down.Resize(narrowed, small.Slice(slice * after, after), outer: 1, inner: sizes.NewColumns);
        }
        device.Synchronize(); // the tables go
    }

    sealed class ResizeTables : IDisposable
    {
        readonly Device _device;
        readonly DeviceMemory _memory;
        readonly int _length, _newLength, _support;
        readonly View<int> _taps, _coefficients;

        public ResizeTables(Device device, int length, int newLength)
        {
            (_device, _length, _newLength) = (device, length, newLength);
            var (taps, coefficients, support) = ResizeBytes.Tables(length, newLength);
            _support = support;
            _memory = device.Allocate((taps.LongLength + coefficients.LongLength) * sizeof(int), "bicubic tables");
            _taps = _memory.View<int>(0, taps.Length);
            _coefficients = _memory.View<int>(taps.LongLength * sizeof(int), coefficients.Length);
            try
            {
                device.Upload<int>(taps, _taps);
                device.Upload<int>(coefficients, _coefficients);
            }
            catch
            {
                _memory.Dispose();
                throw;
            }
        }

        public void Resize(View<byte> x, View<byte> y, int outer, int inner) => ResizeBytes.Forward(_device, new ResizeBytesArguments
        {
            X = x,
            Taps = _taps,
            Coefficients = _coefficients,
            Y = y,
            Outer = outer,
            Length = _length,
            NewLength = _newLength,
            Inner = inner,
            Support = _support,
        });

        public void Dispose() => _memory.Dispose();
    }

    // Sizes of a slice image before and after its shorter side becomes the model's (torchvision's Resize and CenterCrop).
    readonly record struct ImageSizes
    {
        public int Rows { get; }
        public int Columns { get; }
        public int NewRows { get; }
        public int NewColumns { get; }
        public int Top { get; }
        public int Left { get; }

        public ImageSizes(PreprocessingTarget target, int rows, int columns)
        {
            int side = target.SliceSide, longSide = (int)((double)side * Math.Max(rows, columns) / Math.Min(rows, columns));
            (Rows, Columns) = (rows, columns);
            (NewRows, NewColumns) = rows <= columns ? (side, longSide) : (longSide, side);
            Top = (int)Math.Round((NewRows - side) / 2.0, MidpointRounding.ToEven);
            Left = (int)Math.Round((NewColumns - side) / 2.0, MidpointRounding.ToEven);
        }
    }
}
