// peft's adapter_config.json: rank and scale of each module, and every field that would change the result in a way no kernel computes.
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Reads peft's configuration beside an adapter.</summary>
sealed class AdapterConfig
{
    // A field that is null, false, empty or one of these changes nothing, or is read below; any other is refused by its name.
    static readonly string[] Known =
    [
        "alpha_pattern", "auto_mapping", "base_model_name_or_path", "bias", "corda_config", "eva_config", "exclude_modules",
        "inference_mode", "init_lora_weights", "layers_pattern", "layers_to_transform", "loftq_config", "lora_alpha", "lora_dropout",
        "megatron_config", "megatron_core", "modules_to_save", "peft_type", "peft_version", "qalora_group_size", "r", "rank_pattern",
        "revision", "runtime_config", "target_modules", "task_type", "use_rslora",
    ];

    // Others change the base weights when the adapter is made: it fits another base than the one on disk.
    static readonly string[] KeepsBase = ["gaussian", "orthogonal", "eva"];

    // What may stand before a language model's own names where it is part of a larger model.
    static readonly string[] Roots = ["model.", "", "language_model.model.", "model.language_model.", "base_model.model.model."];

    static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    readonly CheckpointConfig _config;
    readonly (Regex Pattern, double Value)[] _ranks, _alphas;

    AdapterConfig(CheckpointConfig config)
    {
        _config = config;
        Refuse();
        (_ranks, _alphas) = (Patterns("rank_pattern"), Patterns("alpha_pattern"));
        Saved = config.Texts("modules_to_save") ?? [];
        if (config.Has("layers_to_transform") && config.Ints("layers_to_transform") is { Length: > 0 } layers)
            Layers = layers;
    }

    /// <summary>The file, in messages.</summary>
    public string File => _config.File;

    /// <summary>Names of modules that were trained whole.</summary>
    public IReadOnlyList<string> Saved { get; }

    /// <summary>The layers that have adapters; null: all.</summary>
    public int[]? Layers { get; }

    /// <summary>The configuration beside a file or in a folder; null when there is none.</summary>
    /// <exception cref="HseNetFileException">A field asks for something that no kernel computes; the message names it.</exception>
    public static AdapterConfig? Beside(string adapter)
    {
        string folder = Directory.Exists(adapter) ? adapter : Path.GetDirectoryName(Path.GetFullPath(adapter))!;
        string file = Path.Combine(folder, AdapterExport.PeftConfigFile);
        return System.IO.File.Exists(file) ? new AdapterConfig(CheckpointConfig.Read(file)) : null;
    }

    /// <summary>Rank of a module.</summary>
    public int? Rank(string module) => Matching(_ranks, module) is { } value ? checked((int)value) : _config.OptionalInt("r");

    /// <summary>What the product of a module's halves is multiplied with.</summary>
    /// <param name="module">Its name in the language model.</param>
    /// <param name="rank">Its rank.</param>
    /// <param name="alpha">Takes the place of the file's general alpha.</param>
    public double Scale(string module, long rank, float? alpha)
    {
        double value = Matching(_alphas, module) ?? alpha ?? _config.OptionalFloat("lora_alpha") ?? 2 * rank;
        return value > 0 && double.IsFinite(value) ? value / (_config.OptionalBool("use_rslora") == true ? Math.Sqrt(rank) : rank)
            : throw _config.Unsupported("lora_alpha", value.ToString(CultureInfo.InvariantCulture), "a positive number");
    }

    /// <summary>Whether the file says which modules have adapters.</summary>
    public bool HasTargets => _config.Has("target_modules");

    /// <summary>Whether a module of a layer is one that peft put an adapter beside.</summary>
    public bool Targets(string module, int layer) =>
        Layers?.Contains(layer) != false && !Names("exclude_modules", module) && Names("target_modules", module);

    // A list of names, the ends of which count, or a regular expression of the whole.
    bool Names(string field, string module) => !_config.Has(field) ? false
        : !_config.IsText(field) ? _config.Texts(field)!.Any(name => $".model.{module}".EndsWith($".{name}", StringComparison.Ordinal))
        : _config.OptionalText(field) is "all-linear" || Regular($"^(?:{_config.OptionalText(field)})$", field) is var pattern
            && Roots.Any(root => IsMatch(pattern, root + module));

    void Refuse()
    {
        if (_config.OptionalText("peft_type") is { } type && !type.Equals("LORA", StringComparison.OrdinalIgnoreCase))
            throw _config.Unsupported("peft_type", type, "LORA");
        if (_config.OptionalText("bias") is { } bias && bias != "none")
            throw _config.Unsupported("bias", bias, "none");
        if (_config.IsText("init_lora_weights") && _config.OptionalText("init_lora_weights") is { Length: > 0 } start
            && !KeepsBase.Contains(start, StringComparer.OrdinalIgnoreCase))
            throw _config.Unsupported("init_lora_weights", start, "an adapter that was converted to plain LoRA when it was saved");
        foreach (var field in _config.Fields)
            if (!Known.Contains(field.Name) && !CheckpointConfig.IsNothing(field.Value))
                throw _config.Unsupported(field.Name, field.Value.GetRawText(), "plain LoRA");
    }

    // A key is a regular expression of the end of a module's name; the first that matches counts.
    (Regex, double)[] Patterns(string field) =>
        [.. (_config.Section(field)?.Fields ?? []).Select(entry => entry.Value.ValueKind == JsonValueKind.Number
            && entry.Value.GetDouble() is var value && double.IsFinite(value) && value > 0
            && (field != "rank_pattern" || value is <= 4096 && value == Math.Floor(value))
            ? (Regular($@"^(?:.*\.)?(?:{entry.Name})$", field), value)
            : throw _config.Unsupported($"{field} of {entry.Name}", entry.Value.GetRawText(), "positive numbers"))];

    Regex Regular(string pattern, string field)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout); // with a look around, say
        }
        catch (ArgumentException e)
        {
            throw new HseNetFileException(File, $"{field} holds {HseNetFileException.Quote(pattern)}, which cannot be used",
                "names, or regular expressions of them", e);
        }
    }

    bool IsMatch(Regex pattern, string module)
    {
        try
        {
            return pattern.IsMatch(module);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new HseNetFileException(File, $"the pattern {HseNetFileException.Quote($"{pattern}")} takes too long",
                "names, or regular expressions of them", e);
        }
    }

    double? Matching((Regex Pattern, double Value)[] patterns, string module)
    {
        foreach (var (pattern, value) in patterns)
            if (IsMatch(pattern, $"model.{module}"))
                return value;
        return null;
    }
}
