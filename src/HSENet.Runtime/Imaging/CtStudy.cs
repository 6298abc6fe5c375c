// A CT as an embedder holds it: from a file, a stream or voxels in memory.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>How a study is read and preprocessed.</summary>
public sealed record CtStudyOptions
{
    /// <summary>How the scan becomes the model's volume and slices.</summary>
    public PreprocessingOptions Preprocessing { get; init; } = new();

    /// <summary>Limits of reading.</summary>
    public VolumeReadOptions Reading { get; init; } = new();

    /// <summary>
    /// What the collection's table says of this volume (<see cref="MetadataTable.Get"/>): its spacing replaces the file's, its scaling
    /// follows the file's own. Not for DICOM, whose files carry the same attributes, and not beside
    /// <see cref="PreprocessingOptions.Rescale"/>.
    /// </summary>
    public VolumeMetadata? Metadata { get; init; }

    /// <summary>For a finished volume (.npy): file with its slice features, [slices, channels], which only the scan itself could give
    /// otherwise.</summary>
    public string? SliceFeatures { get; init; }
}

/// <summary>A CT study: voxels in memory, ready for a model. Safe to use from several threads until it is disposed.</summary>
public sealed class CtStudy : IDisposable
{
    readonly VoxelVolume _volume;
    readonly VoxelVolume? _sliceFeatures;
    CtStudyOptions _options;
    readonly Lifetime _life;
    readonly ScanPlan _plan;

    CtStudy(VoxelVolume volume, VoxelVolume? sliceFeatures, CtStudyOptions options, List<string> notes)
    {
        (_volume, _sliceFeatures, _options) = (volume, sliceFeatures, options);
        _plan = ScanPlan.For(volume, options.Preprocessing, options.Reading.Cancellation);
        Notes = [.. notes, .. _plan.Notes];
        _life = new Lifetime(this, () =>
        {
            volume.Dispose();
            sliceFeatures?.Dispose();
        });
    }

    /// <summary>The voxels as the file has them, with size, spacing and scaling.</summary>
    internal VoxelVolume Volume => _volume;

    /// <summary>Voxels along each index axis of the file.</summary>
    public (int X, int Y, int Z) Size => _volume.Size;

    /// <summary>Millimetres from one voxel to the next along each index axis of the file.</summary>
    public (double X, double Y, double Z) Spacing => _volume.Spacing;

    /// <summary>What a user should know about how it was read and about what preparing it will do; no patient data.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>How it was read.</summary>
    public CtStudyOptions Options => _options;

    /// <summary>Reads a CT: NIfTI, DICOM (a folder with everything below it, or a zip), or a finished volume as .npy.</summary>
    /// <exception cref="HseNetFileException">The file cannot be used; the message names it and the reason.</exception>
    public static CtStudy Open(string path, CtStudyOptions? options = null)
    {
        options = Checked(options);
        return OperationTrace.Run(OperationName.Scan, () => Create(VolumeFile.Read(path, options.Reading), options));
    }

    /// <summary>The same on another thread.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="cancellation">Ends the reading, as the token in the options does.</param>
    /// <exception cref="HseNetFileException">The file cannot be used; the message names it and the reason.</exception>
    public static Task<CtStudy> OpenAsync(string path, CtStudyOptions? options = null, CancellationToken cancellation = default) =>
        Stoppable(options, cancellation, (own, stop) => OwnThread.Run(() => Open(path, own), stop));

    /// <summary>Reads a CT from a stream that is read asynchronously alone, as the body of a request; it stays open.</summary>
    /// <param name="stream">As in <see cref="Read"/>; read as far as the scan goes.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="cancellation">Ends the reading, as the token in the options does.</param>
    /// <exception cref="HseNetFileException">The content cannot be used. What the stream itself throws comes as it is: of a request's body
    /// that it is too large, or that the client has gone.</exception>
    public static Task<CtStudy> ReadAsync(Stream stream, string name, CtStudyOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException($"{name}: the stream is closed or cannot be read", nameof(stream));
        return Stoppable(options, cancellation,
            (own, stop) => new AsynchronousPieces(stream, stop).ReadBy(content => Read(content, name, own)));
    }

    // Reads until one of two tokens is cancelled; the study keeps its own options.
    static async Task<CtStudy> Stoppable(CtStudyOptions? options, CancellationToken cancellation,
        Func<CtStudyOptions, CancellationToken, Task<CtStudy>> read)
    {
        options = Checked(options);
        var given = options.Reading.Cancellation;
        var study = await EitherToken.Run(cancellation, given, either =>
            read(options with { Reading = options.Reading with { Cancellation = either } }, either)).ConfigureAwait(false);
        study._options = study._options with { Reading = study._options.Reading with { Cancellation = given } };
        return study;
    }

    /// <summary>Reads a CT from a stream, which stays open.</summary>
    /// <param name="stream">A NIfTI single file, compressed or not, .npy, or a zip of one of these or of DICOM files, which is kept in
    /// memory meanwhile; need not be seekable.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How it is read.</param>
    /// <exception cref="HseNetFileException">The content cannot be used. What the stream itself throws comes as it is.</exception>
    public static CtStudy Read(Stream stream, string name, CtStudyOptions? options = null)
    {
        options = Checked(options);
        return OperationTrace.Run(OperationName.Scan, () => Create(VolumeFile.Read(stream, name, options.Reading), options));
    }

