// How the next token is chosen from the logits.
namespace HSENet.Runtime;

/// <summary>
/// Choice of the next token: the most likely one, or drawn, after repetition penalty, temperature, min-p, top-k and top-p in this order.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>The most likely token at every step.</summary>
    public static SamplingOptions Greedy { get; } = new();

    /// <summary>Logits are divided by it; 0 takes the most likely token.</summary>
    public float Temperature { get; init; }

    /// <summary>Only this many of the most likely tokens are kept; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>The smallest set of tokens whose probability reaches this is kept; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Only tokens are kept whose probability is at least this share of the most likely one's; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>
    /// Positive logits of tokens that the answer has already are divided by it and negative ones multiplied; 1 changes nothing. The
    /// prompt's tokens are not penalised, as in transformers where it is given as embeddings.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the draws: the same seed gives the same text on the same device.</summary>
    public ulong Seed { get; init; }

    internal void Check()
    {
        if (!(Temperature >= 0) || float.IsInfinity(Temperature))
            throw new HseNetException($"SamplingOptions.Temperature {Temperature}: expected 0 or more, and finite");
        if (TopK < 0)
            throw new HseNetException($"SamplingOptions.TopK {TopK}: expected 0 or more");
        if (!(TopP > 0 && TopP <= 1))
            throw new HseNetException($"SamplingOptions.TopP {TopP}: expected more than 0 and at most 1");
        if (!(MinP >= 0 && MinP < 1))
            throw new HseNetException($"SamplingOptions.MinP {MinP}: expected at least 0 and less than 1");
        if (!(RepetitionPenalty > 0) || float.IsInfinity(RepetitionPenalty))
            throw new HseNetException($"SamplingOptions.RepetitionPenalty {RepetitionPenalty}: expected more than 0, and finite");
    }

    // A counter-based generator (splitmix64): step i of a seed is the same on every device.
    internal float Uniform(int step)
    {
        ulong z = Seed + ((ulong)step + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return ((z ^ z >> 31) >> 40) * (1f / (1 << 24));
    }
}
