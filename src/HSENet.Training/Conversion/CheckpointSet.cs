// The opened files of a reference checkpoint set, and what their configurations say about the model.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Everything that conversion reads.</summary>
sealed class CheckpointSet : IDisposable
{
    public const string Stage1Prefix = "stage1_pretrained_CLIP.";

    readonly List<IDisposable> _owned = [];

    public CheckpointSet(ConversionOptions options)
    {
        try
        {
            ClipConfig = CheckpointConfig.Read(Path.Combine(options.Clip, "config.json"));
            LanguageConfig = CheckpointConfig.Read(Path.Combine(options.LanguageModel, "config.json"));
            Clip = Own(TensorSource.Open(options.Clip));
            Language = Own(TensorSource.Open(options.LanguageModel));
            Adapter = Own(TensorSource.Open(options.Adapter));
            Slices = options.SliceEncoder is { } slices ? Own(TensorSource.Open(slices)) : null;
            Tokenizer = LanguageTokenizer.Open(options.LanguageModel);
            IsStage2 = Clip.Tensors.Any(tensor => tensor.Name.StartsWith(Stage1Prefix, StringComparison.Ordinal));
            TwoProjectors = Adapter.Tensors.Any(tensor => tensor.Name.Contains("mm_projector2.", StringComparison.Ordinal));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public CheckpointConfig ClipConfig { get; }

    public CheckpointConfig LanguageConfig { get; }

    public TensorSource Clip { get; }

    public TensorSource Language { get; }

    public TensorSource Adapter { get; }

    public TensorSource? Slices { get; }

    public LanguageTokenizer Tokenizer { get; }

    /// <summary>Whether the CLIP folder is a stage-2 one, which holds stage 1 too.</summary>
    public bool IsStage2 { get; }

    /// <summary>Whether the adapter file has a projector for each of two encoders.</summary>
    public bool TwoProjectors { get; }

    /// <summary>Prefix of stage 1's tensors in the CLIP file.</summary>
    public string Stage1 => IsStage2 ? Stage1Prefix : "";

    /// <summary>A tensor of the adapter file: the reference saves it under peft's names.</summary>
    public TensorEntry? AdapterTensor(string name)
    {
        foreach (string prefix in (ReadOnlySpan<string>)["base_model.model.model.", "model.", "base_model.model.", ""])
            if (Adapter.TryGet(prefix + name, out var entry))
                return entry;
        return null;
    }

    T Own<T>(T source) where T : IDisposable
    {
        _owned.Add(source);
        return source;
    }

    public void Dispose() => _owned.ForEach(source => source.Dispose());
}
