// A model that is open on a device: the object an embedder holds.
using System.Diagnostics;
using System.IO.Hashing;
using System.Text;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>How a model is opened.</summary>
public sealed record ModelOptions
{
    /// <summary>How text is cut into tokens; the reference uses <see cref="TokenizerForm.Slow"/>.</summary>
    public TokenizerForm Tokenizer { get; init; }
}

/// <summary>
/// HSENet with its weights on a device. Serves many threads: requests queue, each with its own answer. Weights are used in place where
/// the device can read the mapped files.
/// </summary>
public sealed class HseNetModel : IDisposable, IAsyncDisposable
{
    readonly SemaphoreSlim _oneRequest = new(1, 1);
    readonly CancellationTokenSource _closing = new();
    readonly WeightStore _weights;
    readonly VisionModel _vision;
    readonly LanguageModel _language;
    (InferencePlan Plan, Arena Arena)? _memory;
    bool _disposed;

    HseNetModel(ModelConfig config, LanguageTokenizer tokenizer, WeightStore weights, string weightsHash)
    {
        (Config, Tokenizer, _weights, WeightsHash) = (config, tokenizer, weights, weightsHash);
        _vision = new VisionModel(weights, config);
        _language = new LanguageModel(weights, config.LanguageModel);
    }

    /// <summary>Architecture and sizes.</summary>
    internal ModelConfig Config { get; }

    /// <summary>Visual tokens that stand in every prompt.</summary>
    public int VisualTokens => Config.VisualTokens;

    /// <summary>The language model's tokenizer.</summary>
    internal LanguageTokenizer Tokenizer { get; }

    /// <summary>The device that the model runs on.</summary>
    public Device Device => _weights.Device;

    internal VisionModel Vision => _vision;

    internal LanguageModel Language => _language;

    /// <summary>Hash over the checksums of all weights, 16 hexadecimal digits: says which weights gave a result.</summary>
    public string WeightsHash { get; }

    /// <summary>Opens a folder that <c>hsenet convert</c> wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where it runs; disposed by the caller, before or after the model.</param>
    /// <param name="options">How it is opened.</param>
    /// <exception cref="HseNetFileException">A file is missing or does not fit the others; the message names file and tensor.</exception>
    public static HseNetModel Open(string folder, Device device, ModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        if (!Directory.Exists(folder))
            throw new HseNetFileException(folder, File.Exists(folder) ? "is a file" : "does not exist",
                "a folder written by 'hsenet convert'");
        var config = ModelConfig.Read(folder);
        var tokenizer = LanguageTokenizer.Open(folder, (options ?? new()).Tokenizer);
        if (tokenizer.Count != config.LanguageModel.VocabSize)
            throw new HseNetFileException(folder, $"the tokenizer has {tokenizer.Count} tokens",
                $"{config.LanguageModel.VocabSize}, the rows of the embedding table");
        var source = TensorSource.Open(folder);
        var weights = new WeightStore(device, source);
        try
        {
            ModelConfigTensors.Check(config, Path.Combine(folder, ModelConfig.FileName), source);
            return new HseNetModel(config, tokenizer, weights, Hash(source));
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
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="MemoryPlan.For(string, int, int)"/>.</exception>
    public MemoryPlan Plan(int promptTokens, int maxTokens) => MemoryPlan.For(Config, promptTokens, maxTokens);

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
        ObjectDisposedException.ThrowIf(_disposed, this);
        options ??= new();
        options.Check();
        study.ThrowIfDisposed();
        return new ReportStream((write, stop) => Run(study, options, write, stop), cancellation);
    }

    async Task<ReportResult> Run(CtStudy study, ReportOptions options, Action<string> write, CancellationToken cancellation)
    {
        options.Progress?.Report(ReportStage.Waiting);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closing.Token);
        try
        {
            await _oneRequest.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                using var launches = Device.CancelLaunchesBy(stop.Token);
                return Generate(study, options, write, stop.Token);
            }
            finally
            {
                _oneRequest.Release();
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new ObjectDisposedException(typeof(HseNetModel).FullName, "the model was disposed while the report was written");
        }
    }

