// An adapter that lies in a file of its own beside the weights: config.json's entry and the file's place.
using System.Text.Json.Serialization;

namespace HSENet.Runtime;

/// <summary>One of several adapters of a model folder, with its projectors.</summary>
sealed record NamedAdapter
{
    /// <summary>What it was trained for: <c>report</c>, <c>vqa</c>; null if that is not known.</summary>
    public string? Task { get; init; }

    /// <summary>Rank.</summary>
    public required int R { get; init; }

    /// <summary>The adapter's output is multiplied by alpha / r.</summary>
    public required float LoraAlpha { get; init; }

    /// <summary>Whether the output head is the embedding table; null: as without the adapter.</summary>
    public bool? TieWordEmbeddings { get; init; }

    /// <summary>Folder of all adapters in a model folder.</summary>
    internal const string Folder = "adapters";

    /// <summary>Names of adapters for the program's two verbs.</summary>
    internal const string ReportTask = "report", QuestionTask = "vqa";

    [JsonIgnore]
    internal LoraConfig Lora => new() { R = R, LoraAlpha = LoraAlpha };

    /// <summary>The file of an adapter's tensors.</summary>
    internal static string File(string modelFolder, string name) => Path.Combine(modelFolder, Folder, name + ".safetensors");

    /// <summary>Whether a name can be a file's and a word of a command line.</summary>
    internal static bool IsName(string name) => name.Length is > 0 and <= 64 && name != AdaptedModel.BaseName
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>Whether an adapter may have the tensor: the decoder's and the projectors', not the encoders', which all adapters
    /// share.</summary>
    internal static bool MayHave(string tensor) => tensor.StartsWith("language_model.", StringComparison.Ordinal)
        || tensor.StartsWith("packer", StringComparison.Ordinal);
}
