// Rotary positions as the releases of transformers write them: fields of their own, rope_scaling, or rope_parameters (release 5).
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>What a language model's configuration says of rotary positions.</summary>
sealed class RotaryConversion
{
    static readonly string[] Sections = ["rope_parameters", "rope_scaling"];

    readonly CheckpointConfig _config;
    readonly CheckpointConfig[] _sections;

    /// <exception cref="HseNetFileException">Two fields contradict each other, or ask for positions that no kernel computes.</exception>
    public RotaryConversion(CheckpointConfig config)
    {
        _config = config;
        _sections = [.. Sections.Select(config.Section).OfType<CheckpointConfig>().Where(section => section.Fields.Any())];
        string[] kinds = [.. _sections.SelectMany(section => new[] { section.OptionalText("rope_type"), section.OptionalText("type") })
            .OfType<string>().Distinct()];
        if (kinds.FirstOrDefault(kind => kind is not ("default" or "longrope" or "su")) is { } unknown)
            throw new HseNetFileException(config.File, $"rope_type is {HseNetFileException.Quote(unknown)}, which is not supported",
                "longrope or default");
        Theta = Number("rope_theta") ?? throw new HseNetFileException(config.File, "has no field rope_theta", "a complete config");
        PartialFactor = Number("partial_rotary_factor") ?? 1;
        Maximum = config.Int("max_position_embeddings");
        OriginalMaximum = (int)(Number("original_max_position_embeddings") ?? Maximum);
        Scaling = Factors("short_factor") is { } brief && Factors("long_factor") is { } wide
            ? new RopeScaling { ShortFactor = brief, LongFactor = wide } : null;
        if (Scaling is null && kinds.Any(kind => kind is "longrope" or "su"))
            throw new HseNetFileException(config.File, "rope_type is longrope, but short_factor or long_factor is missing", "both lists");
        CheckAttentionFactor();
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
        if (Number("factor") is { } factor && Scaling is not null && Math.Abs(factor - ratio) > 1e-4 * ratio)
            throw new HseNetFileException(_config.File, FormattableString.Invariant($"factor is {factor}, which is not supported"),
                FormattableString.Invariant($"{ratio:0.######}, the ratio of the position limits"));
    }

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