    ReportResult Generate(CtStudy study, ReportOptions options, Action<string> write, CancellationToken cancellation)
    {
        int[] prompt = Prompt.Build(Tokenizer, Config.VisualTokens, options.Question);
        int limit = Config.LanguageModel.MaxPositionEmbeddings;
        if (prompt.Length >= limit)
            throw new HseNetException($"the question has {prompt.Length - 1 - Config.VisualTokens} tokens: expected a prompt below "
                + $"{limit} tokens");
        int newTokens = Math.Min(options.MaxTokens, limit - prompt.Length);
        int positions = prompt.Length + newTokens;
        var (plan, arena) = Memory(prompt.Length, positions);
        var pass = new Pass(Device, arena);
        var clock = Stopwatch.StartNew();

        options.Progress?.Report(ReportStage.Preprocessing);
        using var prepared = study.Prepare(Device, Config, cancellation);
        double preprocessing = Lap(clock);

        options.Progress?.Report(ReportStage.Encoding);
        cancellation.ThrowIfCancellationRequested();
        var slices = Config.SliceEncoder is null
            || !prepared.SliceFeatures.IsEmpty ? prepared.SliceFeatures : _vision.EncodeSlices(pass, plan.Vision, prepared.SlicePixels);
        cancellation.ThrowIfCancellationRequested();
        var visual = _vision.Encode(pass, plan.Vision, prepared.Volume, slices);
        Device.Synchronize();
        double encoding = Lap(clock);

        options.Progress?.Report(ReportStage.Reading);
        double prefill = 0;
        var ids = new List<int>(newTokens);
        var text = new StringBuilder();
        var decoder = new StreamingDecoder(Tokenizer);
        var generator = new Generator(_language, Config.LanguageModel, plan);
        foreach (int id in generator.Generate(pass, prompt, visual, options.Sampling, newTokens, cancellation))
        {
            if (ids.Count == 0)
            {
                prefill = Lap(clock);
                options.Progress?.Report(ReportStage.Generating);
            }
            ids.Add(id);
            if (!Config.LanguageModel.EosTokenId.Contains(id))
                Write(decoder.Append(id));
        }
        Write(decoder.Finish());
        return new ReportResult
        {
            Text = text.ToString(),
            Ids = ids,
            PromptTokens = prompt.Length,
            Seconds = new ReportSeconds(preprocessing, encoding, prefill, Lap(clock)),
            Weights = WeightsHash,
            Preprocessing = prepared.Preprocessing,
            Ended = Config.LanguageModel.EosTokenId.Contains(ids[^1]),
        };

        void Write(string piece)
        {
            if (piece.Length == 0)
                return;
            text.Append(piece);
            write(piece);
        }
    }

    // Kept between requests; grows when a longer one comes.
    (InferencePlan Plan, Arena Arena) Memory(int promptTokens, int positions)
    {
        if (_memory is { } memory && memory.Plan.PromptTokens >= promptTokens && memory.Plan.Positions >= positions)
            return memory;
        _memory?.Arena.Dispose();
        _memory = null;
        var plan = InferencePlan.For(Config, promptTokens, positions);
        _memory = (plan, new Arena(Device, plan.Memory));
        return _memory.Value;
    }

    static double Lap(Stopwatch clock)
    {
        double seconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        return seconds;
    }

    // The stored checksums are enough: reading gigabytes of weights to name them would double the time to open a model.
    internal static string Hash(TensorSource source, string prefix = "")
    {
        var hash = new XxHash3();
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
            hash.Append(Encoding.UTF8.GetBytes($"{tensor}={tensor.StatedChecksum ?? tensor.ComputeChecksum()}\n"));
        return hash.GetCurrentHashAsUInt64().ToString("x16");
    }

    /// <summary>
    /// Cancels what runs and what waits (its readers get <see cref="ObjectDisposedException"/>), and gives all memory back. The device may
    /// be disposed before or after.
    /// </summary>
    public void Dispose()
    {
        _closing.Cancel();
        _oneRequest.Wait();
        Free();
    }

    /// <summary>The same without blocking the caller while the running request ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _oneRequest.WaitAsync().ConfigureAwait(false);
        Free();
    }

    // Called by whoever has the place of the running request.
    void Free()
    {
        if (!_disposed)
        {
            _disposed = true;
            _memory?.Arena.Dispose();
            _weights.Dispose();
        }
        _oneRequest.Release();
    }
}
