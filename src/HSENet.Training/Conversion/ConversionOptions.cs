// What to convert, and into what.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A reference checkpoint set and how it becomes one model folder.</summary>
public sealed record ConversionOptions
{
    /// <summary>Folder of a stage-1 or stage-2 CLIP checkpoint with its config.json.</summary>
    public required string Clip { get; init; }

    /// <summary>Folder of the language model: weights, config.json and tokenizer files.</summary>
    public required string LanguageModel { get; init; }

    /// <summary>File (or folder) with the adapters and projectors of the fine-tuned model; empty where
    /// <see cref="NamedAdapters"/> are given.</summary>
    public required string Adapter { get; init; }

    /// <summary>Instead of one adapter several by name, each with its projectors and beside the weights, of which a request chooses one:
    /// <c>report</c> and <c>vqa</c> are those of reports and of questions.</summary>
    public IReadOnlyDictionary<string, string> NamedAdapters { get; init; } = new Dictionary<string, string>();

    /// <summary>Of which the projectors show what the model is.</summary>
    internal string FirstAdapter => NamedAdapters.Count > 0 ? NamedAdapters.First().Value : Adapter;

    /// <summary>Weights of the 2D slice encoder, with open_clip_config.json beside them; not needed for encoder 1 alone.</summary>
    public string? SliceEncoder { get; init; }

    /// <summary>Folder with vocab.txt and config.json of the text encoder; its weights come from <see cref="Clip"/>. Null leaves the text
    /// encoder out.</summary>
    public string? TextEncoder { get; init; }

    /// <summary>The folder that is written; must not exist.</summary>
    public required string Output { get; init; }

    /// <summary>Storage type of matrices: f32, bf16, or int8 (the language model's; others bf16).</summary>
    public string Dtype { get; init; } = "bf16";

    /// <summary>Adds the adapters to the weights instead of keeping them beside.</summary>
    public bool MergeLora { get; init; }

    /// <summary>Window of the projectors in patches: depth, height, width.</summary>
    public Size3 PackerWindow { get; init; } = new(1, 4, 4);

    /// <summary>Alpha of the adapters; null: what adapter_config.json beside them says, otherwise twice the rank, as the reference
    /// trains.</summary>
    public float? LoraAlpha { get; init; }

    /// <summary>Which encoders to keep; null: what the checkpoints say.</summary>
    public VisionEncoders? Encoders { get; init; }
}
