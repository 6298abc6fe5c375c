// peft's adapter_config.json: rank and scale of each module, and every field that would change the result in a way no kernel computes.
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
            "revision",
        "runtime_config", "target_modules", "task_type", "use_rslora",
    ];

    // These change the base weights when the adapter is made: it fits another base than the one on disk.
    static readonly string[] ChangedBase = ["pissa", "olora", "loftq", "corda", "lora_ga"];

    readonly CheckpointConfig _config;
    readonly (Regex Pattern, double Value)[] _ranks, _alphas;

    AdapterConfig(CheckpointConfig config)
    {
        _config = config;
        Refuse();
        (_ranks, _alphas) = (Patterns("rank_pattern"), Patterns("alpha_pattern"));
        Saved = config.Texts("modules_to_save") ?? [];
        if (config.Has("layers_to_transform"))
            Layers = config.Ints("layers_to_transform");
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
    public double Scale(string module, long rank, float? alpha) =>
        (Matching(_alphas, module) ?? alpha ?? _config.OptionalFloat("lora_alpha") ?? 2 * rank)
        / (_config.OptionalBool("use_rslora") == true ? Math.Sqrt(rank) : rank);

    /// <summary>Whether a module of a layer is one that peft put an adapter beside.</summary>
    public bool Targets(string module, int layer)
    {
        if (Layers?.Contains(layer) == false || _config.Texts("exclude_modules")?.Any(name => EndsWith(module, name)) == true)
            return false;
        if (_config.OptionalText("target_modules") is { } pattern)
            return pattern == "all-linear" || Regular($"^(?:{pattern})$", "target_modules").IsMatch($"model.{module}");
        return _config.Texts("target_modules")?.Any(name => EndsWith(module, name)) == true;
    }

    static bool EndsWith(string module, string name) => $".model.{module}".EndsWith($".{name}", StringComparison.Ordinal);

    void Refuse()
    {
        if (_config.OptionalText("peft_type") is { } type && !type.Equals("LORA", StringComparison.OrdinalIgnoreCase))
            throw Unsupported("peft_type", type, "LORA");
        if (_config.OptionalText("bias") is { } bias && bias != "none")
            throw Unsupported("bias", bias, "none");
        if (_config.OptionalText("init_lora_weights") is { } start
            && ChangedBase.Any(name => start.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            throw Unsupported("init_lora_weights", start, "an adapter that was converted to plain LoRA when it was saved");
        foreach (var field in _config.Fields)
            if (!Known.Contains(field.Name) && !IsNothing(field.Value))
                throw Unsupported(field.Name, field.Value.GetRawText(), "plain LoRA");
    }

    static bool IsNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    HseNetFileException Unsupported(string field, string value, string expected) =>
        new(File, $"{field} is {HseNetFileException.Quote(value)}, which is not supported", expected);

    // A key is a regular expression of the end of a module's name; the first that matches counts.
    (Regex, double)[] Patterns(string field) =>
        [.. (_config.Section(field)?.Fields ?? []).Select(entry => entry.Value.ValueKind == JsonValueKind.Number
            && entry.Value.GetDouble() is var value && double.IsFinite(value) && value > 0
            && (field != "rank_pattern" || value is <= 4096 && value == Math.Floor(value))
            ? (Regular($@"^(?:.*\.)?(?:{entry.Name})$", field), value)
            : throw Unsupported($"{field} of {entry.Name}", entry.Value.GetRawText(), "positive numbers"))];

    Regex Regular(string pattern, string field)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new HseNetFileException(File, $"{field} holds {HseNetFileException.Quote(pattern)}, which cannot be used",
                "names, or regular expressions of them", e);
        }
    }

    static double? Matching((Regex Pattern, double Value)[] patterns, string module)
    {
        foreach (var (pattern, value) in patterns)
            if (pattern.IsMatch($"model.{module}"))
                return value;
        return null;
    }
}
