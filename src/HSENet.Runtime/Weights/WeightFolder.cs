// Opens a folder of weight files: shards named by an index, or the files that lie there.
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HSENet.Runtime;

internal static partial class WeightFolder
{
    static readonly string[] IndexNames = ["model.safetensors.index.json", "pytorch_model.bin.index.json"];

    public static TensorSource Open(string folder)
    {
        if (IndexNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } index)
            return OpenShards(folder, index);
        string[] files = FilesOf(folder);
        if (files.Length == 0)
            throw new HseNetFileException(folder, "holds no weights",
                $"{IndexNames[0]}, *.safetensors, pytorch_model.bin or a single *.bin, *.pt, *.pth, *.ckpt");
        CheckNumbers(folder, files);
        return Merge(folder, files);
    }

    // Without an index, the shards' own names say how many there are.
    static void CheckNumbers(string folder, string[] files)
    {
        foreach (Match shard in files.Select(file => ShardName().Match(Path.GetFileName(file))).Where(match => match.Success))
        {
            string of = shard.Groups["all"].Value;
            for (int i = 1; int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out int all) && i <= all; i++)
            {
                string number = i.ToString(CultureInfo.InvariantCulture).PadLeft(shard.Groups["number"].Length, '0'),
                    name = $"{shard.Groups["name"].Value}-{number}-of-{of}{shard.Groups["ending"].Value}";
                if (!files.Contains(Path.Combine(folder, name)))
                    throw new HseNetFileException(Path.Combine(folder, name), "this shard is missing",
                        $"all {all} shards in one folder");
            }
        }
    }

    [GeneratedRegex(@"^(?<name>.+)-(?<number>[0-9]{1,5})-of-(?<all>[0-9]{1,5})(?<ending>\.[a-z]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();

    static string[] FilesOf(string folder)
    {
        if (File.Exists(Path.Combine(folder, "model.safetensors")))
            return [Path.Combine(folder, "model.safetensors")];
        string[] safetensors = [.. Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
        if (safetensors.Length > 0)
            return safetensors;
        if (File.Exists(Path.Combine(folder, "pytorch_model.bin")))
            return [Path.Combine(folder, "pytorch_model.bin")];
        string[] torch = [.. Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f) is ".bin" or ".pt" or ".pth" or ".ckpt")
            .Order(StringComparer.Ordinal)];
        if (torch.Length > 1)
            throw new HseNetFileException(folder, $"holds {torch.Length} PyTorch files and no index",
                "pytorch_model.bin.index.json, or the name of one file");
        return torch;
    }

    static TensorSource OpenShards(string folder, string index)
    {
        Dictionary<string, string> shardOf = ReadIndex(index);
        string[] shards = [.. shardOf.Values.Distinct().Order(StringComparer.Ordinal)];
        foreach (string shard in shards)
            if (!File.Exists(Path.Combine(folder, shard)))
                throw new HseNetFileException(Path.Combine(folder, shard),
                    $"this shard is missing; {Path.GetFileName(index)} names it for {shardOf.Count(e => e.Value == shard)} tensors, such "
                    + $"as {HseNetFileException.Quote(shardOf.First(e => e.Value == shard).Key)}", "all shards in one folder");
        TensorSource source = Merge(folder, [.. shards.Select(s => Path.Combine(folder, s))]);
        foreach ((string name, string shard) in shardOf)
        {
            string problem;
            if (!source.TryGet(name, out TensorEntry? tensor))
                problem = "no shard has";
            else if (Path.GetFileName(tensor.File) != shard)
                problem = "another shard has";
            else
                continue;
            source.Dispose();
            throw new HseNetFileException(index, $"{problem} the tensor {HseNetFileException.Quote(name)}", $"it in {shard}");
        }
        return source;
    }

    static Dictionary<string, string> ReadIndex(string index)
    {
        using FileBytes file = FileBytes.Open(index);
        return ReadIndex(file);
    }

    /// <summary>The shard of each tensor; a shard must be a plain file name.</summary>
    public static Dictionary<string, string> ReadIndex(FileBytes file)
    {
        if (ForeignContent.Of(file.Slice(0, Math.Min(file.Length, ForeignContent.Looked))) is { } foreign)
            throw new HseNetFileException(file.Name, $"is {foreign}", "an index of shards");
        try
        {
            using JsonDocument document = JsonDocument.Parse(file.Slice(0, file.Length).ToArray(),
                new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var shardOf = new Dictionary<string, string>();
            foreach (JsonProperty entry in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                string shard = entry.Value.GetString() ?? throw new FormatException();
                // An index must not point out of its folder.
                if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().IndexOfAny("/\\:\0") >= 0)
                    throw new HseNetFileException(file.Name, $"names the shard {HseNetFileException.Quote(shard)}",
                        "the name of a file in the same folder");
                shardOf.Add(entry.Name, shard);
            }
            if (shardOf.Count > 0)
                return shardOf;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new HseNetFileException(file.Name, "is not a valid index of shards",
                "a json object with a weight_map of tensor names to file names", e);
        }
        throw new HseNetFileException(file.Name, "is an index without tensors", "a weight_map of tensor names to file names");
    }

    static TensorSource Merge(string folder, string[] files)
    {
        var opened = new List<TensorSource>();
        try
        {
            foreach (string file in files)
                opened.Add(TensorSource.OpenFile(file));
            var metadata = new Dictionary<string, string>();
            foreach (KeyValuePair<string, string> entry in opened.SelectMany(s => s.Metadata))
                metadata[entry.Key] = entry.Value;
            return new TensorSource(folder, [.. opened.SelectMany(s => s.Tensors)], opened, metadata);
        }
        catch
        {
            opened.ForEach(s => s.Dispose());
            throw;
        }
    }
}