    /// <summary>Takes a copy of voxels in memory, x fastest, then y, then z.</summary>
    /// <typeparam name="T">A whole or floating-point number type.</typeparam>
    /// <param name="voxels">size.X × size.Y × size.Z values.</param>
    /// <param name="size">Number of voxels along x, y and z.</param>
    /// <param name="spacing">Their distance in mm.</param>
    /// <param name="slope">Hounsfield units = slope × voxel + intercept.</param>
    /// <param name="intercept">See <paramref name="slope"/>.</param>
    /// <param name="options">How it is preprocessed.</param>
    /// <param name="orientation">Where x, y and z run in the patient, as in <c>LPS</c>; null if that is not known: the voxels are then
    /// taken to lie as the model expects.</param>
    /// <exception cref="HseNetException">The orientation is no code.</exception>
    /// <exception cref="ArgumentException">Sizes, spacing or type cannot be used.</exception>
    public static CtStudy FromVoxels<T>(ReadOnlySpan<T> voxels, (int X, int Y, int Z) size, (double X, double Y, double Z) spacing,
        double slope = 1, double intercept = 0, CtStudyOptions? options = null, string? orientation = null)
        where T : unmanaged
    {
        options = Checked(options);
        return Create(VoxelVolume.FromVoxels(voxels, size, spacing, slope, intercept, orientation), options);
    }

    static CtStudyOptions Checked(CtStudyOptions? options)
    {
        options ??= new();
        ArgumentNullException.ThrowIfNull(options.Preprocessing);
        ArgumentNullException.ThrowIfNull(options.Reading);
        return options;
    }

    static CtStudy Create(VoxelVolume volume, CtStudyOptions options)
    {
        try
        {
            var notes = new List<string>(volume.Notes);
            if (options.Metadata is { } metadata)
                options = StudyMetadata.Apply(metadata, volume, options, notes);
            if (options.SliceFeatures is null)
                return new CtStudy(volume, null, options, notes);
            if (!volume.IsPreprocessed)
                throw new HseNetFileException(volume.Source, "is a scan: its slice features are computed from it",
                    "a finished volume (.npy) when slice features are given");
            return new CtStudy(volume, VolumeFile.Read(options.SliceFeatures, options.Reading with { TakesMatrices = true }), options,
                notes);
        }
        catch
        {
            volume.Dispose();
            throw;
        }
    }

    /// <summary>Volume and slices, or slice features, in the sizes that a model takes.</summary>
    internal PreparedStudy Prepare(Device device, ModelConfig config, CancellationToken cancellation, StageProgress? stages = null)
    {
        using var reading = _life.Use();
        var slices = config.SliceEncoder;
        var target = PreprocessingTarget.Of(config);
        if (!_volume.IsPreprocessed)
            return PrepareScan(device, target, cancellation, stages);
        if (slices is not null && _sliceFeatures is null && !target.SlicesOfVolume)
            throw new HseNetFileException(_volume.Source, "is a finished volume without slices, which this model looks at",
                "its slice features beside it, or the scan itself");
        var prepared = Preprocessing.UseFinished(device, _volume, _sliceFeatures, target, _options.Preprocessing.Force);
        long features = (long)target.Slices * (slices?.HiddenSize ?? 0);
        if (_sliceFeatures is null || slices is null || prepared.SliceFeatures.Length == features)
            return prepared;
        prepared.Dispose();
        throw new HseNetFileException(_sliceFeatures!.Source, $"holds {prepared.SliceFeatures.Length} values",
            $"{target.Slices} × {slices.HiddenSize} slice features");
    }

    /// <summary>Volume and slices of a scan; a finished volume is refused.</summary>
    internal PreparedStudy PrepareScan(Device device, PreprocessingTarget target, CancellationToken cancellation,
        StageProgress? stages = null)
    {
        using var reading = _life.Use();
        PreprocessingGeometry.CheckMemory(_volume, _plan, _options, keepsGrid: target.Own is not null);
        return Preprocessing.Prepare(device, _volume, _plan, Notes, target, _options.Preprocessing, cancellation,
            stages: stages);
    }

    /// <summary>What preparing makes of a scan: its orientation and size, and the size after resampling.</summary>
    /// <param name="loop">On how many threads its values are looked at, and what stops that.</param>
    /// <exception cref="HseNetFileException">Preparing would refuse it, for this reason.</exception>
    internal (ScanGeometry Placed, VoxelSize Resampled) Foresee(ParallelOptions loop)
    {
        using var reading = _life.Use();
        var geometry = new PreprocessingGeometry(_volume.Source, _plan.Result, _options.Preprocessing.Preset, slices: 0);
        PreprocessingChecks.Scan(_volume, _plan, _options.Preprocessing, loop);
        return (_plan.Result, geometry.Resampled);
    }

    internal void ThrowIfDisposed() => _life.ThrowIfDisposed();

    /// <summary>Frees the voxels, as soon as nothing reads them any more.</summary>
    public void Dispose() => _life.Dispose();
}
