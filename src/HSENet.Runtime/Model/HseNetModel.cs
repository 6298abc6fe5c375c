// A model that is open on a device: the object an embedder holds.
using System.Diagnostics;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// HSENet with its weights on a device. Serves many threads: requests queue, each with its own answer. Weights are used in place where
/// the device can read the mapped files.
/// </summary>
public sealed class HseNetModel : IDisposable, IAsyncDisposable
{
    /// <summary>Name of the library's <see cref="System.Diagnostics.ActivitySource"/> and of its
    /// <see cref="System.Diagnostics.Metrics.Meter"/>: what a program that watches it subscribes to.</summary>
    public const string TelemetryName = "HSENet";

    readonly RequestQueue _queue;
    readonly WeightStore _weights;
    readonly ModelAdapters _adapters;
    readonly Familiarity? _familiarity;
    (InferencePlan Plan, Arena Arena)? _memory;

    HseNetModel(ModelConfig config, LanguageTokenizer tokenizer, WeightStore weights, ModelAdapters adapters, Familiarity? familiarity,
        ActivationType activations, int? queueLimit)
    {
        (Config, Tokenizer, _weights, _adapters, Activations) = (config, tokenizer, weights, adapters, activations);
        _familiarity = familiarity;
        _queue = new RequestQueue(this, queueLimit);
    }

    /// <summary>Architecture and sizes.</summary>
    internal ModelConfig Config { get; }

    /// <summary>How tensors between products are stored.</summary>
    public ActivationType Activations { get; }

    /// <summary>Visual tokens that stand in every prompt.</summary>
    public int VisualTokens => Config.VisualTokens;

    /// <summary>The language model's tokenizer.</summary>
    internal LanguageTokenizer Tokenizer { get; }

    /// <summary>Requests that run or wait now.</summary>
    public int Requests => _queue.Count;

    /// <summary>Requests that wait at most; null for any number.</summary>
    public int? QueueLimit => _queue.Limit;

    /// <summary>The device that the model runs on.</summary>
    public Device Device => _weights.Device;

    internal VisionModel Vision => _adapters.All[0].Vision;

    internal LanguageModel Language => _adapters.All[0].Language;

    /// <summary>What the folder can answer with, by name: its own weights are <c>base</c>.</summary>
    public IReadOnlyList<string> Adapters => [.. _adapters.All.Select(adapted => adapted.Name)];

    /// <summary>Hash over the checksums of the folder's own weights, 16 hexadecimal digits: says which weights gave a result.
    /// <see cref="ReportResult.Weights"/> includes those of the adapter that answered.</summary>
    public string WeightsHash => _adapters.BaseHash;

    /// <summary>Opens a folder that <c>hsenet convert</c> wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where it runs; disposed by the caller, before or after the model.</param>
    /// <param name="options">How it is opened.</param>
    /// <exception cref="HseNetFileException">A file is missing or does not fit the others; the message names file and tensor.</exception>
    public static HseNetModel Open(string folder, Device device, ModelOptions? options = null) => Open(folder, device, options, default);

    /// <summary>The same on another thread.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where it runs; disposed by the caller, before or after the model.</param>
    /// <param name="options">How it is opened.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetFileException">As <see cref="Open(string, Device, ModelOptions?)"/>.</exception>
    public static Task<HseNetModel> OpenAsync(string folder, Device device, ModelOptions? options = null,
        CancellationToken cancellation = default) => OwnThread.Run(() => Open(folder, device, options, cancellation), cancellation);

    static HseNetModel Open(string folder, Device device, ModelOptions? options, CancellationToken cancellation)
    {
        options ??= new();
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        if (options.QueueLimit < 0)
            throw new HseNetException($"ModelOptions.QueueLimit {options.QueueLimit}: expected at least 0");
        return OperationTrace.Run(OperationName.Open, () => OpenFolder(folder, device, options, cancellation));
    }

