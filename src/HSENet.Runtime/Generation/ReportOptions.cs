// What is asked of a study, and how the answer is generated.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Options of a report or an answer.</summary>
public sealed record ReportOptions
{
    /// <summary>Tokens of a report at most, unless told otherwise.</summary>
    public const int DefaultMaxTokens = 512;

    /// <summary>Tokens of an answer at most, unless told otherwise.</summary>
    public const int DefaultAnswerTokens = 74;

    /// <summary>The question that follows the visual tokens.</summary>
    public string Question { get; init; } = Prompt.DefaultQuestion;

    /// <summary>Generation stops after this many tokens, if no end token came before.</summary>
    public int MaxTokens { get; init; } = DefaultMaxTokens;

    /// <summary>How tokens are chosen.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>Which of the folder's adapters answers: its name, or the task that it was trained for. Null takes <c>report</c> for the
    /// default question and <c>vqa</c> for others, and where the folder has no choice, what it has.</summary>
    public string? Adapter { get; init; }

    /// <summary>The text ends before the first of these, which is not part of it.</summary>
    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>Whether <see cref="ReportResult.LogProbabilities"/> are kept.</summary>
    public bool LogProbabilities { get; init; }

    /// <summary>Whether <see cref="ReportResult.Logits"/> are kept: the vocabulary's size of floats for each token.</summary>
    public bool Logits { get; init; }

    /// <summary>Told where the request stands: for progress on a terminal.</summary>
    public IProgress<ReportProgress>? Progress { get; init; }

    /// <summary>What the answer's adapter should have been trained for, where none is named; null: what the question shows.</summary>
    internal string? Task { get; init; }

    /// <summary>The task that the question shows, where none is stated.</summary>
    internal string TaskOfQuestion =>
        Task ?? (Question == Prompt.DefaultQuestion ? NamedAdapter.ReportTask : NamedAdapter.QuestionTask);

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Sampling);
        if (string.IsNullOrWhiteSpace(Question))
            throw new HseNetException("the question is empty: expected words");
        if (MaxTokens < 1)
            throw new HseNetException($"ReportOptions.MaxTokens {MaxTokens}: expected at least 1");
        ArgumentNullException.ThrowIfNull(StopSequences);
        if (StopSequences.Any(string.IsNullOrEmpty))
            throw new HseNetException("ReportOptions.StopSequences has an empty one: expected text");
        Sampling.Check();
    }
}

/// <summary>Times of a request in seconds.</summary>
/// <param name="Preprocessing">From voxels to the model's volume and slices.</param>
/// <param name="Encoding">Slice encoder, encoders and projectors.</param>
/// <param name="Prefill">The prompt, until the first token.</param>
/// <param name="Decode">All further tokens.</param>
public readonly record struct ReportSeconds(double Preprocessing, double Encoding, double Prefill, double Decode);

/// <summary>A finished report.</summary>
public sealed record ReportResult
{
    /// <summary>The text, as the model wrote it: usually it begins with the space that separates it from the question.</summary>
    public required string Text { get; init; }

    /// <summary>The generated ids, the end token included.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Tokens of the prompt, visual ones included.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Those of them that the language model read for this request; the others were kept of an earlier one.</summary>
    public required int ReadTokens { get; init; }

    /// <summary>Natural logarithm of the probability that the model gave each id, before penalty, temperature and filters; null unless
    /// asked for.</summary>
    public IReadOnlyList<float>? LogProbabilities { get; init; }

    /// <summary>The model's logits at each id, [vocabulary], likewise; null unless asked for.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>>? Logits { get; init; }

    /// <summary>The adapter that wrote it; <c>base</c> where that is the folder's own weights.</summary>
    public required string Adapter { get; init; }

    /// <summary>Times of the stages; 0 for what was kept of an earlier request.</summary>
    public required ReportSeconds Seconds { get; init; }

    /// <summary>Hash over the checksums of all weights, the adapter's included.</summary>
    public required string Weights { get; init; }

    /// <summary>Version of the preprocessing.</summary>
    public required string Preprocessing { get; init; }

    /// <summary>How what products pass on was stored: the same model gives other bits in bf16 than in f32.</summary>
    public required ActivationType Activations { get; init; }

    /// <summary>What a user should know about the study (<see cref="EncodedStudy.Notes"/>); no patient data.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether the text ends because an end token or a stop sequence came, not because of the limit.</summary>
    public required bool Ended { get; init; }
}
