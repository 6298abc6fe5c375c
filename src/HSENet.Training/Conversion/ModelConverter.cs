// Turns a reference checkpoint set into one model folder; nothing that looks finished is left behind when it fails.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Progress of a conversion.</summary>
/// <param name="Tensor">The tensor just written.</param>
/// <param name="Done">Tensors written.</param>
/// <param name="Total">Tensors in all.</param>
public readonly record struct ConversionProgress(string Tensor, int Done, int Total);

/// <summary>Converts reference checkpoints.</summary>
public static class ModelConverter
{
    static readonly string[] TokenizerFileNames =
        ["vocab.json", "merges.txt", "added_tokens.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];

    /// <summary>
    /// Writes <see cref="ConversionOptions.Output"/>: <c>config.json</c>, <c>model.safetensors</c> with a checksum per tensor, tokenizer
    /// files. The folder gets its name when everything in it is complete.
    /// </summary>
    /// <exception cref="HseNetFileException">A file is missing or does not fit the others, or the output exists.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    public static void Convert(ConversionOptions options, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Clip);
        ArgumentException.ThrowIfNullOrEmpty(options.LanguageModel);
        ArgumentNullException.ThrowIfNull(options.NamedAdapters);
        if (options.NamedAdapters.Count == 0)
            ArgumentException.ThrowIfNullOrEmpty(options.Adapter);
        else if (!string.IsNullOrEmpty(options.Adapter) || options.MergeLora)
            throw new HseNetException("named adapters stay beside the weights: expected neither an adapter without a name nor that they "
                + "are merged (ConversionOptions.MergeLora)");
        foreach (string name in options.NamedAdapters.Keys)
            NamedAdapterFile.CheckName(name);
        ArgumentException.ThrowIfNullOrEmpty(options.Output);
        if (options.LoraAlpha is { } alpha && !(alpha > 0 && float.IsFinite(alpha)))
            throw new HseNetException($"LoRA alpha {alpha}: expected a positive number");
        ModelFolder.Check(options.Output, options.Dtype);
        using var set = new CheckpointSet(options);
        var language = new LanguageModelConversion(options, set);
        var config = ConfigConversion.Convert(options, set, language.Config);
        var tensors = new TensorConversion(options, set, language, config).All();
        if (options.NamedAdapters.Count > 0)
            tensors = [.. tensors.Where(tensor => !tensor.Name.StartsWith("packer", StringComparison.Ordinal))];
        ModelFolder.Write(options.Output, config, tensors, folder => CopyTokenizer(options, folder), progress, cancellation,
            (folder, written) => options.NamedAdapters.Aggregate(written, (sum, adapter) => NamedAdapterFile.Write(folder, sum, adapter.Key,
                AdapterExport.Read(adapter.Value, sum.LanguageModel, options.LoraAlpha), null, cancellation)));
    }

    static void CopyTokenizer(ConversionOptions options, string folder)
    {
        foreach (string name in TokenizerFileNames)
            if (File.Exists(Path.Combine(options.LanguageModel, name)))
                ModelFolder.Copy(Path.Combine(options.LanguageModel, name), Path.Combine(folder, name));
        if (options.TextEncoder is not { } text)
            return;
        string vocabulary = Path.Combine(text, "vocab.txt");
        if (!File.Exists(vocabulary))
            throw new HseNetFileException(vocabulary, "is missing", "the word pieces of the text encoder");
        ModelFolder.Copy(vocabulary, Path.Combine(folder, "vocab.txt"));
    }
}
