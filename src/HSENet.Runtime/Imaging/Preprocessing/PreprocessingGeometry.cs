// Sizes along the way from a scan to the model's volume and slices: they follow from the file alone.
namespace HSENet.Runtime;

/// <summary>Sizes in voxels along z, x and y: the order of axes that the reference works in.</summary>
readonly record struct VoxelSize(int Z, int X, int Y)
{
    internal long Count => (long)Z * X * Y;

    internal int Longest => Math.Max(Z, Math.Max(X, Y));

    /// <inheritdoc/>
    public override string ToString() => $"{Z} × {X} × {Y}";
}

/// <summary>The sizes of one scan's preprocessing.</summary>
sealed class PreprocessingGeometry
{
    const double TargetZ = 1.5, TargetInPlane = 0.75; // mm
    const int MaximumAxis = 65535; // what the grid of a kernel can count
    const int MaximumRatio = 64; // beyond it a slice image would be wider than that

    /// <summary>The scan as it is resampled: in the model's orientation.</summary>
    public VoxelSize Stored { get; }

    /// <summary>After resampling.</summary>
    public VoxelSize Resampled { get; }

    /// <summary>Which resampled slices become images; null when they are interpolated because there are too few, or when there are
    /// none.</summary>
    public int[]? SliceIndices { get; }

    public PreprocessingGeometry(string source, ScanGeometry scan, PreprocessingPreset preset, int slices, bool keepsGrid = false)
    {
        Stored = new VoxelSize(scan.Size.Z, scan.Size.X, scan.Size.Y);
        Resampled = keepsGrid || preset == PreprocessingPreset.BimcvR ? Stored
            : new VoxelSize(NewSize(Stored.Z, scan.Spacing.Z, TargetZ), NewSize(Stored.X, scan.Spacing.X, TargetInPlane),
                NewSize(Stored.Y, scan.Spacing.Y, TargetInPlane));
        if (Resampled is { Z: < 1 } or { X: < 1 } or { Y: < 1 })
            throw new HseNetFileException(source,
                $"its {scan.Size.X} × {scan.Size.Y} × {scan.Size.Z} voxels of {scan.Spacing.X} × {scan.Spacing.Y} × {scan.Spacing.Z} mm " +
                "are smaller than a voxel of 0.75 × 0.75 × 1.5 mm", "a CT volume");
        if (Resampled.Count > int.MaxValue - 256)
            throw new HseNetFileException(source, $"is {Resampled} voxels after resampling", "less than 2^31");
        if (Math.Max(Stored.Longest, Resampled.Longest) > MaximumAxis || (long)Stored.X * Stored.Y > int.MaxValue / 4)
            throw new HseNetFileException(source, $"is {Stored} voxels, {Resampled} after resampling",
                $"at most {MaximumAxis} along an axis and 2^29 in a slice");
        if (Math.Max(Resampled.X, Resampled.Y) / Math.Min(Resampled.X, Resampled.Y) >= MaximumRatio)
            throw new HseNetFileException(source, $"has slices of {Resampled.X} × {Resampled.Y} after resampling",
                $"sides of at most 1 to {MaximumRatio}");
        // BIMCV-R repeats slices when there are too few.
        if (slices > 0 && (Resampled.Z >= slices || preset == PreprocessingPreset.BimcvR))
            SliceIndices = [.. Enumerable.Range(0, slices)
                .Select(i => slices == 1 ? 0 : (int)((long)i * (Resampled.Z - 1) / (slices - 1)))];
    }

    /// <summary>Throws if the voxels and what resampling makes of them exceed the limit, before anything is computed.</summary>
    public static void CheckMemory(VoxelVolume scan, ScanPlan plan, CtStudyOptions options, bool keepsGrid)
    {
        if (scan.IsPreprocessed)
            return;
        VoxelSize resampled = new PreprocessingGeometry(scan.Source, plan.Result, options.Preprocessing.Preset, 0, keepsGrid).Resampled;
        long bytes = scan.ByteLength + plan.CopyBytes + resampled.Count * sizeof(float);
        if (bytes > options.Reading.MaximumBytes)
            throw new HseNetFileException(scan.Source,
                $"needs {scan.ByteLength} bytes for {scan.Size.X} × {scan.Size.Y} × {scan.Size.Z} voxels, "
                    + (plan.CopyBytes > 0 ? $"{plan.CopyBytes} to turn them " : "") + $"and {resampled.Count * sizeof(float)} after " +
                $"resampling to {resampled.X} × {resampled.Y} × {resampled.Z}", $"at most {options.Reading.MaximumBytes} in all");
    }

    // In double precision and in this order: 105 × (0.7 / 0.75) is 97.99…, and 102 × (1.625 / 0.75) is 220.99….
    static int NewSize(int size, double spacing, double target) => (int)Math.Min(int.MaxValue, size * (spacing / target));
}
