// Reads small files of text and JSON whole, with errors of one line for whatever is wrong with them.
using System.Text;
using System.Text.Json;

namespace HSENet.Runtime;

internal static class JsonFile
{
    // The largest file read whole is Phi-4-mini's tokenizer.json, 15 MB.
    const long MaximumBytes = 256L << 20;

    /// <summary>Parses a file and hands its root to a reader.</summary>
    /// <exception cref="HseNetFileException">It is missing, or not JSON in UTF-8.</exception>
    public static void Read(string file, Action<JsonElement> read)
    {
        byte[] content = ReadBytes(file);
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            read(document.RootElement);
        }
        catch (JsonException e) when (ForeignContent.Of(content) is { } foreign)
        {
            throw new HseNetFileException(file, $"is {foreign}", "a complete JSON file", e);
        }
        catch (JsonException e)
        {
            // The parser's own message repeats the content.
            throw new HseNetFileException(file, $"the content is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})",
                "a complete JSON file", e);
        }
        catch (InvalidOperationException e)
        {
            throw new HseNetFileException(file, "a string in the content is not Unicode", "JSON in UTF-8", e);
        }
    }

    /// <summary>Reads a text file.</summary>
    /// <exception cref="HseNetFileException">It is missing, or not UTF-8.</exception>
    public static string ReadText(string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ReadBytes(file)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new HseNetFileException(file, "the text is not UTF-8", "UTF-8, one entry on each line", e);
        }
    }

    static byte[] ReadBytes(string file)
    {
        using FileBytes bytes = FileBytes.Open(file);
        if (bytes.Length > MaximumBytes)
            throw new HseNetFileException(file, $"the file has {bytes.Length} bytes", $"at most {MaximumBytes}");
        return bytes.Slice(0, bytes.Length).ToArray();
    }

    /// <summary>A member that must be there and of a kind.</summary>
    public static JsonElement Member(string file, JsonElement parent, string name, JsonValueKind kind)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out JsonElement value))
            throw new HseNetFileException(file, $"\"{name}\" is missing", $"\"{name}\" as {Article(kind)}");
        return value.ValueKind == kind ? value : throw new HseNetFileException(file, $"\"{name}\" is {Kind(value)}", Article(kind));
    }

    /// <summary>Refuses a member that is not the wanted text.</summary>
    public static void Require(string file, JsonElement parent, string name, string wanted)
    {
        string found = Member(file, parent, name, JsonValueKind.String).GetString()!;
        if (found != wanted)
            throw new HseNetFileException(file, $"\"{name}\" is {HseNetFileException.Quote(found)}", $"\"{wanted}\"");
    }

    /// <summary>Refuses a member that is there and neither null, false nor empty.</summary>
    public static void Refuse(string file, JsonElement parent, string name)
    {
        if (parent.TryGetProperty(name, out JsonElement value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)
            && !(value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0))
            throw new HseNetFileException(file, $"\"{name}\" is {HseNetFileException.Quote(value.GetRawText())}",
                "none: it would change the result");
    }

    /// <summary>Whether a member is there and true.</summary>
    public static bool Flag(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    /// <summary>What a value is, in words.</summary>
    public static string Kind(JsonElement value) => Article(value.ValueKind);

    static string Article(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
