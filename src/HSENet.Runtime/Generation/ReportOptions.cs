// What is asked of a study, and how the answer is generated.
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

    /// <summary>Told what the request is doing: for progress on a terminal.</summary>
    public IProgress<ReportStage>? Progress { get; init; }

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Sampling);
        if (string.IsNullOrWhiteSpace(Question))
            throw new HseNetException("the question is empty: expected words");
        if (MaxTokens < 1)
            throw new HseNetException($"max tokens {MaxTokens}: expected at least 1");
        Sampling.Check();
    }
}

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

    /// <summary>Times of the stages.</summary>
    public required ReportSeconds Seconds { get; init; }

    /// <summary>Hash over the checksums of all weights.</summary>
    public required string Weights { get; init; }

    /// <summary>Version of the preprocessing.</summary>
    public required string Preprocessing { get; init; }

    /// <summary>Whether the text ends because an end token came, not because of the limit.</summary>
    public required bool Ended { get; init; }
}
