// Which language models the kernels compute: fields of a configuration that ask for other arithmetic are refused by name.
using System.Text.Json;
using System.Text.RegularExpressions;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Checks a checkpoint's configuration of a language model.</summary>
static partial class LanguageModelChecks
{
    // These have the same layers, norms and rotated halves; others of equal tensor names turn neighbouring channels or scale the residual.
    static readonly string[] Families = ["phi", "llama", "mistral"];

    /// <exception cref="HseNetFileException">A field asks for something that no kernel computes; the message names it.</exception>
    public static void Check(CheckpointConfig config)
    {
        foreach (string field in (ReadOnlySpan<string>)["quantization_config", "compression_config"])
            if (config.Has(field))
                throw new HseNetFileException(config.File, $"has a {field}: its weights are quantised", "weights in f32, f16 or bf16");
        if (config.OptionalText("model_type") is { Length: > 0 } type
            && !Array.Exists(Families, family => type.Contains(family, StringComparison.OrdinalIgnoreCase)))
            throw config.Unsupported("model_type", type, "phi3, or another model of the same layers (llama, mistral)");
        foreach (string field in (ReadOnlySpan<string>)["hidden_act", "hidden_activation"])
            if (config.OptionalText(field) is { } activation && activation is not ("silu" or "swish"))
                throw config.Unsupported(field, activation, "silu");
        int hidden = config.Int("hidden_size"), heads = config.Int("num_attention_heads");
        if (config.OptionalInt("head_dim") is { } size && (heads < 1 || size != hidden / heads))
            throw config.Unsupported("head_dim", $"{size}", "hidden_size / num_attention_heads");
        if (config.OptionalInt("sliding_window") is { } window && window < config.Int("max_position_embeddings")
            && config.OptionalBool("use_sliding_window") != false)
            throw config.Unsupported("sliding_window", $"{window}", "a window as long as max_position_embeddings, or none");
        foreach (var field in config.Fields)
            if (OtherArithmetic().IsMatch(field.Name) && !IsNeutral(field.Name, field.Value, heads < 1 ? 0 : (double)hidden / heads))
                throw config.Unsupported(field.Name, field.Value.GetRawText(), "a model without it, such as phi3");
    }

    [GeneratedRegex("_bias$|multiplier|soft_?cap|logits?_scal|scale_(emb|depth)|^dim_model_base|query_pre_attn|experts|qk_?(layer_?)?norm|"
        + "no_?rope|^nope|alibi|clip_qkv|attention_chunk|attention_scale|parallel_(attn|residual)|kv_shared|layer_types|cross_attention|"
        + "^mup_|blocksparse|full_attn_mod|interpolate_factor|speech_lora|vision_lora", RegexOptions.IgnoreCase)]
    private static partial Regex OtherArithmetic();

    // Values with which the field changes nothing.
    static bool IsNeutral(string name, JsonElement value, double headSize)
    {
        if (CheckpointConfig.IsNothing(value))
            return true;
        if (value.ValueKind == JsonValueKind.Array)
            return name.Contains("layer_types", StringComparison.OrdinalIgnoreCase)
                && value.EnumerateArray().All(layer => layer.ValueKind == JsonValueKind.String && layer.GetString() == "full_attention");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number))
            return false;
        return name switch
        {
            "attention_multiplier" => Math.Abs(number * Math.Sqrt(headSize) - 1) < 1e-6,
            "query_pre_attn_scalar" => number == headSize,
            _ when name.EndsWith("_bias", StringComparison.Ordinal) || name.Contains("experts", StringComparison.Ordinal) => number == 0,
            _ => number == 1,
        };
    }
}
