// Turns a reference checkpoint set into one model folder; nothing that looks finished is left behind when it fails.
using System.Text.Json;

namespace HSENet.Runtime;

/// <summary>Progress of a conversion.</summary>
/// <param name="Tensor">The tensor just written.</param>
/// <param name="Done">Tensors written.</param>
/// <param name="Total">Tensors in all.</param>
public readonly record struct ConversionProgress(string Tensor, int Done, int Total);

/// <summary>Converts reference checkpoints.</summary>
public static class ModelConverter
{
    internal const string WeightsFile = "model.safetensors";

    static readonly string[] TokenizerFileNames = ["vocab.json", "merges.txt", "added_tokens.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];

    /// <summary>
    /// Writes <see cref="ConversionOptions.Output"/>: <c>config.json</c>, <c>model.safetensors</c> with a checksum per tensor, tokenizer files.
    /// The folder gets its name when everything in it is complete.
    /// </summary>
    /// <returns>The configuration of the new folder.</returns>
    /// <exception cref="HseNetFileException">A file is missing or does not fit the others, or the output exists.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    public static ModelConfig Convert(ConversionOptions options, IProgress<ConversionProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Dtype is not ("f32" or "bf16" or "int8"))
            throw new HseNetException($"dtype {options.Dtype}: expected f32, bf16 or int8");
        if (Path.Exists(options.Output))
            throw new HseNetFileException(options.Output, "exists already", "a new folder");
        using var set = new CheckpointSet(options);
        var config = ConfigConversion.Convert(options, set);
        var tensors = new TensorConversion(options, set, config).All();
        string temporary = $"{Path.TrimEndingDirectorySeparator(options.Output)}.{Environment.ProcessId}.tmp";
        try
        {
            Directory.CreateDirectory(temporary);
            CopyTokenizer(options, temporary);
            using (var writer = new SafetensorsWriter(Path.Combine(temporary, WeightsFile), tensors.SelectMany(tensor => tensor.Descriptions)))
            {
                for (int i = 0; i < tensors.Count; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    tensors[i].Write(writer, cancellation);
                    progress?.Report(new ConversionProgress(tensors[i].Name, i + 1, tensors.Count));
                }
                writer.Commit();
            }
            File.WriteAllBytes(Path.Combine(temporary, ModelConfig.FileName), JsonSerializer.SerializeToUtf8Bytes(config, ModelConfig.Json));
            Directory.Move(temporary, options.Output);
            return config;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(options.Output, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    static void CopyTokenizer(ConversionOptions options, string folder)
    {
        foreach (string name in TokenizerFileNames)
            if (File.Exists(Path.Combine(options.LanguageModel, name)))
                File.Copy(Path.Combine(options.LanguageModel, name), Path.Combine(folder, name));
        if (options.TextEncoder is not { } text)
            return;
        string vocabulary = Path.Combine(text, "vocab.txt");
        if (!File.Exists(vocabulary))
            throw new HseNetFileException(vocabulary, "is missing", "the word pieces of the text encoder");
        File.Copy(vocabulary, Path.Combine(folder, "vocab.txt"));
    }
}
