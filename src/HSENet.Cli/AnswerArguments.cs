// The options of the verbs that write text about scans: which model and adapter, how tokens are chosen, what is printed.
using System.CommandLine;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Options that become a model and <see cref="ReportOptions"/>.</summary>
sealed class AnswerArguments
{
    readonly Option<string> _weights;
    readonly Option<string?> _adapter = new("--adapter")
    {
        Description = "Which of the folder's adapters writes: its name, or the task it was trained for. By default the one of this verb."
    };
    readonly Option<int> _tokens;
    readonly Option<float> _temperature = Verb.Number("--temperature", "0 takes the most likely token at every step.", 0);
    readonly Option<int> _topK = new("--top-k")
    {
        Description = "Keep only the k most likely tokens; 0 keeps all.",
        DefaultValueFactory = _ => 0
    };
    readonly Option<float> _topP = Verb.Number("--top-p", "Keep the smallest set with this probability; 1 keeps all.", 1);
    readonly Option<float> _minP =
        Verb.Number("--min-p", "Keep tokens with at least this share of the most likely one's probability; 0 keeps all.", 0);
    readonly Option<float> _penalty =
        Verb.Number("--repetition-penalty", "Above 1 makes tokens less likely that the text has already.", 1);
    readonly Option<ulong> _seed = new("--seed") { Description = "Seed of the draws.", DefaultValueFactory = _ => 0 };
    readonly Option<string[]> _stop = new("--stop") { Description = "Text before which the output ends; may be given several times." };
    readonly Option<bool> _logProbabilities = new("--log-probabilities")
    {
        Description = "With --json: the logarithm of the probability that the model gave each token."
    };
    readonly Option<string> _tokenizer = new("--tokenizer")
    {
        Description = "slow, as the reference, or fast.",
        DefaultValueFactory = _ => "slow"
    };
    readonly Option<bool> _verify = new("--verify-weights") { Description = "First compare all weights with their checksums." };
    readonly Option<bool> _stats = new("--stats") { Description = "Print times per stage on stderr." };
    readonly Option<string> _device = Verb.Device(), _activations = Verb.Activations();

    /// <param name="maxTokens">How long a text is unless something else is said.</param>
    /// <param name="needsWeights">Whether the verb can do nothing without a model.</param>
    public AnswerArguments(int maxTokens, bool needsWeights = true)
    {
        _tokens = new("--max-tokens") { Description = "Tokens that are generated at most.", DefaultValueFactory = _ => maxTokens };
        _weights = new("--weights") { Description = "Model folder written by 'hsenet convert'.", Required = needsWeights };
    }

    /// <summary>Whether JSON is printed.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "One JSON object per text on a line of its own." };

    /// <summary>How scans are read.</summary>
    public StudyArguments Study { get; } = new();

    /// <summary>Shows stack traces.</summary>
    public Option<bool> Verbose { get; } = Verb.Verbose();

    /// <summary>Adds all options.</summary>
    public void AddAll(Command command)
    {
        foreach (Option option in (Option[])[_weights, _adapter, _tokens, _temperature, _topK, _topP, _minP, _penalty, _seed, _stop,
            _logProbabilities, _tokenizer, _verify, Json, _stats, _device, _activations, Verbose])
            command.Add(option);
        Study.AddAll(command);
    }

    /// <summary>The options of a text, checked.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="task">What an adapter was trained for that this verb takes.</param>
    /// <param name="question">What is asked.</param>
    public ReportOptions Options(ParseResult parsed, string task, string question)
    {
        var options = new ReportOptions
        {
            Question = question,
            Task = task,
            Adapter = parsed.GetValue(_adapter),
            MaxTokens = parsed.GetValue(_tokens),
            StopSequences = parsed.GetValue(_stop) ?? [],
            LogProbabilities = parsed.GetValue(_logProbabilities),
            Sampling = new SamplingOptions
            {
                Temperature = parsed.GetValue(_temperature),
                TopK = parsed.GetValue(_topK),
                TopP = parsed.GetValue(_topP),
                MinP = parsed.GetValue(_minP),
                RepetitionPenalty = parsed.GetValue(_penalty),
                Seed = parsed.GetValue(_seed),
            },
        };
        options.Check();
        if (options.LogProbabilities && !parsed.GetValue(Json))
            throw new HseNetException("--log-probabilities: expected --json, which prints them");
        return options;
    }

    /// <summary>A key of all options that decide a text, but for the question.</summary>
    public string Settings(ParseResult parsed, ReportOptions options, StudyOpener studies) => VolumeCache.KeyOf([studies.Settings,
        $"{options.MaxTokens}", InvariantText.Of(options.Sampling), options.Adapter ?? "", parsed.GetRequiredValue(_tokenizer),
        parsed.GetRequiredValue(_activations),
        .. options.StopSequences]);

    /// <summary>What prints the texts.</summary>
    public ReportWriter Writer(ParseResult parsed) =>
        new(parsed.GetValue(Json), parsed.GetValue(_stats), parsed.GetValue(Verbose));

    /// <summary>Opens the device.</summary>
    public Device OpenDevice(ParseResult parsed) => Device.Open(parsed.GetRequiredValue(_device));

    /// <summary>Refuses to go on without a model.</summary>
    public void RequireWeights(ParseResult parsed)
    {
        if (parsed.GetValue(_weights) is null)
            throw new HseNetException("--weights: expected a model folder");
    }

    /// <summary>Opens the model once for each worker, on devices that share the machine.</summary>
    public async Task<OpenModels> OpenModels(ParseResult parsed, int? workers, CancellationToken cancellation)
    {
        var writer = Writer(parsed);
        var opened = new OpenModels(Verb.OpenDevices(parsed.GetRequiredValue(_device), workers ?? 1));
        try
        {
            foreach (var device in opened.Devices)
                opened.All.Add(await OpenModel(parsed, device, writer, cancellation).ConfigureAwait(false));
            return opened;
        }
        catch
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens the model.</summary>
    public async Task<HseNetModel> OpenModel(ParseResult parsed, Device device, ReportWriter writer, CancellationToken cancellation)
    {
        writer.Loading();
        var model = await HseNetModel.OpenAsync(parsed.GetRequiredValue(_weights), device, new ModelOptions
        {
            Tokenizer = parsed.GetRequiredValue(_tokenizer) switch
            {
                "slow" => TokenizerForm.Slow,
                "fast" => TokenizerForm.Fast,
                var text => throw new HseNetException($"--tokenizer {text}: expected slow or fast"),
            },
            VerifyChecksums = parsed.GetValue(_verify),
            Activations = Verb.ActivationsOf(parsed.GetRequiredValue(_activations)),
        }, cancellation).ConfigureAwait(false);
        writer.Loaded();
        return model;
    }
}

/// <summary>A model on one device or several.</summary>
sealed class OpenModels(IReadOnlyList<Device> devices) : IAsyncDisposable
{
    public IReadOnlyList<Device> Devices { get; } = devices;

    public List<HseNetModel> All { get; } = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var model in All)
            await model.DisposeAsync().ConfigureAwait(false);
        foreach (var device in Devices)
            device.Dispose();
    }
}
