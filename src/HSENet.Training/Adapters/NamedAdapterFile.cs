// Adapters in files of their own beside the weights of a model folder, of which a request chooses one: written, added, read back.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Named adapters of model folders.</summary>
static class NamedAdapterFile
{
    /// <summary>Provenance: tensors of the base that the folder's own adapter replaced.</summary>
    public const string SavedField = "adapter_saved";

    const string Table = "language_model.embed_tokens.weight", Head = "language_model.lm_head.weight";

    /// <summary>Names of replaced tensors as the provenance has them.</summary>
    public static string Saved(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

    /// <exception cref="HseNetException">The name cannot be a file's or a word of a command line.</exception>
    public static void CheckName(string name)
    {
        if (!NamedAdapter.IsName(name))
            throw new HseNetException($"the adapter's name {HseNetFileException.Quote(name)}: expected letters, digits, - and _, not "
                + AdaptedModel.BaseName);
    }

    /// <summary>Adds an adapter to a model folder, whose weights stay as they are.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="name">What requests call it.</param>
    /// <param name="path">What training, peft or the reference wrote.</param>
    /// <param name="task">What it was trained for: <c>report</c>, <c>vqa</c>; null takes the name, if it is one of these.</param>
    /// <param name="cancellation">Cancelled: the folder is as it was.</param>
    /// <exception cref="HseNetFileException">A file cannot be read or written, or the folder's weights are not those of a base.</exception>
    /// <exception cref="HseNetException">The name is taken, or the adapter is another model's.</exception>
    public static ModelConfig Add(string folder, string name, string path, string? task, CancellationToken cancellation = default)
    {
        CheckName(name);
        var config = ModelConfig.Read(folder);
        if (config.Provenance.GetValueOrDefault("merge_lora") == "true")
            throw new HseNetFileException(folder, "has an adapter merged into its weights",
                "the weights that adapters were trained on: a folder that was converted without merging");
        var export = AdapterExport.Read(path, config.LanguageModel);
        string[] replaced = config.Provenance.GetValueOrDefault(SavedField)?.Split(", ") ?? [];
        if (replaced.Except(export.SavedNames).FirstOrDefault() is { } other)
            throw new HseNetFileException(folder, $"has {other} of its own adapter, which {path} does not replace",
                "a folder that was converted with named adapters alone");
        string file = NamedAdapter.File(folder, name);
        if (config.Adapters?.ContainsKey(name) == true)
            throw new HseNetException($"{folder} has an adapter {name} already: expected another name");
        try
        {
            config = Write(folder, config, name, export, task, cancellation);
            ModelFolder.WriteConfig(folder, config);
            return config;
        }
        catch when (Exists(file, folder, name))
        {
            File.Delete(file);
            throw;
        }
    }

    // A file that no configuration names is not the folder's.
    static bool Exists(string file, string folder, string name) =>
        File.Exists(file) && ModelConfig.Read(folder).Adapters?.ContainsKey(name) != true;

    /// <summary>Writes an adapter's file into a folder that has the weights, and gives the configuration that names it.</summary>
    public static ModelConfig Write(string folder, ModelConfig config, string name, AdapterExport export, string? task,
        CancellationToken cancellation)
    {
        using var source = TensorSource.Open(folder);
        export.CheckFits(config, folder);
        using var trained = new TensorSource(folder, [.. export.Tensors.Select(AdapterExport.Entry)], []);
        foreach (var tensor in Enumerable.Range(1, config.EncoderCount).SelectMany(i => ModelTensors.Projector(config, i)))
            if (!trained.TryGet(tensor.Name, out _) && !source.TryGet(tensor.Name, out _))
                throw new HseNetException($"the adapter {name} has no {tensor.Reference} ({tensor.Name}): expected an adapter with its "
                    + "projectors, since the folder has none of its own");
        var (table, head) = export.Tables(source, trained, config.LanguageModel);
        var own = trained.Tensors.Where(tensor => tensor.Name is not (Table or Head)).Select(tensor => (tensor.Name, tensor)).ToList();
        if (table != source.Get(Table))
            own.Add((Table, table));
        if (head is not null && !(source.TryGet(Head, out var before) && before == head))
            own.Add((Head, head));
        ConvertedTensor[] tensors = [.. own.Select(tensor => ConvertedTensor.From(tensor.tensor, tensor.Name,
            ModelConfigTensors.StorageType(config.Dtype, tensor.Name, tensor.tensor.Shape)))];
        string file = NamedAdapter.File(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using (var writer = new SafetensorsWriter(file, tensors.SelectMany(tensor => tensor.Descriptions)))
        {
            foreach (var tensor in tensors)
            {
                cancellation.ThrowIfCancellationRequested();
                tensor.Write(writer, cancellation);
            }
            writer.Commit();
        }
        return config with
        {
            Adapters = new(config.Adapters ?? [])
            {
                [name] = new NamedAdapter
                {
                    Task = task ?? (name is NamedAdapter.ReportTask or NamedAdapter.QuestionTask ? name : null),
                    R = export.Lora.R,
                    LoraAlpha = export.Lora.LoraAlpha,
                    TieWordEmbeddings = head is null == config.LanguageModel.TieWordEmbeddings ? null : head is null,
                },
            },
        };
    }

    /// <summary>Copies all adapters into a folder with the same base, and gives its configuration, which names them.</summary>
    public static ModelConfig Copy(string from, string to, ModelConfig config)
    {
        if (config.Adapters is { Count: > 0 })
            Directory.CreateDirectory(Path.Combine(to, NamedAdapter.Folder));
        foreach (string name in config.Adapters?.Keys.ToArray() ?? [])
            ModelFolder.Copy(NamedAdapter.File(from, name), NamedAdapter.File(to, name));
        return config;
    }

    /// <summary>A named adapter of a folder, to be merged into a copy.</summary>
    /// <exception cref="HseNetFileException">Its file cannot be read.</exception>
    public static AdapterExport Read(string folder, ModelConfig config, string name)
    {
        var adapter = config.Adapters![name];
        using var source = TensorSource.Open(NamedAdapter.File(folder, name));
        return new AdapterExport([.. source.Tensors.Select(tensor => new TensorBytes(tensor.Name, DataType.F32, tensor.Shape.ToArray(),
            System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(tensor.ToSingles()).ToArray()))], adapter.Lora,
            [.. source.Tensors.Where(tensor => LoraConfig.Owns(tensor.Name)).Select(tensor => tensor.Name.Split('.')[^3]).Distinct()], 0)
        { Unties = adapter.TieWordEmbeddings == false };
    }
}
