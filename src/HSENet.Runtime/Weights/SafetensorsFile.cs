// Reads the safetensors format: 8 bytes of header length, a json header, then the tensors without gaps.
using System.Buffers.Binary;
using System.Text.Json;

namespace HSENet.Runtime;

internal static class SafetensorsFile
{
    // The format's own limit; a longer header is an attack or not a header.
    const long MaximumHeader = 100_000_000;

    /// <summary>Prefix of the metadata keys under which <see cref="SafetensorsWriter"/> keeps the XxHash3 of a tensor.</summary>
    public const string ChecksumPrefix = "xxh3:";

    readonly record struct Listed(string Name, DataType Type, long[] Shape, long Begin, long End);

    /// <summary>Reads and checks the whole header; the tensors stay where they are.</summary>
    public static TensorSource Read(FileBytes file)
    {
        if (file.Length < 8)
            throw new HseNetFileException(file.Name, $"has {file.Length} bytes",
                "a safetensors file, which begins with 8 bytes of header length");
        ulong stated = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, 8));
        if (stated > (ulong)(file.Length - 8) || stated > MaximumHeader)
            throw new HseNetFileException(file.Name, $"the header length says {stated} bytes",
                $"at most the {Math.Min(file.Length - 8, MaximumHeader)} bytes that can follow; this may not be a safetensors file");
        long dataStart = 8 + (long)stated;
        var metadata = new Dictionary<string, string>();
        List<Listed> listed = ReadHeader(file, (int)stated, metadata);
        CheckLayout(file, listed, file.Length - dataStart);

        var tensors = new List<TensorEntry>(listed.Count);
        foreach (Listed t in listed)
            tensors.Add(new TensorEntry(t.Name, t.Type, t.Shape, file, dataStart + t.Begin)
            {
                StatedChecksum = metadata.GetValueOrDefault(ChecksumPrefix + t.Name),
            });
        return new TensorSource(file.Name, tensors, [file], metadata);
    }

    static List<Listed> ReadHeader(FileBytes file, int length, Dictionary<string, string> metadata)
    {
        var listed = new List<Listed>();
        var names = new HashSet<string>();
        var json = new Utf8JsonReader(file.Slice(8, length), new JsonReaderOptions { MaxDepth = 8 });
        try
        {
            Expect(ref json, JsonTokenType.StartObject, file);
            while (NextName(ref json, file) is { } name)
            {
                if (!names.Add(name))
                    throw new HseNetFileException(file.Name, $"the header lists {HseNetFileException.Quote(name)} twice", "each name once");
                if (name == "__metadata__")
                    ReadMetadata(ref json, file, metadata);
                else
                    listed.Add(ReadTensor(ref json, file, name));
            }
            if (json.Read())
                throw new HseNetFileException(file.Name, "the header goes on after its closing brace", "spaces at most");
        }
        // InvalidOperationException is what the reader throws for text that is not UTF-8.
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new HseNetFileException(file.Name, "the header is not valid json", "a json object of tensors", e);
        }
        return listed;
    }

    static void ReadMetadata(ref Utf8JsonReader json, FileBytes file, Dictionary<string, string> metadata)
    {
        Expect(ref json, JsonTokenType.StartObject, file);
        while (NextName(ref json, file) is { } key)
        {
            Expect(ref json, JsonTokenType.String, file);
            metadata[key] = json.GetString()!;
        }
    }

    static Listed ReadTensor(ref Utf8JsonReader json, FileBytes file, string name)
    {
        string quoted = HseNetFileException.Quote(name);
        string? typeName = null;
        long[]? shape = null, offsets = null;
        Expect(ref json, JsonTokenType.StartObject, file);
        while (NextName(ref json, file) is { } field)
        {
            switch (field)
            {
                case "dtype" when typeName is null:
                    Expect(ref json, JsonTokenType.String, file);
                    typeName = json.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref json, file, quoted, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref json, file, quoted, field);
                    break;
                default:
                    throw new HseNetFileException(file.Name,
                        $"tensor {quoted} has an unknown or repeated field {HseNetFileException.Quote(field)}",
                        "dtype, shape and data_offsets once each");
            }
        }
        if (typeName is null || shape is null || offsets is not { Length: 2 })
            throw new HseNetFileException(file.Name, $"tensor {quoted} is incomplete", "dtype, shape and two data_offsets");
        if (!DataTypes.TryParse(typeName, out DataType type))
            throw new HseNetFileException(file.Name, $"tensor {quoted} has the unknown dtype {HseNetFileException.Quote(typeName)}",
                $"one of {string.Join(" ", Enum.GetValues<DataType>().Select(t => t.Name()))}");
        if (DataTypes.ElementCount(shape, type) is not { } count)
            throw new HseNetFileException(file.Name, $"tensor {quoted} has the shape {Shown(shape)}, whose size overflows or is negative",
                "dimensions from 0 and less than 2^63 bytes");
        long bytes = (long)(((UInt128)count * (UInt128)type.Bits() + 7) / 8);
        if (offsets[1] < offsets[0] || offsets[1] - offsets[0] != bytes)
            throw new HseNetFileException(file.Name, $"tensor {quoted} has the offsets {offsets[0]} to {offsets[1]}",
                $"{bytes} bytes for {type.Name()} {Shown(shape)}");
        return new Listed(name, type, shape, offsets[0], offsets[1]);
    }

    static long[] ReadNumbers(ref Utf8JsonReader json, FileBytes file, string quoted, string field)
    {
        var numbers = new List<long>();
        Expect(ref json, JsonTokenType.StartArray, file);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
                throw new HseNetFileException(file.Name, $"the {field} of tensor {quoted} is not right",
                    "a list of whole numbers from 0 to 2^63-1");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    static string Shown(long[] shape) =>
        HseNetException.OneLine($"[{string.Join(", ", shape.Take(9))}{(shape.Length > 9 ? ", …" : "")}]", 120);

    // The format allows no gap, no overlap and nothing behind the last tensor, so nothing can hide in a file.
    static void CheckLayout(FileBytes file, List<Listed> listed, long dataLength)
    {
        long position = 0;
        foreach (Listed t in listed.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (t.End > dataLength)
                throw new HseNetFileException(file.Name, $"tensor {HseNetFileException.Quote(t.Name)} ends at byte {t.End} of the data",
                    $"at most {dataLength}: the file is truncated or its header wrong");
            if (t.Begin != position)
                throw new HseNetFileException(file.Name,
                    $"tensor {HseNetFileException.Quote(t.Name)} begins at byte {t.Begin} of the data, which leaves "
                    + $"{(t.Begin < position ? "an overlap" : "a hole")}", $"{position}");
            position = t.End;
        }
        if (position != dataLength)
            throw new HseNetFileException(file.Name, $"{dataLength - position} bytes follow the last tensor", "none");
    }

    static void Expect(ref Utf8JsonReader json, JsonTokenType token, FileBytes file)
    {
        if (!json.Read() || json.TokenType != token)
            throw new HseNetFileException(file.Name, "the header does not have the structure of a safetensors header",
                $"{token} at byte {8 + json.TokenStartIndex}");
    }

    static string? NextName(ref Utf8JsonReader json, FileBytes file)
    {
        if (!json.Read() || json.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject))
            throw new HseNetFileException(file.Name, "the header does not have the structure of a safetensors header",
                "a name or a closing brace");
        return json.TokenType == JsonTokenType.EndObject ? null : json.GetString()!;
    }
}
