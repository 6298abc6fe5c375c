// The language model's part of config.json: sizes, rotary positions, adapters.
namespace HSENet.Runtime;

/// <summary>Low-rank adapters beside the decoder's linear layers.</summary>
sealed record LoraConfig
{
    /// <summary>Rank.</summary>
    public required int R { get; init; }

    /// <summary>The adapter's output is multiplied by alpha / r.</summary>
    public required float LoraAlpha { get; init; }

    internal float Scale => LoraAlpha / R;

    /// <summary>Whether a tensor is half of a low-rank pair.</summary>
    internal static bool Owns(string tensor) => tensor.Contains(".lora_", StringComparison.Ordinal);
}

/// <summary>Rotary position factors (Phi's longrope).</summary>
sealed record RopeScaling
{
    /// <summary>One factor per pair of rotated dimensions, for prompts up to the original length.</summary>
    public required float[] ShortFactor { get; init; }

    /// <summary>The same for longer prompts.</summary>
    public required float[] LongFactor { get; init; }
}

/// <summary>The language model (Phi-4-mini).</summary>
sealed record LanguageModelConfig
{
    /// <summary>Rows of the embedding table after the visual tokens were added: the tokenizer's length.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Channels.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Query heads.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Key and value heads.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Added to the mean square in every RMSNorm.</summary>
    public required float RmsNormEps { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required float RopeTheta { get; init; }

    /// <summary>Share of a head's dimensions that is rotated.</summary>
    public required float PartialRotaryFactor { get; init; }

    /// <summary>Prompt length up to which the short factors hold.</summary>
    public required int OriginalMaxPositionEmbeddings { get; init; }

    /// <summary>Longest sequence.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Factors of the rotary frequencies; null: all 1.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Generation stops at any of these.</summary>
    public required int[] EosTokenId { get; init; }

    /// <summary>Whether the output head is the embedding table; otherwise the folder has an <c>lm_head.weight</c> of its own.</summary>
    // set, not init: what is generated for JSON would put an init property of an absent field back to nothing
    public bool TieWordEmbeddings { get; set; } = true;

    /// <summary>Adapters beside the weights; null when there are none or they were merged.</summary>
    public LoraConfig? Lora { get; init; }

    /// <summary>Whether all positions of a prompt have the long factors.</summary>
    internal bool HasLongFactors(int promptTokens) => RopeScaling is not null && promptTokens > OriginalMaxPositionEmbeddings;

    /// <summary>Floats of one layer's keys, or values, of one position.</summary>
    internal int CacheChannels => NumKeyValueHeads * HeadSize;

    internal int HeadSize => HiddenSize / NumAttentionHeads;

    internal int RotaryDimensions => (int)(HeadSize * PartialRotaryFactor);

    internal int QueryKeyValueSize => (NumAttentionHeads + 2 * NumKeyValueHeads) * HeadSize;
}