    static HseNetModel OpenFolder(string folder, Device device, ModelOptions options, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            throw new HseNetFileException(folder, File.Exists(folder) ? "is a file" : "does not exist",
                "a folder of converted weights");
        if (options.Activations is { } asked && !Enum.IsDefined(asked))
            throw new HseNetException($"ModelOptions.Activations {asked}: expected {ActivationType.F32} or {ActivationType.BF16}");
        if (!Enum.IsDefined(options.Tokenizer))
            throw new HseNetException($"ModelOptions.Tokenizer {options.Tokenizer}: expected {TokenizerForm.Slow} or {TokenizerForm.Fast}");
        var activations = options.Activations ?? (device.Kind == DeviceKind.Host ? ActivationType.F32 : ActivationType.BF16);
        if (device.Kind == DeviceKind.Host && activations != ActivationType.F32)
            throw new HseNetException($"ModelOptions.Activations bf16: expected f32 on {device.Name}");
        var config = ModelConfig.Read(folder);
        cancellation.ThrowIfCancellationRequested();
        // The tables of 200,000 tokens take longest, and hold nothing that somebody would have to give back.
        var tokenizer = OwnThread.Run(() => LanguageTokenizer.Open(folder, options.Tokenizer)).WaitAsync(cancellation).GetAwaiter()
            .GetResult();
        if (tokenizer.Count != config.LanguageModel.VocabSize)
            throw new HseNetFileException(folder, $"the tokenizer has {tokenizer.Count} tokens",
                $"{config.LanguageModel.VocabSize}, the rows of the embedding table");
        cancellation.ThrowIfCancellationRequested();
        var source = TensorSource.Open(folder);
        var weights = new WeightStore(device, source) { Cancellation = cancellation };
        try
        {
            cancellation.ThrowIfCancellationRequested();
            ModelConfigTensors.Check(config, Path.Combine(folder, ModelConfig.FileName), source);
            if (options.VerifyChecksums)
                source.VerifyChecksums(cancellation);
            var model = new HseNetModel(config, tokenizer, weights,
                new ModelAdapters(folder, config, device, weights, source, options.VerifyChecksums, cancellation),
                Familiarity.Open(folder, config), activations, options.QueueLimit);
            cancellation.ThrowIfCancellationRequested();
            device.Warm(rehearsal => ReportRehearsal.Run(rehearsal, model));
            return model;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The memory of a request, without allocating it.</summary>
    /// <param name="promptTokens">Tokens of the prompt, visual ones included.</param>
    /// <param name="maxTokens">Tokens that are generated at most.</param>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="MemoryPlan.For(string, int, int, ActivationType)"/>.</exception>
    public MemoryPlan Plan(int promptTokens, int maxTokens) => MemoryPlan.For(Config, promptTokens, maxTokens, Activations);

    /// <summary>The most that <see cref="EncodedStudy.Bytes"/> becomes, once all adapters were asked with short and long prompts.</summary>
    public MemoryPlan PlanEncoded()
    {
        var plan = new MemoryPlan(Activations);
        EncodedMemory.Features(plan, Config);
        foreach (var adapted in _adapters.All)
            EncodedMemory.ReserveAdapter(plan, adapted.Config, sets: Config.LanguageModel.RopeScaling is null ? 1 : 2);
        return plan;
    }

    /// <summary>Runs the encoders over a study, for many questions.</summary>
    /// <param name="study">The CT; may be disposed afterwards.</param>
    /// <param name="progress">Told where it stands.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetException">The study cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The model or the study was disposed.</exception>
    public EncodedStudy Encode(CtStudy study, IProgress<ReportProgress>? progress = null, CancellationToken cancellation = default)
    {
        _queue.ThrowIfInside();
        return EncodeAsync(study, progress, cancellation).GetAwaiter().GetResult();
    }

    /// <summary>The same on another thread.</summary>
    /// <param name="study">The CT; may be disposed afterwards.</param>
    /// <param name="progress">Told where it stands.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetException">The study cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The model or the study was disposed.</exception>
    public Task<EncodedStudy> EncodeAsync(CtStudy study, IProgress<ReportProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(study);
        _queue.ThrowIfClosed();
        study.ThrowIfDisposed();
        return _queue.Run(OperationName.Encode, progress, (stages, stop) =>
        {
            if (_memory is null)
                Reserve(Config.PrefixTokens, Config.PrefixTokens + 1);
            return Encode(study, stages, stop);
        }, cancellation);
    }

    /// <summary>Reads what <see cref="EncodedStudy.Save"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="HseNetFileException">It is damaged, or was written with other weights, another adapter or another
    /// preprocessing.</exception>
    /// <exception cref="ModelBusyException">Too many requests wait.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public EncodedStudy LoadEncoded(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        return Exclusive(OperationName.Load, () => EncodedFile.Read(file, this));
    }

    /// <summary>Writes a report of a study, or answers the question in the options.</summary>
    /// <param name="study">The CT; must stay open until the report is read.</param>
    /// <param name="options">Question and sampling.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <returns>The text piece by piece; nothing runs before it is read.</returns>
    /// <exception cref="HseNetException">The options or the study cannot be used; what only the work itself shows is thrown while the text
    /// is read.</exception>
    /// <exception cref="ObjectDisposedException">The model or the study was disposed.</exception>
    public ReportStream Report(CtStudy study, ReportOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(study);
        _queue.ThrowIfClosed();
        options ??= new();
        options.Check();
        var adapted = _adapters.Choose(options);
        study.ThrowIfDisposed();
        return new ReportStream((write, cancelled) => _queue.Run(OperationOf(options), options.Progress, (stages, stop) =>
        {
            var answering = new Answering(Tokenizer, adapted, options, null);
            Reserve(answering.Rows, answering.Positions);
            using var encoded = Encode(study, stages, stop);
            return encoded.WithEncoding(Run(answering, encoded, stages, write, stop));
        }, cancelled), _queue.ThrowIfInside, cancellation);
    }

    /// <summary>A request about a study that was encoded, or the next turn of a conversation.</summary>
    internal ReportStream Answer(EncodedStudy study, ReportOptions options, Conversation? conversation, CancellationToken cancellation)
    {
        _queue.ThrowIfClosed();
        options.Check();
        var adapted = _adapters.Choose(options);
        study.ThrowIfDisposed();
        return new ReportStream((write, cancelled) => _queue.Run(OperationOf(options), options.Progress, (stages, stop) =>
        {
            var own = conversation?.Adapter(adapted, named: options.Adapter is not null) ?? adapted;
            var answering = new Answering(Tokenizer, own, options, conversation);
            Reserve(answering.Rows, answering.Positions);
            return Run(answering, study, stages, write, stop);
        }, cancelled), _queue.ThrowIfInside, cancellation);
    }

    ReportResult Run(Answering answering, EncodedStudy study, StageProgress stages, Action<string> write, CancellationToken stop)
    {
        var (plan, arena) = _memory!.Value;
        return answering.Run(study, new Pass(Device, arena), plan, stages, write, stop);
    }

    EncodedStudy Encode(CtStudy study, StageProgress stages, CancellationToken stop)
    {
        var (plan, arena) = _memory!.Value;
        var clock = Stopwatch.StartNew();
        stages.Begin(ReportStage.Preprocessing);
        using var prepared = study.Prepare(Device, Config, stop, stages);
        double preprocessing = clock.Elapsed.TotalSeconds;
        stop.ThrowIfCancellationRequested();

        clock.Restart();
        bool sliced = Config.SliceEncoder is null || !prepared.SliceFeatures.IsEmpty;
        stages.Begin(ReportStage.Encoding, Config.EncoderCount * Config.Vision.NumLayers + (sliced ? 0 : Config.SliceEncoder!.NumLayers));
        var pass = stages.Watch(new Pass(Device, arena));
        var slices = sliced ? prepared.SliceFeatures : Vision.EncodeSlices(pass, plan.Vision, prepared.SlicePixels);
        var encoded = new EncodedStudy(this, prepared.Preprocessing, study.Notes);
        try
        {
            Vision.EncodeFeatures(pass, plan.Vision, prepared.Volume, slices, encoded.Features);
            Device.Synchronize();
            if (_familiarity?.NoteOn(Device, Config, encoded.Features) is { } note)
                encoded.Notes = [.. encoded.Notes, note];
            encoded.Seconds = (preprocessing, clock.Elapsed.TotalSeconds);
            return encoded;
        }
        catch
        {
            encoded.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of all bound weights, the adapters' included.</summary>
    internal long WeightBytes => _weights.Bytes + _adapters.Bytes;

    /// <summary>Hashes that a result of this model may state.</summary>
    internal IReadOnlyCollection<string> Hashes => [.. _adapters.All.Select(adapted => adapted.Hash)];

    /// <summary>The adapter of this name, if there is one.</summary>
    internal AdaptedModel? Adapted(string name) => _adapters.Find(name);

    static string OperationOf(ReportOptions options) =>
        options.TaskOfQuestion == NamedAdapter.ReportTask ? OperationName.Report : OperationName.Answer;

    /// <summary>Runs something when no request does.</summary>
    internal T Exclusive<T>(string operation, Func<T> work)
    {
        _queue.ThrowIfInside();
        return _queue.Run(operation, null, (_, _) => work(), default).GetAwaiter().GetResult();
    }

    // Working memory is kept between requests; it grows when a longer one comes.
    void Reserve(int rows, int positions)
    {
        if (_memory is { } memory && memory.Plan.Rows >= rows && memory.Plan.Positions >= positions)
            return;
        _memory?.Arena.Dispose();
        _memory = null;
        var plan = InferencePlan.For(Config, rows, positions, Activations);
        _memory = (plan, new Arena(Device, plan.Memory));
    }

    /// <summary>
    /// Cancels what runs and what waits (its readers get <see cref="ObjectDisposedException"/>), and gives all memory back; called from the
    /// progress of a request, as soon as that has ended. The device may be disposed before or after.
    /// </summary>
    public void Dispose() => _queue.Close(Free);

    /// <summary>The same without blocking the caller while the running request ends.</summary>
    public ValueTask DisposeAsync() => _queue.CloseAsync(Free);

    void Free()
    {
        _memory?.Arena.Dispose();
        _adapters.Dispose();
        _weights.Dispose();
    }
}
