// Writes a model folder: configuration, weights, tokenizer; nothing that looks finished is left behind when it fails.
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

static class ModelFolder
{
    /// <summary>Name of the file with a folder's weights.</summary>
    internal const string WeightsFile = "model.safetensors";

    /// <summary>Refuses an output that exists and a storage type that no kernel reads.</summary>
    public static void Check(string output, string dtype)
    {
        if (dtype is not ("f32" or "bf16" or "int8"))
            throw new HseNetException($"dtype {dtype}: expected f32, bf16 or int8");
        if (Path.Exists(output))
            throw new HseNetFileException(output, "exists already", "a new folder");
    }

    /// <summary>Copies what a folder holds besides configuration and weights: the tokenizers, and what the encoders know.</summary>
    public static void CopyOthers(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from))
            if (Path.GetFileName(file) is var name && name != ModelConfig.FileName && (name == Familiarity.FileName
                || !name.EndsWith(".safetensors", StringComparison.Ordinal) && !name.EndsWith(".index.json", StringComparison.Ordinal)))
                Copy(file, Path.Combine(to, name));
    }

    /// <summary>Copies a file's content: one that could only be read stays the reader's affair.</summary>
    public static void Copy(string from, string to)
    {
        using FileStream source = new(from, FileMode.Open, FileAccess.Read, FileShare.Read), copy = new(to, FileMode.Create);
        source.CopyTo(copy);
    }

    /// <summary>Writes the folder under a temporary name, and gives it its own when everything in it is complete.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="tensors">Its weights.</param>
    /// <param name="writeTokenizer">Writes the tokenizer's files into the folder it is given.</param>
    /// <param name="progress">Hears of every tensor.</param>
    /// <param name="cancellation">Cancelled: nothing is left behind.</param>
    /// <param name="addAdapters">Writes adapters beside the weights that lie in the folder, and gives the configuration with them.</param>
    /// <returns>The configuration.</returns>
    public static ModelConfig Write(string output, ModelConfig config, IReadOnlyList<ConvertedTensor> tensors,
        Action<string> writeTokenizer, IProgress<ConversionProgress>? progress, CancellationToken cancellation,
        Func<string, ModelConfig, ModelConfig>? addAdapters = null)
    {
        string temporary = TemporaryName.For(Path.TrimEndingDirectorySeparator(output));
        try
        {
            RemoveLeftovers(output);
            Directory.CreateDirectory(temporary);
            writeTokenizer(temporary);
            using (var writer = new SafetensorsWriter(Path.Combine(temporary, WeightsFile),
                tensors.SelectMany(tensor => tensor.Descriptions)))
            {
                for (int i = 0; i < tensors.Count; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    tensors[i].Write(writer, cancellation);
                    progress?.Report(new ConversionProgress(tensors[i].Name, i + 1, tensors.Count));
                }
                writer.Commit();
            }
            config = addAdapters?.Invoke(temporary, config) ?? config;
            WriteConfig(temporary, config);
            Directory.Move(temporary, output);
            return config;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(output, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Writes or replaces the configuration of a folder.</summary>
    public static void WriteConfig(string folder, ModelConfig config)
    {
        using var file = new AtomicFile(Path.Combine(folder, ModelConfig.FileName));
        file.Write(JsonSerializer.SerializeToUtf8Bytes(config, ModelConfig.Json), 0);
        file.Commit();
    }

    // What killed processes left of the same output.
    static void RemoveLeftovers(string output)
    {
        string full = Path.GetFullPath(Path.TrimEndingDirectorySeparator(output));
        if (Path.GetDirectoryName(full) is not { } parent || !Directory.Exists(parent))
            return;
        foreach (string leftover in Directory.EnumerateDirectories(parent, $"{Path.GetFileName(full)}.*.tmp"))
            if (TemporaryName.IsAbandoned(leftover))
                Directory.Delete(leftover, recursive: true);
    }
}
