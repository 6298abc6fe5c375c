// The loop of a training: batches in, steps of the optimizer, log, validation, checkpoints; a resumed run goes on bit for bit.
using System.Diagnostics;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>One run in its folder.</summary>
sealed partial class TrainingRun : IDisposable
{
    readonly TrainingConfig _config;
    readonly RunFolder _folder;
    readonly TrainingData _data;
    readonly ITrainingObjective _objective;
    readonly Optimizer _optimizer;
    readonly RunLog _log;
    readonly IProgress<TrainingProgress>? _progress;
    readonly SampleOrder _order;
    readonly long _evalEvery;
    readonly long _plannedBytes;
    readonly HashSet<string> _noted = [];
    RunState _state;
    long _saved = -1;
    double? _validationLoss;

    TrainingRun(TrainingConfig config, RunFolder folder, TrainingData data, ITrainingObjective objective,
        IProgress<TrainingProgress>? progress)
    {
        (_config, _folder, _data, _objective, _progress) = (config, folder, data, objective, progress);
        _order = new SampleOrder(data.Manifest.Train.Count, config.Batch, config.Seed);
        Steps = config.Steps > 0 ? config.Steps
            : Math.Max(1, (long)Math.Ceiling(config.Epochs * _order.BatchesPerEpoch / config.Accumulation));
        _evalEvery = config.EvalEvery > 0 ? config.EvalEvery : Math.Max(1, Steps / 25);
        _optimizer = new Optimizer(objective.Parameters,
            new OptimizerOptions(config.LearningRate, (long)Math.Ceiling(config.Warmup * Steps), Steps)
            {
                Beta1 = config.Beta1,
                Beta2 = config.Beta2,
                Epsilon = config.Epsilon,
                WeightDecay = config.WeightDecay,
                Clip = config.Clip,
            });
        _plannedBytes = objective.Plan.TotalBytes + objective.Parameters.Bytes + objective.FrozenBytes;
        _state = Restore();
        _log = RunLog.Open(folder.Log, _state.Step);
    }

    /// <summary>Steps of the whole training.</summary>
    public long Steps { get; }

    /// <summary>Where it stands.</summary>
    public RunState State => _state;

    /// <summary>Rows of the manifest that are not used.</summary>
    public int SkippedRows => _data.Manifest.Skipped.Count;

    /// <summary>Hash of the samples.</summary>
    public string Samples => _data.Hash;

