// What is done to a scan before the reference's steps: voxels without a value, slices at their true places, the model's orientation.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>The steps that bring a scan into the form that the model was trained on, known before any of them is done.</summary>
sealed class ScanPlan
{
    const double ObliqueFrom = 10; // degrees

    readonly List<(ScanGeometry Result, Func<VoxelVolume, ParallelOptions, VoxelVolume> Apply)> _steps = [];
    readonly List<string> _notes = [];

    /// <summary>What a user should know about these steps.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The scan's geometry after them.</summary>
    public ScanGeometry Result { get; private set; }

    /// <summary>Voxels without a value that count as air.</summary>
    public long FilledVoxels { get; private init; }

    /// <summary>How many there are.</summary>
    public int Steps => _steps.Count;

    /// <summary>Bytes of the largest copy that a step makes.</summary>
    public long CopyBytes => _steps.Select(step => step.Result.ByteLength).DefaultIfEmpty(0).Max() * Math.Min(2, _steps.Count);

    /// <summary>The steps for a scan.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ScanPlan For(VoxelVolume scan, PreprocessingOptions options, CancellationToken cancellation)
    {
        var plan = new ScanPlan
        {
            Result = ScanGeometry.Of(scan),
            FilledVoxels = scan.IsPreprocessed ? 0 : MissingVoxels.CountAtEdges(scan, cancellation),
        };
        if (scan.IsPreprocessed)
            return plan;
        // −1000 Hounsfield units after the file's scaling, before the table's.
        double air = (-1000 - (options.Rescale?.Intercept ?? 0)) / (options.Rescale?.Slope ?? 1);
        if (plan.FilledVoxels > 0)
        {
            plan._notes.Add($"{plan.FilledVoxels} voxels without a value (NaN) at the edges of slices count as air");
            plan.Add(plan.Result, (volume, loop) => MissingVoxels.Filled(volume, (air - scan.Intercept) / scan.Slope, loop));
        }
        plan.State(scan, options);
        bool stored = options.Orientation == ScanOrientation.Stored;
        string model = ScanOrientations.CodeOf(options.Preset);
        // The reference reads no series: what makes a volume of one is never left out.
        if (!stored || scan.DicomImages.Count > 0)
            plan.Straighten(scan.Source, air);
        else if (plan.Result.SlicePositions is not null)
            plan._notes.Add("slices are shifted against each other, as by a tilted gantry: kept as stored");
        if (plan.Result.Orientation is not { } orientation)
        {
            if (!stored)
                plan._notes.Add($"no orientation is stated: taken as if it were {model} ({ScanOrientations.SourceOf(options.Preset)}); "
                    + "PreprocessingOptions.StatedOrientation states another one");
            return plan;
        }
        if (orientation.Obliqueness > ObliqueFrom)
            plan._notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"oblique: an axis is {orientation.Obliqueness:0.#} degrees from the patient's, which turning by whole axes leaves"));
        if (orientation.Code == model)
            return plan;
        if (stored)
            plan._notes.Add($"kept in the stored orientation {orientation.Code}; the model was trained on {model}");
        else
        {
            plan._notes.Add($"turned from {orientation.Code} to {model} ({ScanOrientations.SourceOf(options.Preset)})");
            plan.Turn(AxisTurn.Between(orientation, VolumeOrientation.FromCode(model)));
        }
        return plan;
    }

    /// <summary>Does the steps.</summary>
    /// <returns>The scan itself if there are none, otherwise a new one that the caller disposes.</returns>
    public VoxelVolume Apply(VoxelVolume scan, ParallelOptions loop, StageProgress? stages = null)
    {
        VoxelVolume current = scan;
        try
        {
            foreach (var (_, apply) in _steps)
            {
                VoxelVolume next = apply(current, loop);
                if (!ReferenceEquals(current, scan))
                    current.Dispose();
                current = next;
                stages?.Step();
            }
            return current;
        }
        catch
        {
            if (!ReferenceEquals(current, scan))
                current.Dispose();
            throw;
        }
    }

    void State(VoxelVolume scan, PreprocessingOptions options)
    {
        if (options.StatedOrientation is not { } code)
            return;
        var stated = VolumeOrientation.FromCode(code);
        if (Result.Orientation is not { } own)
            Result = Result with { Orientation = stated };
        else if (own.Code == stated.Code)
            return;
        else if (scan.DicomImages.Count > 0)
            _notes.Add($"the orientation {own.Code} of the series is taken, not the stated {stated.Code}");
        else
        {
            _notes.Add($"taken as {stated.Code}, as stated; the file says {own.Code}");
            Result = Result with
            {
                Orientation = stated,
                SlicePositions = Result.SlicePositions is { } positions ? [.. positions.Select(place => Renamed(place.Minus(positions[0])))]
                    : null,
            };
        }

        PatientVector Renamed(PatientVector way) =>
            stated.Origin.Moved(way.Dot(own.XAxis), stated.XAxis).Moved(way.Dot(own.YAxis), stated.YAxis)
                .Moved(way.Dot(own.ZAxis), stated.ZAxis);
    }

    // Slices that follow each other along another axis than z come last for it.
    void Straighten(string source, double air)
    {
        AxisTurn? last = Result.SlicePositions is null ? null : AxisTurn.ToLast(Result.SliceAxis);
        if (SliceGrid.Of(source, last?.Of(Result) ?? Result) is not { } grid)
            return;
        Turn(last);
        _notes.AddRange(grid.Notes);
        Add(Result with
        {
            Size = grid.Size,
            Spacing = grid.Spacing,
            Orientation = grid.Orientation,
            SlicePositions = null,
            Type = DataType.F32,
        }, (volume, loop) => SliceResampling.Apply(volume, grid, air, loop));
    }

    void Turn(AxisTurn? turn)
    {
        if (turn is not null)
            Add(turn.Of(Result), turn.Apply);
    }

    void Add(ScanGeometry result, Func<VoxelVolume, ParallelOptions, VoxelVolume> apply)
    {
        _steps.Add((result, apply));
        Result = result;
    }
}
