// The decoder's linear layers, and where models that keep them apart have theirs inside: query, key and value, gate and up.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Rows of a linear layer of the decoder.</summary>
/// <param name="Module">The layer in this model: <c>layers.0.self_attn.qkv_proj</c>.</param>
/// <param name="FirstRow">First of the rows.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Inputs">Columns.</param>
/// <param name="AllRows">Outputs of the whole layer.</param>
readonly record struct FusedModule(string Module, long FirstRow, long Rows, long Inputs, long AllRows)
{
    static readonly string[] Whole = ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"];

    static readonly (string Part, string Whole)[] Parts =
    [
        ("self_attn.q_proj", "self_attn.qkv_proj"), ("self_attn.k_proj", "self_attn.qkv_proj"), ("self_attn.v_proj", "self_attn.qkv_proj"),
        ("mlp.gate_proj", "mlp.gate_up_proj"), ("mlp.up_proj", "mlp.gate_up_proj"),
    ];

    /// <summary>The linear layers of a decoder layer, as this model or as others name them.</summary>
    public static IEnumerable<string> Names(int layer, bool separate) =>
        (separate ? Parts.Select(part => part.Part) : Whole).Select(name => $"layers.{layer}.{name}");

    /// <summary>The layer that a separate one is part of; null for one that is none.</summary>
    public static string? FusedName(string module) =>
        Parts.FirstOrDefault(part => module.EndsWith($".{part.Part}", StringComparison.Ordinal)) is { Part: { } name, Whole: var whole }
            ? module[..^name.Length] + whole : null;

    /// <summary>Whether others keep parts of this layer apart.</summary>
    public static bool IsFused(string module) => Parts.Any(part => module.EndsWith($".{part.Whole}", StringComparison.Ordinal));

    /// <summary>The separate layers of a fused one in the order of its rows.</summary>
    public static IEnumerable<string> PartsOf(string fused) =>
        Parts.Where(part => fused.EndsWith($".{part.Whole}", StringComparison.Ordinal))
            .Select(part => fused[..^part.Whole.Length] + part.Part);

    /// <summary>The place of a layer under either name; null when the model has none of that name.</summary>
    public static FusedModule? Find(LanguageModelConfig model, string module)
    {
        string whole = FusedName(module) ?? module;
        if (ModelTensors.LanguageModel(model).FirstOrDefault(tensor => tensor.Name == $"language_model.{whole}.weight").Shape
            is not [var outputs, var inputs] || !whole.StartsWith("layers.", StringComparison.Ordinal))
            return null;
        long queries = (long)model.NumAttentionHeads * model.HeadSize, keys = (long)model.NumKeyValueHeads * model.HeadSize;
        var (first, rows) = module.Split('.')[^1] switch
        {
            "q_proj" => (0L, queries),
            "k_proj" => (queries, keys),
            "v_proj" => (queries + keys, keys),
            "gate_proj" => (0L, model.IntermediateSize),
            "up_proj" => (model.IntermediateSize, model.IntermediateSize),
            _ => (0L, outputs),
        };
        return new FusedModule(whole, first, rows, inputs, outputs);
    }
}
