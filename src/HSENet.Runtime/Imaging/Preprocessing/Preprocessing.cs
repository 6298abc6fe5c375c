// The reference's preprocessing on a device: a scan becomes the model's volume and slice images.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Turns a scan into what the model takes. Follows HSENet's scripts (golden/README.md, "preprocess") with two differences: each axis has
/// its own spacing, and slices are axial whatever the scan's shape.
/// </summary>
static class Preprocessing
{
    /// <summary>Changes whenever the same file would give other values.</summary>
    public const int Version = 3;

    /// <summary>Its name where others prepared the volume.</summary>
    internal const string Finished = "finished";

    const float Rounding = 8f / (1 << 24); // of the last step, which interpolates between eight values in [0, 1]

    /// <summary>Volume and slice images of a scan.</summary>
    /// <param name="device">Where the arithmetic runs and the result lies.</param>
    /// <param name="scan">The scan; needed until the method returns.</param>
    /// <param name="target">The sizes that the model takes.</param>
    /// <param name="options">How; the standard preset if left out.</param>
    /// <param name="cancellation">Stops between slabs of slices.</param>
    /// <exception cref="HseNetFileException">The scan is a single slice, constant, holds values that are not finite, is not in Hounsfield
    /// units, or is too large or small.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room for a step.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static PreparedStudy Prepare(Device device, VoxelVolume scan, PreprocessingTarget target, PreprocessingOptions? options = null,
        CancellationToken cancellation = default) =>
        Prepare(device, scan, target, options ?? new(), cancellation, seen: null);

    internal static PreparedStudy Prepare(Device device, VoxelVolume scan, PreprocessingTarget target, PreprocessingOptions options,
        CancellationToken cancellation, ImagesTap? seen)
    {
        ArgumentNullException.ThrowIfNull(scan);
        var plan = ScanPlan.For(scan, options, cancellation);
        return Prepare(device, scan, plan, [.. scan.Notes, .. plan.Notes], target, options, cancellation, seen);
    }

    internal static PreparedStudy Prepare(Device device, VoxelVolume scan, ScanPlan plan, IReadOnlyList<string> notes,
        PreprocessingTarget target, PreprocessingOptions options, CancellationToken cancellation, ImagesTap? seen = null,
        StageProgress? stages = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        CheckTarget(target);
        if (scan.IsPreprocessed)
            throw new HseNetFileException(scan.Source, "is a finished volume without units and spacing", "a scan to preprocess");
        if (!Enum.IsDefined(options.Preset))
            throw new HseNetException($"PreprocessingOptions.Preset {options.Preset}: expected {PreprocessingPreset.Standard} or "
                + $"{PreprocessingPreset.BimcvR}");
        if (!Enum.IsDefined(options.Orientation))
            throw new HseNetException($"PreprocessingOptions.Orientation {options.Orientation}: expected "
                + string.Join(" or ", Enum.GetNames<ScanOrientation>()));
        var rescale = options.Rescale ?? (1, 0);
        if (!double.IsFinite(rescale.Slope) || !double.IsFinite(rescale.Intercept) || rescale.Slope == 0)
            throw new HseNetException($"the rescaling {rescale.Slope},{rescale.Intercept} is not usable; expected a finite slope other "
                + "than 0 and a finite intercept of PreprocessingOptions.Rescale");
        var own = target.Own;
        if (own is not null && options.Preset != PreprocessingPreset.Standard)
            throw new HseNetException($"PreprocessingOptions.Preset is {options.Preset}; expected {PreprocessingPreset.Standard} beside a "
                + $"model that has a preset of its own, {own.Name}");
        var geometry = new PreprocessingGeometry(scan.Source, plan.Result, options.Preset, target.ScanSlices, keepsGrid: own is not null);
        var loop = HostLoops.Beside(device, cancellation);
        PreprocessingChecks.Scan(scan, plan, options, loop);
        int slabs = ScanResampling.Slabs(geometry);
        bool whole = PreprocessingSlices.NeedsAll(geometry.SliceIndices, options);
        stages?.Expect(plan.Steps + slabs + (target.ScanSlices == 0 ? 0 : 1 + (whole ? slabs : target.Slices)));
        VoxelVolume placed = plan.Apply(scan, loop, stages);
        using var copy = ReferenceEquals(placed, scan) ? null : placed;

        var study = new PreparedStudy(scan.Source, NameOf(options, own))
        {
            Notes = notes,
            Resampled = geometry.Resampled,
            SliceIndices = geometry.SliceIndices
        };
        try
        {
            study.Volume = study.Allocate(device, (long)target.Depth * target.Height * target.Width, "volume");
            if (target.Slices > 0)
                AllocateSlices(device, study, target);
            if (own is not null)
            {
                var curve = GreyCurve.Parse(own.GreyCurve);
                using var shifted = new ScanResampling(device, placed, geometry, (rescale.Slope, rescale.Intercept - curve.Lowest),
                    cancellation)
                { Stages = stages };
                AreaVolume.Compute(device, scan, shifted, target, curve, study);
            }
            using var resampling = new ScanResampling(device, placed, geometry, rescale, cancellation) { Stages = stages };
            if (own is null)
                PreprocessingVolume.Compute(device, scan, resampling, target, study);
            if (target is { SlicesOfVolume: true, Slices: > 0 })
                VolumeSlices.Compute(device, study.Volume, target.Slices, target.SliceSide, study.SlicePixels);
            if (target.ScanSlices > 0)
            {
                PreprocessingSlices.Compute(device, resampling, options, target, study, loop, seen);
                stages?.Step();
            }
            return study;
        }
        catch
        {
            study.Dispose();
            throw;
        }
    }

    /// <summary>A volume that is finished already: a NumPy file of the model's size with values in [0, 1].</summary>
    /// <param name="device">Where the result lies.</param>
    /// <param name="volume">The volume.</param>
    /// <param name="sliceFeatures">[slices, channels] output of the slice encoder; none for models that look at no slices, or at those
    /// of the volume, which are then made.</param>
    /// <param name="target">The sizes that the model takes.</param>
    /// <param name="force">Whether values outside [0, 1] are taken.</param>
    /// <exception cref="HseNetFileException">The size is another one, or a value is not finite or not in [0, 1].</exception>
    public static PreparedStudy UseFinished(Device device, VoxelVolume volume, VoxelVolume? sliceFeatures, PreprocessingTarget target,
        bool force = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(volume);
        CheckTarget(target);
        OwnPreset.Check(volume, target.Own);
        if (volume.Size != (target.Width, target.Height, target.Depth))
            throw new HseNetFileException(volume.Source, $"is a volume of {volume.Size.Z} × {volume.Size.Y} × {volume.Size.X}",
                $"the model's {target.Depth} × {target.Height} × {target.Width}");
        if (sliceFeatures != null && (sliceFeatures.Size.Z != 1 || sliceFeatures.Size.Y != target.Slices))
            throw new HseNetFileException(sliceFeatures.Source,
                $"is an array of {sliceFeatures.Size.Z} × {sliceFeatures.Size.Y} × {sliceFeatures.Size.X}",
                $"slice features of 1 × {target.Slices} × channels");
        var study = new PreparedStudy(volume.Source, Finished);
        try
        {
            study.Volume = Upload(device, volume, study, "volume", force ? null : Normalised);
            if (sliceFeatures != null)
                study.SliceFeatures = Upload(device, sliceFeatures, study, "slice features");
            else if (target is { SlicesOfVolume: true, Slices: > 0 })
            {
                AllocateSlices(device, study, target);
                VolumeSlices.Compute(device, study.Volume, target.Slices, target.SliceSide, study.SlicePixels);
            }
            return study;
        }
        catch
        {
            study.Dispose();
            throw;
        }
    }

    static void AllocateSlices(Device device, PreparedStudy study, PreprocessingTarget target) =>
        study.SlicePixels = study.Allocate(device, 3L * target.Slices * target.SliceSide * target.SliceSide, "slice images");

    // A voxel in another unit would give a report all the same, of nothing.
    static void Normalised(VoxelVolume volume, float[] values)
    {
        if (values.Min() < -Rounding || values.Max() > 1 + Rounding)
            throw new HseNetFileException(volume.Source, $"holds values from {values.Min():G6} to {values.Max():G6}",
                "a finished volume with values from 0 to 1, or PreprocessingOptions.Force; a scan with units and spacing is a NIfTI file");
    }

    static View<float> Upload(Device device, VoxelVolume source, PreparedStudy study, string name,
        Action<VoxelVolume, float[]>? check = null)
    {
        var values = new double[source.Count];
        source.ToDoubles(0, values);
        float[] singles = Array.ConvertAll(values, value => (float)value);
        if (!singles.All(float.IsFinite))
            throw new HseNetFileException(source.Source, "holds values that are not finite", $"a finished {name}");
        check?.Invoke(source, singles);
        View<float> view = study.Allocate(device, singles.Length, name);
        device.Upload<float>(singles, view);
        return view;
    }

    /// <summary>Whether a name of a preprocessing is one that this version makes for a model.</summary>
    internal static bool IsCurrent(string name, OwnPreset? own) => name == Finished
        || name.Split('+')[0] is var main && (own is not null ? main == $"{own.Name}-{Version}"
            : main == $"standard-{Version}" || main == $"bimcv_r-{Version}");

    /// <summary>Name, version and choices.</summary>
    internal static string NameOf(PreprocessingOptions options, OwnPreset? own = null) =>
        $"{OwnPreset.NameOf(options.Preset, own)}-{Version}{(options.SliceJpeg ? "+jpeg" : "")}"
        + (options.Orientation == ScanOrientation.Stored ? "+stored"
            : options.StatedOrientation is { } stated ? $"+{VolumeOrientation.FromCode(stated).Code}" : "");

    static void CheckTarget(PreprocessingTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target is { Depth: < 1 } or { Height: < 1 } or { Width: < 1 } or { SliceSide: < 1 } or { Slices: < 0 })
            throw new ArgumentException($"{target}: every size must be at least 1, slices at least 0", nameof(target));
    }
}
