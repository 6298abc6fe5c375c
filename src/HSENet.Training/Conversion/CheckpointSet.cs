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
            Adapter = Own(PeftAdapter.Open(options.FirstAdapter));
            // What named adapters say of the language model is theirs, not the base's.
            if (options.NamedAdapters.Count > 0)
                Adapter.KeepProjectors();
            Slices = options.SliceEncoder is { } slices ? Own(TensorSource.Open(slices)) : null;
            Tokenizer = LanguageTokenizer.Open(options.LanguageModel);
            IsStage2 = Clip.Tensors.Any(tensor => tensor.Name.StartsWith(Stage1Prefix, StringComparison.Ordinal));
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

    public PeftAdapter Adapter { get; }

    public TensorSource? Slices { get; }

    public LanguageTokenizer Tokenizer { get; }

    /// <summary>Whether the CLIP folder is a stage-2 one, which holds stage 1 too.</summary>
    public bool IsStage2 { get; }

    /// <summary>Whether the adapter file has a projector for each of two encoders.</summary>
    public bool TwoProjectors => Adapter.Projectors.Keys.Any(name => name.StartsWith("packer2.", StringComparison.Ordinal));

    /// <summary>Prefix of stage 1's tensors in the CLIP file.</summary>
    public string Stage1 => IsStage2 ? Stage1Prefix : "";

    T Own<T>(T source) where T : IDisposable
    {
        _owned.Add(source);
        return source;
    }

    public void Dispose() => _owned.ForEach(source => source.Dispose());
}
