// An adapter file as peft or the reference saves it: every tensor is used, or the file is refused by that tensor's name.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The tensors of an adapter file by their places. Owns the file.</summary>
sealed class PeftAdapter : IDisposable
{
    readonly TensorSource _source;
    AdapterConfig? _config;
    readonly Dictionary<string, (TensorEntry? A, TensorEntry? B)> _modules = [];

    PeftAdapter(TensorSource source, AdapterConfig? config) => (_source, _config) = (source, config);

    /// <summary>The file or folder.</summary>
    public string Path => _source.Path;

    /// <summary>Whole tensors of the language model by their names in it: they replace the base's.</summary>
    public Dictionary<string, TensorEntry> Saved { get; } = [];

    /// <summary>Tensors of the projectors by their names in a model folder.</summary>
    public Dictionary<string, TensorEntry> Projectors { get; } = [];

    /// <summary>Whether one of two tied tables was trained by itself: the other keeps its values.</summary>
    public bool Unties { get; private set; }

    /// <summary>Opens a file or folder, with the configuration beside it.</summary>
    /// <exception cref="HseNetFileException">It cannot be read, or asks for what no kernel computes.</exception>
    public static PeftAdapter Open(string path)
    {
        var config = AdapterConfig.Beside(path);
        // Of a folder with other weights beside it, peft's own file.
        string own = System.IO.Path.Combine(path, AdapterExport.PeftFile);
        var adapter = new PeftAdapter(TensorSource.Open(File.Exists(own) ? own : path), config);
        try
        {
            adapter.Sort();
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>Forgets everything but the projectors.</summary>
    public void KeepProjectors()
    {
        _config = null;
        _modules.Clear();
        Saved.Clear();
        Unties = false;
    }

    /// <summary>The adapters as a model folder holds them.</summary>
    /// <param name="model">Sizes.</param>
    /// <param name="alpha">Takes the place of the configuration's general alpha; without a configuration twice the rank, as the reference
    /// trains, is what null means.</param>
    /// <exception cref="HseNetFileException">A tensor has no place in the model, or one that the configuration promises is
    /// missing.</exception>
    public LowRankAdapters Fit(LanguageModelConfig model, float? alpha)
    {
        var parts = new List<LowRankPart>();
        var misfits = new List<string>();
        foreach (var (module, (first, second)) in _modules)
        {
            if (first is not { } a || second is not { } b)
                throw new HseNetFileException(Path, $"has one half of the adapter of {module}", "lora_A and lora_B");
            if (FusedModule.Find(model, module) is not { } place || a.Shape is not [var rank, var inputs] || inputs != place.Inputs
                || b.Shape is not [var outputs, var columns] || outputs != place.Rows || columns != rank || rank is < 1 or > 4096)
                misfits.Add($"{a} and {b}");
            else if (_config?.Rank(module) is { } stated && stated != rank)
                throw new HseNetFileException(_config.File, $"states rank {stated} for {module}, but its adapter has rank {rank}",
                    "the configuration of this adapter");
            else
                parts.Add(new LowRankPart(place, a, b, _config?.Scale(module, rank, alpha) ?? (alpha ?? 2 * rank) / (double)rank));
        }
        if (misfits.Count > 0)
            throw new HseNetFileException(Path, $"{2 * misfits.Count} of {2 * _modules.Count} adapters have no place in the model, such as "
                + misfits[0], "an adapter of this language model");
        long[] ranks = [.. parts.Select(part => part.A.Shape[0]).Distinct()];
        if (_config is null && ranks.Length > 1)
            throw new HseNetFileException(Path, $"has adapters of ranks {string.Join(", ", ranks)}",
                $"one rank, or {AdapterExport.PeftConfigFile} beside it");
        CheckPromised(model);
        CheckTargets(model);
        return LowRankAdapters.Of(parts);
    }

    void Sort()
    {
        var strangers = new List<TensorEntry>();
        string? name = null;
        foreach (var tensor in _source.Tensors)
        {
            if (AdapterName.Parse(tensor) is not { } place)
            {
                strangers.Add(tensor);
                continue;
            }
            if (place.Kind != AdapterTensorKind.Unused)
                tensor.CheckFloat();
            Unties |= place.Listed && place.Place is "embed_tokens.weight" or "lm_head.weight";
            if (place.Adapter.Length > 0 && (name ??= place.Adapter) != place.Adapter)
                throw new HseNetFileException(tensor.File, $"holds the adapters {name} and {place.Adapter}", "one adapter");
            if (!Place(place, tensor))
                throw new HseNetFileException(tensor.File, $"holds {place.Place} twice, the second time as "
                    + HseNetFileException.Quote(tensor.Name), "each tensor once");
        }
        if (strangers.Count > 0)
            throw new HseNetFileException(Path, $"{strangers.Count} of {_source.Tensors.Count} tensors have no place in the model, such as "
                + HseNetFileException.Quote(strangers[0].Name), "lora_A and lora_B of decoder layers, modules_to_save and mm_projector");
        Unties |= _config?.Saved.Any(module => module.Split('.')[^1] is "embed_tokens" or "lm_head") == true;
    }

    bool Place(AdapterName place, TensorEntry tensor)
    {
        switch (place.Kind)
        {
            case AdapterTensorKind.Saved:
                return Saved.TryAdd(place.Place, tensor);
            case AdapterTensorKind.Projector:
                return Projectors.TryAdd(place.OwnName!, tensor);
            case AdapterTensorKind.LoraA or AdapterTensorKind.LoraB:
                var (a, b) = _modules.GetValueOrDefault(place.Place);
                bool first = place.Kind == AdapterTensorKind.LoraA;
                _modules[place.Place] = first ? (tensor, b) : (a, tensor);
                return (first ? a : b) is null;
            default:
                return true;
        }
    }

    void CheckPromised(LanguageModelConfig model)
    {
        if (_config is null)
            return;
        string[] modules = [.. ModelTensors.LanguageModel(model with { TieWordEmbeddings = false }).Select(tensor =>
            tensor.Name["language_model.".Length..^".weight".Length])];
        foreach (string saved in _config.Saved)
        {
            string[] named = Array.FindAll(modules, module => $".model.{module}".EndsWith($".{saved}", StringComparison.Ordinal));
            if (named.Length == 0 ? !(saved.StartsWith("mm_projector", StringComparison.Ordinal) && Projectors.Count > 0)
                : Array.Exists(named, module => !Saved.ContainsKey($"{module}.weight")))
                throw new HseNetFileException(Path, $"has no tensor of {saved}, which modules_to_save names", "the complete adapter");
        }
        if (_config.Layers?.Where(layer => layer < 0 || layer >= model.NumHiddenLayers).ToArray() is [var beyond, ..])
            throw new HseNetFileException(_config.File, $"layers_to_transform names layer {beyond}",
                $"layers below {model.NumHiddenLayers}");
    }

    // A file that was cut off, or saved by one of several processes, lacks what its configuration says; without one, all layers are alike.
    // What the configuration leaves out, peft would not load.
    void CheckTargets(LanguageModelConfig model)
    {
        string[] kinds = [.. _modules.Keys.Select(Kind).Distinct()];
        bool states = _config?.HasTargets == true;
        if (states && _modules.Count == 0)
            throw new HseNetFileException(Path, "has no adapters, but target_modules names some", "lora_A and lora_B tensors");
        if (states && _modules.Keys.FirstOrDefault(module => !_config!.Targets(module, LayerOf(module))) is { } surplus)
            throw new HseNetFileException(Path, $"has an adapter of {surplus}, which {_config!.File} leaves out",
                "the configuration of this adapter");
        for (int layer = 0; layer < model.NumHiddenLayers; layer++)
            foreach (string module in FusedModule.Names(layer, separate: false).Concat(FusedModule.Names(layer, separate: true)
                .Where(name => kinds.Contains(Kind(name)))))
                if ((states ? _config!.Targets(module, layer) : kinds.Contains(Kind(module)) && _config?.Layers?.Contains(layer) != false)
                    && !_modules.ContainsKey(module) && !(FusedModule.IsFused(module) && HasParts(layer, module)))
                    throw new HseNetFileException(Path, $"has no adapter of {module}, which "
                        + (states ? "target_modules names" : "other layers have"), "the complete adapter");
    }

    static string Kind(string module) => module.Split('.')[^1];

    static int LayerOf(string module) => module.Split('.') is [_, var number, ..] && int.TryParse(number, out int layer) ? layer : -1;

    bool HasParts(int layer, string fused) => FusedModule.Names(layer, separate: true)
        .Any(name => FusedModule.FusedName(name) == fused && _modules.ContainsKey(name));

    /// <summary>Closes the file.</summary>
    public void Dispose() => _source.Dispose();
}