    /// <summary>Opens a run: everything that can be refused is refused here.</summary>
    /// <param name="path">The run's folder.</param>
    /// <param name="config">The training.</param>
    /// <param name="resume">Whether the folder holds the run already.</param>
    /// <param name="study">How scans are read.</param>
    /// <param name="threads">How many the device of the training may take beside its own work.</param>
    /// <param name="open">Makes what is minimised.</param>
    /// <param name="progress">Hears where the run stands.</param>
    /// <exception cref="HseNetException">Manifest, weights, folder or checkpoint cannot be used, or the configuration is another one than
    /// the run's.</exception>
    public static TrainingRun Open(string path, TrainingConfig config, bool resume, CtStudyOptions study, int threads,
        Func<TrainingConfig, LabelSpace?, ITrainingObjective> open, IProgress<TrainingProgress>? progress)
    {
        if (resume && TrainingConfigFile.Differences(TrainingConfigFile.Read(RunFolder.Open(path).Config, null), config)
            is { Count: > 0 } differences)
            throw new HseNetFileException(path,
                $"the run has another configuration ({string.Join("; ", differences)}: the run's, then this one's)",
                "the same one to resume it, or another folder");
        TrainingData? data = null;
        ITrainingObjective? objective = null;
        var folder = resume ? RunFolder.Open(path) : RunFolder.New(path);
        try
        {
            if (resume)
                folder.Take();
            data = new TrainingData(config, ModelConfig.Read(config.Weights), study,
                config.Cache == "off" ? null : config.Cache ?? folder.Cache, threads);
            objective = open(config, data.Labels);
            // A new run that is refused leaves nothing: its folder comes last, and behind a cache that stands elsewhere.
            bool outside = config.Cache is not null;
            if (outside)
                data.OpenCache();
            if (!resume)
                folder.Take();
            if (!outside)
                data.OpenCache();
            if (!resume)
                folder.Write(config);
            return new TrainingRun(config, folder, data, objective, progress);
        }
        catch
        {
            objective?.Dispose();
            data?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Trains to the end. Whatever ends it earlier, the last finished step is written as a checkpoint unless it
    /// diverged.</summary>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite.</exception>
    /// <exception cref="HseNetFileException">A sample cannot be used, or a file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Train(CancellationToken cancellation)
    {
        Announce();
        try
        {
            Loop(cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException || (e.IsOfOneItem() && e is not TrainingDivergedException))
        {
            try
            {
                Save();
            }
            catch (HseNetFileException) when (e is HseNetFileException)
            {
                // The disk is full for both; the first problem says so, and the last checkpoint stands.
            }
            throw;
        }
    }

    /// <summary>The values of the lowest validation loss, or the last ones without a validation; the run is over then.</summary>
    public ParameterSet BestParameters()
    {
        if (File.Exists(_folder.Best))
            Checkpoint.Read(_folder.Best, _objective.Parameters, _data.Hash);
        return _objective.Parameters;
    }

    void Loop(CancellationToken cancellation)
    {
        if (ValidationIsDue && _state.Validated < _state.Step) // the run ended within it
        {
            _saved = -1;
            Milestones(cancellation);
        }
        if (_state.Step >= Steps)
            return;
        var clock = Stopwatch.StartNew();
        TimeSpan waited = _data.Train.Wait;
        long withoutSamples = 0;
        var step = new List<LoadedBatch>();
        foreach (LoadedBatch batch in _data.Train.From(_state.Position, _order, cancellation))
        {
            step.Add(batch);
            if (step.Count < _config.Accumulation)
                continue;
            BatchLoss loss = AddGradients(step, cancellation);
            double rate = _optimizer.LearningRate(_state.Step);
            double norm = loss.Weight > 0 ? _optimizer.Step(_objective.Parameters, _state.Step) : 0;
            if (!double.IsFinite(norm))
                throw Diverged("the gradient's norm", norm, step);
            int skipped = step.Sum(b => b.Skipped.Count);
            withoutSamples = loss.Weight > 0 ? 0 : withoutSamples + step.Count;
            if (withoutSamples >= _order.BatchesPerEpoch)
                throw new HseNetFileException(_config.Manifest, "no sample of a whole epoch can be used", "at least one");
            _state = _state with { Step = _state.Step + 1, Position = batch.Number + 1, Skipped = _state.Skipped + skipped };
            foreach (string problem in step.SelectMany(b => b.Skipped))
                Note("skipped", problem);
            if (_data.CacheProblem is { } problemOfCache && _noted.Add(problemOfCache))
                Note("cache", problemOfCache);

            double seconds = clock.Elapsed.TotalSeconds, wait = (_data.Train.Wait - waited).TotalSeconds;
            clock.Restart();
            waited = _data.Train.Wait;
            var line = new StepLine(_state.Step, (double)_state.Position / _order.BatchesPerEpoch, loss.Loss, rate, norm, loss.Tokens,
                loss.Tokens / seconds, seconds, wait, Environment.WorkingSet, _plannedBytes, skipped);
            _log.Write(line);
            Report(line);
            step.Clear();
            Milestones(cancellation);
            clock.Restart();
            if (_state.Step == Steps)
                return;
        }
    }

    BatchLoss AddGradients(List<LoadedBatch> step, CancellationToken cancellation)
    {
        var context = new StepContext(_state.Step, _config.Seed);
        // A pass that is cut short changes gradients only; the optimizer's step, which changes more, is always whole.
        using var launches = Device.CancelLaunchesBy(cancellation);
        double weight = step.Sum(batch => batch.Examples.Sum(example => example.Weight)), mean = 0;
        long tokens = 0;
        _objective.Parameters.ClearGradients();
        foreach (var batch in step.Where(batch => batch.Examples.Count > 0))
        {
            cancellation.ThrowIfCancellationRequested();
            double share = batch.Examples.Sum(example => example.Weight) / weight;
            BatchLoss loss = _objective.AddGradients(batch.Examples, context, share);
            if (!double.IsFinite(loss.Loss))
                throw Diverged("the loss", loss.Loss, [batch]);
            mean += loss.Loss * share;
            tokens += loss.Tokens;
        }
        return new BatchLoss(mean, tokens, (long)weight);
    }

    void Milestones(CancellationToken cancellation)
    {
        if (ValidationIsDue)
            Validate(cancellation);
        if (_state.Step == Steps || _state.Step % _config.SaveEvery == 0)
            Save();
    }

    bool ValidationIsDue => _data.ValidationRows.Count > 0 && _state.Step > 0 && (_state.Step == Steps || _state.Step % _evalEvery == 0);

    void Validate(CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var order = new SampleOrder(_data.ValidationRows.Count, _config.Batch, seed: null);
        double sum = 0, weight = 0;
        int samples = 0;
        foreach (LoadedBatch batch in _data.Validation.From(0, order, cancellation).Take((int)order.BatchesPerEpoch))
        {
            cancellation.ThrowIfCancellationRequested();
            if (batch.Examples.Count == 0)
                continue;
            BatchLoss loss;
            using (Device.CancelLaunchesBy(cancellation))
                loss = _objective.Loss(batch.Examples, new StepContext(_state.Step, _config.Seed));
            if (!double.IsFinite(loss.Loss))
                throw Diverged("the validation loss", loss.Loss, [batch], _data.ValidationRows);
            (sum, weight, samples) = (sum + loss.Loss * loss.Weight, weight + loss.Weight, samples + batch.Examples.Count);
        }
        _state = _state with { Validated = _state.Step };
        if (weight == 0)
            return;
        double mean = sum / weight;
        bool best = mean < _state.BestLoss;
        if (best)
        {
            _state = _state with { BestLoss = mean, BestStep = _state.Step };
            Checkpoint.Write(_folder.Best, _objective.Parameters, _state, _data.Hash);
        }
        _validationLoss = mean;
        _log.Write(new ValidationLine(_state.Step, mean, samples, clock.Elapsed.TotalSeconds, best, _objective.TakeScores()));
        _progress?.Report(new TrainingProgress(_state.Step, Steps) { ValidationLoss = mean });
    }

    void Save()
    {
        if (_saved == _state.Step)
            return;
        string path = _folder.Checkpoint(_state.Step);
        Checkpoint.Write(path, _objective.Parameters, _state, _data.Hash);
        _saved = _state.Step;
        _folder.Prune(_config.Keep);
        _progress?.Report(new TrainingProgress(_state.Step, Steps) { Checkpoint = path, ValidationLoss = _validationLoss });
    }

    // A checkpoint that is damaged all the same gives way to the one before it.
    RunState Restore()
    {
        IReadOnlyList<string> checkpoints = _folder.Newest();
        for (int i = 0; i < checkpoints.Count; i++)
        {
            try
            {
                RunState state = Checkpoint.Read(checkpoints[i], _objective.Parameters, _data.Hash);
                _saved = state.Step;
                return state;
            }
            catch (HseNetFileException) when (i + 1 < checkpoints.Count)
            {
            }
        }
        return RunState.Start;
    }

    public void Dispose()
    {
        _log.Dispose();
        _optimizer.Dispose();
        _objective.Dispose();
        _data.Dispose();
        _folder.Dispose();
    }
}
