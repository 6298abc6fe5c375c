// Rotary positions as the releases of transformers write them: fields of their own, rope_scaling, or rope_parameters (release 5).
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>What a language model's configuration says of rotary positions.</summary>
sealed class RotaryConversion
{
    static readonly string[] Sections = ["rope_parameters", "rope_scaling"];

    // What a section may hold; anything else would change the positions.
    static readonly string[] Known = ["rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings",
        "short_factor", "long_factor", "attention_factor", "short_mscale", "long_mscale", "factor"];

    readonly CheckpointConfig _config;
    readonly CheckpointConfig[] _sections;

    /// <exception cref="HseNetFileException">Two fields contradict each other, or ask for positions that no kernel computes.</exception>
    public RotaryConversion(CheckpointConfig config)
    {
        _config = config;
        _sections = [.. Sections.SelectMany(Read)];
        string[] kinds = [.. _sections.SelectMany(section => new[] { section.OptionalText("rope_type"), section.OptionalText("type") })
            .OfType<string>().Distinct()];
        if (kinds.FirstOrDefault(kind => kind is not ("default" or "longrope" or "su")) is { } unknown)
            throw config.Unsupported("rope_type", unknown, "longrope or default");
        Theta = Number("rope_theta") ?? throw new HseNetFileException(config.File, "has no field rope_theta", "a complete config");
        PartialFactor = Number("partial_rotary_factor") ?? 1;
        Maximum = config.Int("max_position_embeddings");
        OriginalMaximum = Whole("original_max_position_embeddings") ?? Maximum;
        Scaling = ReadScaling(isScaled: kinds.Any(kind => kind is "longrope" or "su"), isDefault: kinds is ["default"]);
        CheckAttentionFactor();
    }

    // Release 5 may have one section for each kind of layer; the layers of this model are of one.
    IEnumerable<CheckpointConfig> Read(string name)
    {
        if (_config.Section(name) is not { } section || !section.Fields.Any())
            return [];
        CheckpointConfig[] parts = section.Fields.All(field => field.Value.ValueKind == JsonValueKind.Object)
            ? [.. section.Fields.Select(field => section.Section(field.Name)!)] : [section];
        if (parts.Any(part => !JsonElement.DeepEquals(part.Root, parts[0].Root)))
            throw new HseNetFileException(_config.File, $"{name} differs between kinds of layers, which is not supported",
                "the same for all layers");
        foreach (var field in parts[0].Fields)
            if (!Known.Contains(field.Name) && !CheckpointConfig.IsNothing(field.Value))
                throw _config.Unsupported($"{name}.{field.Name}", field.Value.GetRawText(), $"{string.Join(", ", Known)}");
        return parts[..1];
    }

    RopeScaling? ReadScaling(bool isScaled, bool isDefault)
    {
        var (brief, wide) = (Factors("short_factor"), Factors("long_factor"));
        if (brief is null && wide is null && !isScaled)
            return null;
        if (brief is null || wide is null)
            throw new HseNetFileException(_config.File, $"states {(wide is null ? "no long_factor" : "no short_factor")}",
                "both lists of factors");
        if (isDefault)
            throw new HseNetFileException(_config.File, "states short_factor and long_factor, but rope_type is default", "longrope");
        int heads = _config.Int("num_attention_heads"),
            turned = heads < 1 ? 0 : (int)(_config.Int("hidden_size") / heads * PartialFactor) / 2;
        if (brief.Length != turned || wide.Length != turned)
            throw new HseNetFileException(_config.File, $"states {brief.Length} short and {wide.Length} long factors", $"{turned} of each");
        return new RopeScaling { ShortFactor = brief, LongFactor = wide };
    }

    public float Theta { get; }

    public float PartialFactor { get; }

    public int Maximum { get; }

    public int OriginalMaximum { get; }

    public RopeScaling? Scaling { get; }

    // The kernels multiply with what follows from the two maximums.
    void CheckAttentionFactor()
    {
        double ratio = (double)Maximum / OriginalMaximum;
        double computed = Scaling is null || ratio <= 1 ? 1 : Math.Sqrt(1 + Math.Log(ratio) / Math.Log(OriginalMaximum));
        foreach (string field in (ReadOnlySpan<string>)["attention_factor", "short_mscale", "long_mscale"])
            if (Number(field) is { } stated && Math.Abs(stated - computed) > 1e-4 * computed)
                throw new HseNetFileException(_config.File, FormattableString.Invariant($"{field} is {stated}, which is not supported"),
                    FormattableString.Invariant($"{computed:0.######}, which follows from the position limits"));
        if (Scaling is null)
            ratio = 1;
        if (Number("factor") is { } factor && Math.Abs(factor - ratio) > 1e-4 * ratio)
            throw new HseNetFileException(_config.File, FormattableString.Invariant($"factor is {factor}, which is not supported"),
                FormattableString.Invariant($"{ratio:0.######}, the ratio of the position limits"));
    }

    int? Whole(string field) => Number(field) is not { } value ? null
        : value == MathF.Floor(value) && value is > 0 and < 1 << 30 ? (int)value
        : throw new HseNetFileException(_config.File, FormattableString.Invariant($"{field} is {value}"), "a whole number above 0");

    float? Number(string field) => Agreed(field, config => config.OptionalFloat(field), (a, b) => a == b);

    float[]? Factors(string field) => Agreed(field, config => config.Has(field) ? new Listed(config.Floats(field)) : (Listed?)null,
        (a, b) => a.Values.SequenceEqual(b.Values))?.Values;

    readonly record struct Listed(float[] Values);

    T? Agreed<T>(string field, Func<CheckpointConfig, T?> read, Func<T, T, bool> equal) where T : struct
    {
        T? found = null;
        foreach (var section in _sections.Prepend(_config))
            if (read(section) is { } value)
            {
                if (found is { } other && !equal(other, value))
                    throw new HseNetFileException(_config.File, $"states two values of {field}", "one");
                found = value;
            }
        return found;
    }
}
