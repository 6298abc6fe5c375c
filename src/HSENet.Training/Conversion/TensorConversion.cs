// From the reference's tensor names to this project's: which tensor of which file becomes what.
using System.Numerics;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// Names in a model folder: a prefix for the part (<c>encoder1. encoder2. slice_encoder. packer1. packer2. text_encoder1. clip1.
/// language_model.</c>), then the reference's own name inside that part.
/// </summary>
sealed class TensorConversion(ConversionOptions options, CheckpointSet set, ModelConfig config)
{
    public const string SliceTrunk = "visual.trunk.";

    readonly List<ConvertedTensor> _tensors = [];

    /// <summary>All tensors of the folder.</summary>
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
        Projector("mm_projector.", "packer1.");
        if (config.EncoderCount == 2)
            Projector("mm_projector2.", "packer2.");
        Language();
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

    void Projector(string from, string to)
    {
        int before = _tensors.Count;
        foreach (var tensor in set.Adapter.Tensors)
        {
            int at = tensor.Name.IndexOf(from, StringComparison.Ordinal);
            if (at >= 0 && (at == 0 || tensor.Name[at - 1] == '.'))
                Add(tensor, to + tensor.Name[(at + from.Length)..]);
        }
        if (_tensors.Count == before)
            throw new HseNetFileException(options.Adapter, $"has no {from}* tensor", "the projector of each encoder");
    }

    void Language()
    {
        const string from = "model.", to = "language_model.", embedding = "embed_tokens.weight";
        foreach (var tensor in set.Language.Tensors)
        {
            string name = tensor.Name.StartsWith(from, StringComparison.Ordinal) ? tensor.Name[from.Length..] : tensor.Name;
            if (name == embedding)
                Embedding(tensor, to + embedding);
            else if (name == "lm_head.weight")
                throw new HseNetFileException(tensor.File, "has an output head of its own (lm_head.weight)",
                    "a head tied to the embedding table");
            else if (Matrix(tensor) && options.MergeLora && LoraOf(name) is { } lora)
                _tensors.Add(new ConvertedTensor(to + name, tensor.Shape.ToArray(), TypeOf(to + name, tensor),
                    new MergedWeights(tensor, lora.A, lora.B, ConfigConversion.Lora(options, set)!.Scale).Read, null));
            else
            {
                Add(tensor, to + name);
                if (!options.MergeLora && Matrix(tensor) && LoraOf(name) is { } adapter)
                {
                    string layer = to + name[..^".weight".Length];
                    Add(adapter.A, $"{layer}.lora_A.weight");
                    Add(adapter.B, $"{layer}.lora_B.weight");
                }
            }
        }
    }

    (TensorEntry A, TensorEntry B)? LoraOf(string name)
    {
        string layer = name[..^".weight".Length];
        TensorEntry? Find(string half) => set.AdapterTensor($"{layer}.lora_{half}.default.weight")
            ?? set.AdapterTensor($"{layer}.lora_{half}.weight");
        var (a, b) = (Find("A"), Find("B"));
        if ((a is null) != (b is null))
            throw new HseNetFileException(options.Adapter, $"has one half of the adapter of {layer}", "lora_A and lora_B");
        return a is null ? null : (a, b!);
    }

    // The reference resizes the table to the tokenizer's length and sets the rows of the tokens that it added to the mean of the others.
    void Embedding(TensorEntry table, string name)
    {
        int rows = config.LanguageModel.VocabSize, channels = config.LanguageModel.HiddenSize;
        int added = new[] { set.Tokenizer.ImagePatch, set.Tokenizer.BoxStart, set.Tokenizer.BoxEnd, set.Tokenizer.Segmentation }.Min();
        if (table.Shape is not [var stored, var width] || width != channels || stored < added)
            throw new HseNetFileException(table.File, $"{table} does not fit the tokenizer", $"at least {added} rows of {channels}");
        var mean = new Lazy<float[]>(() => Mean(table, added, channels));
        void Read(long first, Span<float> destination)
        {
            long known = (long)added * channels;
            int plain = (int)Math.Clamp(known - first, 0, destination.Length);
            if (plain > 0)
                table.ToSingles(first, destination[..plain]);
            for (int i = plain; i < destination.Length; i++)
                destination[i] = mean.Value[(first + i) % channels];
        }
        _tensors.Add(new ConvertedTensor(name, [rows, channels], TypeOf(name, table), Read, null));
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

    void Add(TensorEntry entry, string name) => _tensors.Add(ConvertedTensor.From(entry, name, TypeOf(name, entry)));

    static bool Matrix(TensorEntry entry) => entry.Shape.Length >= 2;

    DataType TypeOf(string name, TensorEntry entry) => ModelConfigTensors.StorageType(options.Dtype, name, entry.Shape);
}

/// <summary>Elements of W + scale · B·A, computed a few rows at a time.</summary>
sealed class MergedWeights(TensorEntry weights, TensorEntry a, TensorEntry b, float scale)
{
    readonly float[] _a = a.ToSingles(), _b = b.ToSingles();
    readonly int _rank = (int)a.Shape[0], _columns = (int)weights.Shape[^1];

    public void Read(long first, Span<float> destination)
    {
        if (a.Shape[1] != _columns || b.Shape[0] != weights.Shape[0] || b.Shape[1] != _rank)
            throw new HseNetFileException(a.File, $"{a} and {b} do not fit {weights}", $"[r, {_columns}] and [{weights.Shape[0]}, r]");
        weights.ToSingles(first, destination);
        for (int i = 0; i < destination.Length;)
        {
            long row = (first + i) / _columns;
            int column = (int)((first + i) % _columns), count = Math.Min(_columns - column, destination.Length - i);
            var target = destination.Slice(i, count);
            for (int r = 0; r < _rank; r++)
                Add(scale * _b[row * _rank + r], _a.AsSpan(r * _columns + column, count), target);
            i += count;
        }
    }

    static void Add(float factor, ReadOnlySpan<float> row, Span<float> target)
    {
        int c = 0;
        for (; c <= row.Length - Vector<float>.Count; c += Vector<float>.Count)
            (new Vector<float>(target[c..]) + factor * new Vector<float>(row[c..])).CopyTo(target[c..]);
        for (; c < row.Length; c++)
            target[c] += factor * row[c];
    }
}
