// The configuration as JSON: defaults of the task, then a file, then single fields; what differs between two of them.
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A field of the configuration: its name in the file, and what it does.</summary>
sealed record TrainingField(string Name, Type Type, string Description);

static class TrainingConfigFile
{
    /// <summary>What a task may be.</summary>
    public const string Tasks = "report, vqa, stage1, stage2, language or slices";

    const string AugmentationField = "augmentation";

    static readonly JsonSerializerOptions Json = new()
    {
        RespectNullableAnnotations = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        WriteIndented = true,
    };

    /// <summary>All fields, in the order of the record.</summary>
    public static IReadOnlyList<TrainingField> Fields { get; } =
    [
        .. typeof(TrainingConfig).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite)
            .Select(property => new TrainingField(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), Nullable.GetUnderlyingType(property.PropertyType)
                ?? property.PropertyType, property.GetCustomAttribute<DescriptionAttribute>()!.Description)),
    ];

    /// <summary>Reads a configuration file; fields that it does not have keep the task's defaults.</summary>
    /// <param name="file">A JSON object; none leaves the defaults.</param>
    /// <param name="task">What is trained; null takes the file's word.</param>
    /// <param name="fields">Single fields as text, which come last.</param>
    /// <exception cref="HseNetException">The file cannot be read, a field is unknown or a value is not usable; the message names the
    /// field.</exception>
    public static TrainingConfig Read(string? file, TrainingTask? task, IReadOnlyDictionary<string, string>? fields = null)
    {
        JsonObject given = file is null ? [] : ReadObject(file);
        string source = file ?? "options";
        if (given["task"] is { } named)
        {
            TrainingTask stated = Fits(named, typeof(TrainingTask)) ? named.Deserialize<TrainingTask>(Json)
                : throw Unusable(named, source, "task");
            if (task is not null && task != stated)
                throw new HseNetFileException(source, $"is for the task {named}", $"{NameOf(task.Value)}");
            task = stated;
        }
        if (task is null)
            throw new HseNetFileException(source, "has no \"task\"", Tasks);
        JsonObject config = ToJson(TrainingConfig.For(task.Value));
        foreach (var (name, value) in given)
            Set(name, value?.DeepClone(), source);
        foreach (var (name, text) in fields ?? new Dictionary<string, string>())
            Set(name, Parse(name, text), $"--{name.Replace('_', '-')}");
        var read = config.Deserialize<TrainingConfig>(Json)!;
        TrainingConfigChecks.Check(read, source);
        return read;

        void Set(string name, JsonNode? value, string where)
        {
            if (!config.ContainsKey(name))
                throw new HseNetFileException(where, $"{HseNetFileException.Quote(name)} is no field",
                    $"one of {string.Join(", ", Fields.Select(field => field.Name))}");
            // A field that may be empty is so by default.
            value = Current(name, value);
            if (value is null ? config[name] is not null : !Fits(value, Fields.First(field => field.Name == name).Type)
                || name == AugmentationField && !Augmentations.TryParse(value.GetValue<string>(), out _))
                throw Unusable(value, where, name);
            config[name] = value;
        }
    }

    /// <summary>The configuration as the run folder keeps it.</summary>
    public static byte[] ToBytes(TrainingConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, Json);

    /// <summary>Name of a task in files and on the command line.</summary>
    public static string NameOf(TrainingTask task) => JsonSerializer.SerializeToNode(task, Json)!.GetValue<string>();

    /// <summary>The value of a field that a task's training has unless it is given, as the program takes it; nothing where it may be
    /// empty.</summary>
    public static string DefaultOf(string field, TrainingTask task) => ToJson(TrainingConfig.For(task))[field] switch
    {
        null => "",
        JsonArray list => string.Join(",", list),
        var value => value.GetValueKind() switch { JsonValueKind.True => "on", JsonValueKind.False => "off", _ => value.ToString() },
    };

    /// <summary>The configuration with absolute paths, so that a run can be resumed from anywhere.</summary>
    public static TrainingConfig WithAbsolutePaths(TrainingConfig config) => config with
    {
        Manifest = Absolute(config.Manifest)!,
        Weights = Absolute(config.Weights)!,
        Init = config.Init is WeightInitialization.Model or WeightInitialization.Scratch ? config.Init : Absolute(config.Init)!,
        Templates = Absolute(config.Templates),
        Cache = config.Cache == "off" ? config.Cache : Absolute(config.Cache),
    };

    static string? Absolute(string? path) => string.IsNullOrEmpty(path) ? path : Path.GetFullPath(path);

    /// <summary>The fields in which two configurations differ, operational ones aside: <c>name: first, second</c>.</summary>
    public static IReadOnlyList<string> Differences(TrainingConfig first, TrainingConfig second)
    {
        JsonObject a = ToJson(first), b = ToJson(second);
        return [.. a.Where(field => !TrainingConfig.Operational.Contains(field.Key) && !JsonNode.DeepEquals(field.Value, b[field.Key]))
            .Select(field => $"{field.Key}: {Text(field.Value)}, {Text(b[field.Key])}")];

        static string Text(JsonNode? value) => value?.ToJsonString() ?? "null";
    }

    static JsonObject ToJson(TrainingConfig config) => JsonSerializer.SerializeToNode(config, Json)!.AsObject();

    static JsonObject ReadObject(string file)
    {
        JsonObject read = [];
        JsonFile.Read(file, root =>
        {
            if (root.ValueKind != JsonValueKind.Object)
                throw new HseNetFileException(file, $"is {JsonFile.Kind(root)}", "an object with the fields of a training");
            foreach (var field in root.EnumerateObject())
                if (!read.TryAdd(field.Name, JsonNode.Parse(field.Value.GetRawText())))
                    throw new HseNetFileException(file, $"has {HseNetFileException.Quote(field.Name)} twice", "each field once");
        });
        return read;
    }

    // Runs of before it had more than two values wrote true and false.
    static JsonNode? Current(string name, JsonNode? value) => name != AugmentationField ? value
        : value?.GetValueKind() switch { JsonValueKind.True => "on", JsonValueKind.False => "off", _ => value };

    static JsonNode? Parse(string name, string text)
    {
        Type type = Fields.FirstOrDefault(field => field.Name == name)?.Type ?? typeof(string);
        if (type == typeof(bool))
            return text switch { "on" or "true" or "" => true, "off" or "false" => false, _ => JsonValue.Create(text) };
        if (type == typeof(string[]))
            return new JsonArray([.. text.Split(',', StringSplitOptions.TrimEntries).Select(part => (JsonNode)part)]);
        if (type == typeof(string) || type.IsEnum)
            return text;
        // What is no number stays a text, which the field then refuses.
        return type == typeof(double) ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
            && double.IsFinite(real) ? real : text
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? whole : text;
    }

    static bool Fits(JsonNode value, Type type)
    {
        try
        {
            return value.Deserialize(type, Json) is not null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    static HseNetFileException Unusable(JsonNode? value, string source, string name) =>
        new(source, $"{name} is {HseNetFileException.Quote(value?.ToJsonString() ?? "null")}", Expected(name));

    static string Expected(string name) =>
        Fields.FirstOrDefault(field => field.Name == name)?.Type is not { } type ? "the fields of a training"
        : name == AugmentationField ? Augmentations.Expected
        : type == typeof(bool) ? "on or off" : type == typeof(string[]) ? "a list of names" : type.IsEnum ? Tasks
        : type == typeof(double) ? "a number" : type == typeof(string) ? "a text" : "a whole number";
}
