// Reads launch files: every fault is named with its place in the file.
using System.Text.Json;

namespace HSENet.Ptx;

static class LaunchFileReader
{
    public static PtxLaunchFile Read(string json, string folder)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json,
                new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException failure)
        {
            throw new PtxLaunchException($"the launch file is not JSON: line {failure.LineNumber + 1}, byte "
                + $"{failure.BytePositionInLine + 1}");
        }
        catch (ArgumentException)
        {
            throw new PtxLaunchException("the launch file is not valid Unicode");
        }
        using (document)
        {
            try
            {
                return Launch(document.RootElement, folder);
            }
            catch (InvalidOperationException)
            {
                throw new PtxLaunchException("the launch file has a text that is not valid Unicode");
            }
        }
    }

    static PtxLaunchFile Launch(JsonElement root, string folder)
    {
        Expect(root, JsonValueKind.Object, "the launch file");
        if (root.TryGetProperty("cluster", out _) && Sizes(root, "cluster") is not { Count: 1 })
            throw new PtxLaunchException("cluster: the emulator runs clusters of one block only");
        List<PtxLaunchBuffer> buffers = [];
        foreach ((int n, JsonElement element) in Items(root, "buffers").Index())
        {
            PtxLaunchBuffer buffer = Buffer(element, $"buffers[{n}]", folder);
            if (buffers.Any(other => other.Name == buffer.Name))
                throw new PtxLaunchException($"buffers[{n}]: there is already a buffer '{buffer.Name}'");
            buffers.Add(buffer);
        }
        HashSet<string> names = [.. buffers.Select(buffer => buffer.Name)];
        List<PtxLaunchBuffer> symbols = [];
        foreach ((int n, JsonElement element) in Items(root, "symbols").Index())
        {
            PtxLaunchBuffer symbol = Buffer(element, $"symbols[{n}]", folder);
            if (buffers.Concat(symbols).Any(other => other.Name == symbol.Name))
                throw new PtxLaunchException($"symbols[{n}]: there is already a buffer or symbol '{symbol.Name}'");
            symbols.Add(symbol);
        }
        HashSet<string> readable = [.. names, .. symbols.Select(symbol => symbol.Name)];
        return new PtxLaunchFile
        {
            Kernel = Text(Property(root, "kernel", "the launch file"), "kernel"),
            Grid = Sizes(root, "grid"),
            Block = Sizes(root, "block"),
            DynamicSharedBytes = root.TryGetProperty("dynamic_shared", out JsonElement shared) ? Integer(shared, "dynamic_shared", 0) : 0,
            Cooperative = Flag(root, "cooperative"),
            Buffers = buffers,
            Symbols = symbols,
            Parameters = [.. Items(root, "params").Select((element, n) => Parameter(element, $"params[{n}]", names))],
            Outputs = [.. Items(root, "outputs")
                .Select((element, n) => Known(Text(element, $"outputs[{n}]"), readable, $"outputs[{n}]"))],
        };
    }

    static PtxLaunchBuffer Buffer(JsonElement element, string place, string folder)
    {
        Expect(element, JsonValueKind.Object, place);
        string name = Text(Property(element, "name", place), place + ".name");
        string word = Text(Property(element, "type", place), place + ".type");
        PtxType type = LaunchValues.Type(word)
            ?? throw new PtxLaunchException($"{place}.type: '{word}' is none of {LaunchValues.TypeWords}");
        long? count = element.TryGetProperty("count", out JsonElement written) ? Long(written, place + ".count") : null;
        byte[]? values = null;
        if (element.TryGetProperty("values", out JsonElement list))
            values = Values(list, type, place + ".values");
        else if (element.TryGetProperty("file", out JsonElement file))
            values = LaunchArrayFile.Read(Path.Combine(folder, Text(file, place + ".file")), type, place + ".file");
        long found = values == null ? count ?? throw new PtxLaunchException($"{place} has no count") : values.Length / type.Bytes();
        if (count != null && count != found)
            throw new PtxLaunchException($"{place}: buffer '{name}' has count {count}, but {found} values");
        if (found > long.MaxValue / 16)
            throw new PtxLaunchException($"{place}.count: {found} is too many");
        return new PtxLaunchBuffer(name, type, found, values);
    }

    static byte[] Values(JsonElement list, PtxType type, string place)
    {
        Expect(list, JsonValueKind.Array, place);
        int size = type.Bytes(), at = 0;
        byte[] bytes = new byte[(long)list.GetArrayLength() * size];
        foreach (JsonElement element in list.EnumerateArray())
        {
            LaunchValues.Write(LaunchValues.Bits(element, type, $"{place}[{at / size}]"), bytes.AsSpan(at, size));
            at += size;
        }
        return bytes;
    }

    static PtxLaunchParameter Parameter(JsonElement element, string place, HashSet<string> buffers)
    {
        Expect(element, JsonValueKind.Object, place);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string inside = $"{place}.{property.Name}";
            switch (property.Name)
            {
                case "buffer":
                    return new PtxLaunchAddress(Known(Text(property.Value, inside), buffers, inside));
                case "bytes":
                    return new PtxLaunchValue(Hex(Text(property.Value, inside), inside), 1);
                case "struct":
                    Expect(property.Value, JsonValueKind.Array, inside);
                    return new PtxLaunchStruct([.. property.Value.EnumerateArray()
                        .Select((field, n) => Parameter(field, $"{inside}[{n}]", buffers))]);
            }
            if (LaunchValues.Type(property.Name) is not { } type)
                continue;
            byte[] bytes = new byte[type.Bytes()];
            LaunchValues.Write(LaunchValues.Bits(property.Value, type, inside), bytes);
            return new PtxLaunchValue(bytes, bytes.Length);
        }
        throw new PtxLaunchException($"{place} has none of buffer, bytes, struct, {LaunchValues.TypeWords}");
    }

    static Dim3 Sizes(JsonElement root, string name)
    {
        JsonElement element = Property(root, name, "the launch file");
        if (element.ValueKind == JsonValueKind.Number)
            return new Dim3(Integer(element, name, 1));
        Expect(element, JsonValueKind.Array, name);
        int[] sizes = [.. element.EnumerateArray().Select((size, n) => Integer(size, $"{name}[{n}]", 1))];
        return sizes.Length is >= 1 and <= 3
            ? new Dim3(sizes[0], sizes.ElementAtOrDefault(1) is var y and > 0 ? y : 1, sizes.ElementAtOrDefault(2) is var z and > 0 ? z : 1)
            : throw new PtxLaunchException($"{name} has {sizes.Length} sizes, expected 1 to 3");
    }

    static byte[] Hex(string text, string place)
    {
        try
        {
            return System.Convert.FromHexString(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text);
        }
        catch (FormatException)
        {
            throw new PtxLaunchException($"{place}: '{text}' is not an even number of hexadecimal digits");
        }
    }

    static string Known(string name, HashSet<string> buffers, string place) =>
        buffers.Contains(name) ? name : throw new PtxLaunchException($"{place}: there is no buffer '{name}'");

    static bool Flag(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) && (value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new PtxLaunchException($"{name} is a JSON {Word(value.ValueKind)}, expected boolean"),
    });

    static int Integer(JsonElement element, string place, int least) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) && value >= least
            ? value : throw new PtxLaunchException($"{place}: {element.GetRawText()} is not a whole number from {least} on");

    static long Long(JsonElement element, string place) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long value) && value >= 0
            ? value : throw new PtxLaunchException($"{place}: {element.GetRawText()} is not a whole number from 0 on");

    static JsonElement Property(JsonElement element, string name, string place) =>
        element.TryGetProperty(name, out JsonElement value) ? value : throw new PtxLaunchException($"{place} has no \"{name}\"");

    static IEnumerable<JsonElement> Items(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out JsonElement list))
            return [];
        Expect(list, JsonValueKind.Array, name);
        return list.EnumerateArray();
    }

    static string Text(JsonElement element, string place)
    {
        Expect(element, JsonValueKind.String, place);
        return element.GetString()!;
    }

    static void Expect(JsonElement element, JsonValueKind kind, string place)
    {
        if (element.ValueKind != kind)
            throw new PtxLaunchException($"{place} is a JSON {Word(element.ValueKind)}, expected {Word(kind)}");
    }

    static string Word(JsonValueKind kind) =>
        kind is JsonValueKind.True or JsonValueKind.False ? "boolean" : kind.ToString().ToLowerInvariant();
}
