// Where a request stands: its stage, and which share of the stage was started.
namespace HSENet.Runtime;

/// <summary>What a request is doing.</summary>
public enum ReportStage
{
    /// <summary>Another request runs on the model.</summary>
    Waiting,

    /// <summary>From voxels to the model's volume and slices.</summary>
    Preprocessing,

    /// <summary>Slice encoder, encoders and projectors.</summary>
    Encoding,

    /// <summary>The language model reads the prompt.</summary>
    Reading,

    /// <summary>Tokens come.</summary>
    Generating,
}

/// <summary>Where a request stands.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Share">How much of the stage is done, 0 to 1: slab by slab of a scan, block by block and layer by layer (on a GPU: was
/// launched). While tokens come, of the tokens that may come at most, and 1 when the last has come; waiting has no shares.</param>
public readonly record struct ReportProgress(ReportStage Stage, double Share);

/// <summary>Counts the steps of a stage.</summary>
/// <param name="progress">Told each step.</param>
/// <param name="trace">Told each stage.</param>
sealed class StageProgress(IProgress<ReportProgress>? progress, OperationTrace? trace)
{
    ReportStage _stage;
    int _steps, _done;

    /// <summary>Where anybody watches.</summary>
    public OperationTrace? Trace => trace;

    /// <summary>A stage begins that has some steps.</summary>
    public void Begin(ReportStage stage, int steps = 0)
    {
        (_stage, _steps, _done) = (stage, steps, 0);
        trace?.Stage(stage);
        progress?.Report(new ReportProgress(stage, 0));
    }

    /// <summary>So many steps follow in the stage that has begun.</summary>
    public void Expect(int steps) => (_steps, _done) = (steps, 0);

    /// <summary>A stage without steps, unless it is going on already.</summary>
    public void Continue(ReportStage stage)
    {
        if (_stage != stage)
            Begin(stage);
    }

    /// <summary>One step is done.</summary>
    public void Step()
    {
        if (++_done <= _steps)
            progress?.Report(new ReportProgress(_stage, (double)_done / _steps));
    }

    /// <summary>The stage ended before all the steps that it might have had.</summary>
    public void End()
    {
        if (_done < _steps)
            progress?.Report(new ReportProgress(_stage, 1));
        _done = _steps;
    }

    /// <summary>The pass, telling its steps where anybody listens.</summary>
    public Pass Watch(Pass pass) => progress is null ? pass : pass with { Step = Step };
}
