// What a tensor of an adapter file is, read from its name: through the wrappers of training frameworks and under any adapter's name.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>What a tensor of an adapter file is.</summary>
enum AdapterTensorKind
{
    /// <summary>The first, low-rank half of an adapter.</summary>
    LoraA,

    /// <summary>The second half.</summary>
    LoraB,

    /// <summary>A whole tensor of the language model that replaces the base's.</summary>
    Saved,

    /// <summary>A tensor of a projector.</summary>
    Projector,

    /// <summary>What feeds nothing: tables that are computed, or peft's copy of the tensor that it replaces.</summary>
    Unused,
}

/// <summary>A tensor's place.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Place">Of an adapter the module (<c>layers.0.mlp.down_proj</c>), otherwise the tensor's name in the language model
/// (<c>embed_tokens.weight</c>) or of the projectors (<c>mm_projector2.proj_mpls.0.bias</c>).</param>
/// <param name="Adapter">The adapter's own name where the file states it, otherwise empty.</param>
/// <param name="Listed">Whether the name itself says that peft trained the whole module.</param>
readonly record struct AdapterName(AdapterTensorKind Kind, string Place, string Adapter = "", bool Listed = false)
{
    const string Projector = "mm_projector", ModulesToSave = "modules_to_save";

    /// <summary>What training frameworks put into the names of tensors.</summary>
    public static readonly string[] Wrappers = ["module", "_orig_mod", "_forward_module", "_fsdp_wrapped_module",
        "_checkpoint_wrapped_module", "base_layer"];

    /// <summary>What stands before the names of a language model's own tensors.</summary>
    public static readonly string[] Roots = ["base_model", "model", "language_model"];

    /// <summary>Reads a name.</summary>
    /// <returns>Null when it is of no part that an adapter can change.</returns>
    /// <exception cref="HseNetFileException">It is of a kind of adapter that no kernel computes.</exception>
    public static AdapterName? Parse(TensorEntry tensor)
    {
        string? unsupported = tensor.Name.Contains("lora_magnitude_vector", StringComparison.Ordinal) ? "DoRA (use_dora)"
            : tensor.Name.Contains("lora_embedding_", StringComparison.Ordinal) ? "LoRA of an embedding"
            : tensor.Name.Contains(".lora_", StringComparison.Ordinal) && tensor.Name.EndsWith(".bias", StringComparison.Ordinal)
                ? "LoRA with a bias (lora_bias)" : null;
        return unsupported is null ? Parse(tensor.Name) : throw new HseNetFileException(tensor.File,
            $"{HseNetFileException.Quote(tensor.Name)} is of {unsupported}, which is not supported",
            "LoRA without it, or the merged model");
    }

    /// <summary>Reads a name.</summary>
    /// <returns>Null when it is of no part that an adapter can change.</returns>
    public static AdapterName? Parse(string name)
    {
        var parts = name.Split('.').Where(part => !Wrappers.Contains(part)).ToList();
        int at = parts.FindIndex(part => part is "layers" or "embed_tokens" or "norm" or "lm_head" || IsProjector(part));
        if (at < 0 || at == parts.Count - 1 || !parts[..at].All(Roots.Contains))
            return null;
        parts.RemoveRange(0, at);
        if (parts.Contains("rotary_emb") || parts.Contains("original_module"))
            return new AdapterName(AdapterTensorKind.Unused, name);
        int saved = parts.IndexOf(ModulesToSave);
        bool listed = saved >= 0;
        if (listed)
            parts.RemoveRange(saved, saved + 2 < parts.Count ? 2 : 1); // older files have no adapter's name after it
        int half = parts.FindIndex(part => part is "lora_A" or "lora_B");
        if (half < 0)
            return new AdapterName(IsProjector(parts[0]) ? AdapterTensorKind.Projector : AdapterTensorKind.Saved, string.Join('.', parts),
                Listed: listed);
        if (parts[^1] != "weight" || parts.Count - half > 3 || parts[0] != "layers")
            return null;
        return new AdapterName(parts[half] == "lora_A" ? AdapterTensorKind.LoraA : AdapterTensorKind.LoraB,
            string.Join('.', parts[..half]), parts.Count - half == 3 ? parts[half + 1] : "");
    }

    /// <summary>This project's name; null for what a model folder has no place for.</summary>
    public string? OwnName => Kind switch
    {
        AdapterTensorKind.LoraA => $"language_model.{Place}.lora_A.weight",
        AdapterTensorKind.LoraB => $"language_model.{Place}.lora_B.weight",
        AdapterTensorKind.Saved => $"language_model.{Place}",
        AdapterTensorKind.Projector => Place.StartsWith($"{Projector}.", StringComparison.Ordinal)
            ? $"packer1.{Place[(Projector.Length + 1)..]}" : $"packer{Place[Projector.Length..]}",
        _ => null,
    };

    static bool IsProjector(string part) => part.StartsWith(Projector, StringComparison.Ordinal)
        && part[Projector.Length..] is "" or "2";
}
