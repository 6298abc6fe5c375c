// A checkpoint's own config.json: typed fields, one clear line when one is missing.
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Reads fields of a checkpoint's JSON configuration.</summary>
sealed class CheckpointConfig
{
    readonly JsonElement _root;

    CheckpointConfig(string file, JsonElement root) => (File, _root) = (file, root);

    /// <summary>The file, in messages.</summary>
    public string File { get; }

    /// <summary>The object itself.</summary>
    public JsonElement Root => _root;

    public static CheckpointConfig Read(string file)
    {
        if (Path.GetDirectoryName(file) is { Length: > 0 } folder && !Directory.Exists(folder))
            throw new HseNetFileException(folder, System.IO.File.Exists(folder) ? "is a file" : "does not exist",
                "the folder of a checkpoint");
        if (!System.IO.File.Exists(file))
            throw new HseNetFileException(file, "is missing", "the configuration of the checkpoint beside it");
        CheckpointConfig? config = null;
        JsonFile.Read(file, root =>
        {
            Decode(root);
            config = root.ValueKind == JsonValueKind.Object ? new CheckpointConfig(file, root.Clone())
                : throw new HseNetFileException(file, $"holds {JsonFile.Kind(root)}", "an object");
        });
        return config!;
    }

    // Names and texts are decoded when they are asked for: what is no Unicode is to be found here, where it becomes one line.
    static void Decode(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            _ = value.GetString();
        else if (value.ValueKind == JsonValueKind.Array)
            foreach (var item in value.EnumerateArray())
                Decode(item);
        else if (value.ValueKind == JsonValueKind.Object)
            foreach (var field in value.EnumerateObject())
            {
                _ = field.Name;
                Decode(field.Value);
            }
    }

    public int Int(string field) => Field(field).TryGetInt32(out int value) ? value : throw Wrong(field, "a whole number");

    public float Float(string field) => Field(field).TryGetSingle(out float value) ? value : throw Wrong(field, "a number");

    public float? OptionalFloat(string field) => Has(field) ? Float(field) : null;

    public int? OptionalInt(string field) => Has(field) ? Int(field) : null;

    /// <summary>A text; null when the field is not there.</summary>
    public string? OptionalText(string field) => !Has(field) ? null
        : IsText(field) ? _root.GetProperty(field).GetString() : throw Wrong(field, "a text");

    /// <summary>Whether the field is there and a text.</summary>
    public bool IsText(string field) => Has(field) && _root.GetProperty(field).ValueKind == JsonValueKind.String;

    /// <summary>True or false; null when the field is not there.</summary>
    public bool? OptionalBool(string field) => !Has(field) ? null
        : _root.GetProperty(field).ValueKind is JsonValueKind.True or JsonValueKind.False
            ? _root.GetProperty(field).GetBoolean() : throw Wrong(field, "true or false");

    /// <summary>A whole number or a list of them.</summary>
    public int[] Ints(string field)
    {
        var element = Element(field);
        JsonElement[] items = element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];
        return [.. items.Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int value) ? value : throw Wrong(field, "whole numbers"))];
    }

    public float[] Floats(string field)
    {
        var element = Element(field);
        if (element.ValueKind != JsonValueKind.Array)
            throw Wrong(field, "a list of numbers");
        return [.. element.EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.Number
            && item.TryGetSingle(out float value) ? value : throw Wrong(field, "numbers"))];
    }

    /// <summary>An object inside; null when the field is not there.</summary>
    public CheckpointConfig? Section(string field) => !Has(field) ? null
        : _root.GetProperty(field) is { ValueKind: JsonValueKind.Object } section ? new CheckpointConfig(File, section)
            : throw Wrong(field, "an object");

    /// <summary>All fields.</summary>
    public IEnumerable<JsonProperty> Fields => _root.EnumerateObject();

    /// <summary>A list of texts; null when the field is not there.</summary>
    public string[]? Texts(string field) => !Has(field) ? null
        : _root.GetProperty(field) is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String
                ? item.GetString()! : throw Wrong(field, "names"))]
            : throw Wrong(field, "a list of names");

    /// <summary>Whether a value asks for nothing: null, false, or empty.</summary>
    public static bool IsNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    /// <summary>The error of a field whose value no kernel computes.</summary>
    public HseNetFileException Unsupported(string field, string value, string expected) =>
        new(File, $"{field} is {HseNetFileException.Quote(value)}, which is not supported", expected);

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string field) => _root.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null;

    JsonElement Element(string field) =>
        Has(field) ? _root.GetProperty(field) : throw new HseNetFileException(File, $"has no field {field}", "a complete config");

    JsonElement Field(string field)
    {
        var element = Element(field);
        return element.ValueKind == JsonValueKind.Number ? element : throw Wrong(field, "a number");
    }

    HseNetFileException Wrong(string field, string expected) =>
        new(File, $"{field} is {HseNetFileException.Quote(_root.GetProperty(field).GetRawText())}", expected);
}
