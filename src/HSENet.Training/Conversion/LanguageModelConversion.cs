// The language model of a checkpoint set: its configuration, refused by name where no kernel computes it, and its tensors with adapters.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Converts the language model and what the adapter changes in it.</summary>
sealed class LanguageModelConversion
{
    const string Head = "lm_head.weight", Table = "embed_tokens.weight", Own = "language_model.";

    readonly CheckpointSet _set;
    readonly Dictionary<string, TensorEntry> _stored = [];
    readonly HashSet<TensorEntry> _trained;

    public LanguageModelConversion(ConversionOptions options, CheckpointSet set)
    {
        _set = set;
        _trained = [.. set.Adapter.Saved.Values];
        foreach (var tensor in set.Language.Tensors)
            // Frequencies are computed; checkpoints that store them store what the configuration says.
            if (!tensor.Name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) && !_stored.TryAdd(Bare(tensor.Name), tensor))
                throw new HseNetFileException(tensor.File, $"holds {Bare(tensor.Name)} twice", "each tensor once");
        (EmbeddingTable, OutputHead) = Tables();
        Config = Read(options);
        CheckLayers();
        Adapters = set.Adapter.Fit(Config, options.LoraAlpha);
        Config = Config with { Lora = options.MergeLora ? null : Adapters.Lora };
    }

    /// <summary>The configuration, with adapters unless they are merged.</summary>
    public LanguageModelConfig Config { get; }

    public LowRankAdapters Adapters { get; }

    TensorEntry EmbeddingTable { get; }

    TensorEntry? OutputHead { get; }

    /// <summary>All tensors in this project's names.</summary>
    /// <param name="merge">Adds the adapters to the weights.</param>
    /// <param name="typeOf">Storage type of a tensor.</param>
    /// <exception cref="HseNetFileException">A tensor is missing or has no place.</exception>
    public IEnumerable<ConvertedTensor> Tensors(bool merge, Func<string, long[], DataType> typeOf)
    {
        var tensors = new List<ConvertedTensor>();
        foreach (var (name, _, shape) in ModelTensors.LanguageModel(Config))
        {
            string bare = name[Own.Length..];
            if (bare is Table or Head)
            {
                var table = bare == Table ? EmbeddingTable : OutputHead!;
                _stored.Remove(bare);
                _set.Adapter.Saved.Remove(bare);
                tensors.Add(new ConvertedTensor(name, shape, typeOf(name, shape), Rows(table.CheckFloat()), null));
                continue;
            }
            var whole = Whole(bare, shape);
            string module = bare[..^".weight".Length];
            bool adapted = Adapters.Modules.TryGetValue(module, out var pair);
            tensors.Add(adapted && merge
                ? new ConvertedTensor(name, shape, typeOf(name, shape),
                    new MergedWeights(whole.Name, whole.Shape, whole.Read, pair.A, pair.B, Adapters.Lora!.Scale).Read, null)
                : whole with { Name = name, Type = typeOf(name, shape) });
            if (adapted && !merge)
                foreach (var (half, tensor) in new[] { ("A", pair.A), ("B", pair.B) })
                    tensors.Add(ConvertedTensor.From(tensor, $"{Own}{module}.lora_{half}.weight",
                        typeOf($"{Own}{module}.lora_{half}.weight", tensor.Shape.ToArray())));
        }
        _stored.Remove(Head); // of two tied tables, one is written
        _set.Adapter.Saved.Remove(Head);
        foreach (var (name, tensor) in _stored.Concat(_set.Adapter.Saved))
            throw new HseNetFileException(tensor.File, $"{HseNetFileException.Quote(tensor.Name)} has no place in the model",
                name.StartsWith("layers.", StringComparison.Ordinal)
                    ? $"{Config.NumHiddenLayers} layers without biases, as config.json says"
                    : "the tensors of Phi-4-mini alone");
        return tensors;
    }

    static string Bare(string name) =>
        string.Join('.', name.Split('.').Where(part => !AdapterName.Wrappers.Contains(part)).SkipWhile(AdapterName.Roots.Contains));

    (TensorEntry, TensorEntry?) Tables()
    {
        if (!_stored.TryGetValue(Table, out var table))
            throw new HseNetFileException(_set.Language.Path, $"tensor {Table} is missing", "the embedding table");
        var config = _set.LanguageConfig;
        bool tied = config.OptionalBool("tie_word_embeddings") ?? true;
        var head = _stored.GetValueOrDefault(Head);
        if (head is not null && Same(table, head))
            head = null;
        else if (head is not null && tied)
            throw new HseNetFileException(head.File, "has an output head of its own (lm_head.weight)",
                "a head tied to the embedding table, as config.json says (tie_word_embeddings)");
        else if (head is null && !tied)
            throw new HseNetFileException(config.File, "tie_word_embeddings is false, but the weights have no lm_head.weight",
                "the output head");
        var saved = _set.Adapter.Saved;
        return TokenTables.Combine(table, head, saved.GetValueOrDefault(Table), saved.GetValueOrDefault(Head), _set.Adapter.Unties, Same);
    }

    static bool Same(TensorEntry a, TensorEntry b) =>
        a.Type == b.Type && a.Shape.SequenceEqual(b.Shape) && a.ComputeChecksum() == b.ComputeChecksum();

    LanguageModelConfig Read(ConversionOptions options)
    {
        var config = _set.LanguageConfig;
        LanguageModelChecks.Check(config);
        var rotary = new RotaryConversion(config);
        return new LanguageModelConfig
        {
            VocabSize = _set.Tokenizer.Count,
            HiddenSize = config.Int("hidden_size"),
            IntermediateSize = config.Int("intermediate_size"),
            NumHiddenLayers = config.Int("num_hidden_layers"),
            NumAttentionHeads = config.Int("num_attention_heads"),
            NumKeyValueHeads = config.OptionalInt("num_key_value_heads") ?? config.Int("num_attention_heads"),
            RmsNormEps = config.Float("rms_norm_eps"),
            RopeTheta = rotary.Theta,
            PartialRotaryFactor = rotary.PartialFactor,
            OriginalMaxPositionEmbeddings = rotary.OriginalMaximum,
            MaxPositionEmbeddings = rotary.Maximum,
            RopeScaling = rotary.Scaling,
            EosTokenId = config.Ints("eos_token_id"),
            TieWordEmbeddings = OutputHead is null,
        };
    }

    // Before the adapters, which would be found not to fit: the configuration or the weights are what is wrong.
    void CheckLayers()
    {
        var layers = new HashSet<int>();
        foreach (var (name, tensor) in _stored)
            if (name.Split('.') is ["layers", var number, ..] && int.TryParse(number, out int layer) && layers.Add(layer)
                && layer >= Config.NumHiddenLayers)
                throw new HseNetFileException(_set.LanguageConfig.File,
                    $"states {Config.NumHiddenLayers} layers, but the weights have {HseNetFileException.Quote(tensor.Name)}",
                    "the configuration of these weights");
        for (int layer = 0; layer < Config.NumHiddenLayers; layer++)
            if (!layers.Contains(layer))
                throw new HseNetFileException(_set.Language.Path, $"has no tensor model.layers.{layer}.*",
                    $"the {Config.NumHiddenLayers} layers that config.json states");
    }

    // The adapter's own copy before the base's; one tensor, or several that others keep apart.
    ConvertedTensor Whole(string name, long[] shape)
    {
        if (Take(name) is { } tensor)
            return tensor.Shape.SequenceEqual(shape) ? ConvertedTensor.From(tensor, tensor.Name, tensor.Type)
                : throw new HseNetFileException(tensor.File, $"{tensor} does not fit config.json", $"[{string.Join(", ", shape)}]");
        string module = name[..^".weight".Length];
        TensorEntry?[] parts = [.. FusedModule.PartsOf(module).Select(part => Take($"{part}.weight"))];
        if (parts.Length == 0 || parts.Contains(null))
            throw new HseNetFileException(_set.Language.Path, $"tensor model.{name} is missing",
                $"the {_set.LanguageConfig.Int("num_hidden_layers")} layers that config.json states");
        long[] rows = [.. FusedModule.PartsOf(module).Select(part => FusedModule.Find(Config, part)!.Value.Rows)];
        for (int i = 0; i < parts.Length; i++)
            if (!parts[i]!.Shape.SequenceEqual([rows[i], shape[1]]))
                throw new HseNetFileException(parts[i]!.File, $"{parts[i]} does not fit config.json", $"[{rows[i]}, {shape[1]}]");
        return new ConvertedTensor(name, shape, parts[0]!.Type, Joined([.. parts.OfType<TensorEntry>()]), null);
    }

    TensorEntry? Take(string name)
    {
        _stored.Remove(name, out var stored);
        return (_set.Adapter.Saved.Remove(name, out var saved) ? saved : stored)?.CheckFloat();
    }

    static ElementReader Joined(TensorEntry[] parts) => (first, destination) =>
    {
        foreach (var part in parts)
        {
            if (destination.IsEmpty)
                return;
            if (first < part.ElementCount)
            {
                int count = (int)Math.Min(part.ElementCount - first, destination.Length);
                part.ToSingles(first, destination[..count]);
                destination = destination[count..];
                first = 0;
            }
            else
                first -= part.ElementCount;
        }
    };

    // The reference resizes the table to the tokenizer's length and sets the rows of the tokens that it added to the mean of the others.
    ElementReader Rows(TensorEntry table)
    {
        var tokenizer = _set.Tokenizer;
        int channels = Config.HiddenSize;
        int added = new[] { tokenizer.ImagePatch, tokenizer.BoxStart, tokenizer.BoxEnd, tokenizer.Segmentation }.Min();
        bool trained = _trained.Contains(table), complete = trained && table.Shape is [var all, _] && all == tokenizer.Count;
        if (table.Shape is not [var stored, var width] || width != channels || stored < added
            || trained && !complete && stored != _set.Language.Tensors.First(tensor => Bare(tensor.Name) == Table).Shape[0])
            throw new HseNetFileException(table.File, $"{table} does not fit the tokenizer",
                trained ? $"{tokenizer.Count} rows of {channels}" : $"at least {added} rows of {channels}");
        if (complete)
            return table.ToSingles;
        var mean = new Lazy<float[]>(() => Mean(table, added, channels));
        return (first, destination) =>
        {
            long known = (long)added * channels;
            int plain = (int)Math.Clamp(known - first, 0, destination.Length);
            if (plain > 0)
                table.ToSingles(first, destination[..plain]);
            for (int i = plain; i < destination.Length; i++)
                destination[i] = mean.Value[(first + i) % channels];
        };
    }

    static float[] Mean(TensorEntry table, int rows, int channels)
    {
        var sums = new double[channels];
        var row = new float[channels];
        for (int i = 0; i < rows; i++)
        {
            table.ToSingles((long)i * channels, row);
            for (int c = 0; c < channels; c++)
                sums[c] += row[c];
        }
        return [.. sums.Select(sum => (float)(sum / rows))];
    }
}
