// From the reference's tensor names to this project's: which tensor of which file becomes what.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// Names in a model folder: a prefix for the part (<c>encoder1. encoder2. slice_encoder. packer1. packer2. text_encoder1. clip1.
/// language_model.</c>), then the reference's own name inside that part.
/// </summary>
sealed class TensorConversion(ConversionOptions options, CheckpointSet set, LanguageModelConversion language, ModelConfig config)
{
    public const string SliceTrunk = "visual.trunk.";

    readonly List<ConvertedTensor> _tensors = [];

    /// <summary>All tensors of the folder.</summary>
    /// <exception cref="HseNetFileException">One that the configuration promises is missing, or one that changes the result has no
    /// place.</exception>
    public IReadOnlyList<ConvertedTensor> All()
    {
        if (config.Encoders != VisionEncoders.SliceGuided)
            Part(set.Clip, set.Stage1 + "vision_encoder.", "encoder1.");
        if (config.Encoders != VisionEncoders.Volume)
            Part(set.Clip, "vision_encoder.", "encoder2.");
        if (config.SliceEncoder is not null)
            Part(set.Slices!, SliceTrunk, "slice_encoder.");
        if (config.TextEncoder is not null)
        {
            Clip(set.Stage1, 1);
            if (set.IsStage2)
                Clip("", 2);
        }
        Projector("packer1.", "mm_projector");
        if (config.EncoderCount == 2)
            Projector("packer2.", "mm_projector2");
        _tensors.AddRange(language.Tensors(options.MergeLora, TypeOf));
        Check();
        return _tensors;
    }

    void Clip(string prefix, int stage)
    {
        // BERT's pooler is not used by the reference: it has no gradient and feeds nothing.
        Part(set.Clip, $"{prefix}language_encoder.", $"text_encoder{stage}.", name =>
            !name.StartsWith("pooler.", StringComparison.Ordinal) && !name.EndsWith("position_ids", StringComparison.Ordinal));
        foreach (string name in (ReadOnlySpan<string>)["mm_vision_proj.weight", "mm_vision_proj.bias", "mm_language_proj.weight",
            "mm_language_proj.bias", "logit_scale"])
            Add(set.Clip.Get(prefix + name), $"clip{stage}.{name}");
    }

    void Part(TensorSource source, string from, string to, Func<string, bool>? wanted = null)
    {
        int before = _tensors.Count;
        foreach (var tensor in source.Tensors)
            if (tensor.Name.StartsWith(from, StringComparison.Ordinal) && wanted?.Invoke(tensor.Name[from.Length..]) != false)
                Add(tensor, to + tensor.Name[from.Length..]);
        if (_tensors.Count == before)
            throw new HseNetFileException(source.Path, $"has no tensor whose name begins with {from}", "the checkpoint of this part");
    }

    void Projector(string own, string reference)
    {
        int before = _tensors.Count;
        foreach (var (name, tensor) in set.Adapter.Projectors)
            if (name.StartsWith(own, StringComparison.Ordinal))
                Add(tensor, name);
        if (_tensors.Count == before)
            throw new HseNetFileException(options.FirstAdapter, $"has no {reference}.* tensor", "the projector of each encoder");
    }

    void Add(TensorEntry entry, string name) => _tensors.Add(ConvertedTensor.From(entry, name, TypeOf(name, entry.Shape.ToArray())));

    void Check()
    {
        var converted = _tensors.ToDictionary(tensor => tensor.Name);
        var expected = ModelTensors.All(config).ToDictionary(tensor => tensor.Name);
        foreach (var (name, reference, shape) in expected.Values)
            if (!converted.TryGetValue(name, out var tensor))
                throw new HseNetFileException(Origin(name), $"tensor {reference} ({name}) is missing", $"[{string.Join(", ", shape)}]");
            else if (tensor.Elements != shape.Aggregate(1L, (product, size) => product * size))
                throw new HseNetFileException(tensor.Source?.File ?? Origin(name),
                    $"tensor {tensor.Source?.Name ?? reference} is [{string.Join(", ", tensor.Shape)}]", $"[{string.Join(", ", shape)}]");
            else
                tensor.Source?.CheckFloat();
        // Other tensors beside those of the model change nothing, but a bias or a layer of a projector that is left out does.
        foreach (var (name, tensor) in converted)
            if ((name.EndsWith(".bias", StringComparison.Ordinal) || name.StartsWith("packer", StringComparison.Ordinal))
                && !expected.ContainsKey(name))
                throw new HseNetFileException(tensor.Source!.File,
                    $"{HseNetFileException.Quote(tensor.Source.Name)} has no place in the model",
                        "the layers that config.json states, no more");
    }

    string Origin(string name) => name.Split('.')[0] switch
    {
        "slice_encoder" => options.SliceEncoder!,
        "language_model" => options.LanguageModel,
        ['p', 'a', 'c', 'k', 'e', 'r', ..] => options.FirstAdapter,
        _ => options.Clip,
    };

    DataType TypeOf(string name, long[] shape) => ModelConfigTensors.StorageType(options.Dtype, name, shape);
}
