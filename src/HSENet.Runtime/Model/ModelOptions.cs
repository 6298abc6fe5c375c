// How a model is opened.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>How a model is opened.</summary>
public sealed record ModelOptions
{
    /// <summary>How text is cut into tokens; the reference uses <see cref="TokenizerForm.Slow"/>.</summary>
    public TokenizerForm Tokenizer { get; init; }

    /// <summary>Whether all weights are read and compared with the checksums that their files state: a damaged file is refused, which
    /// opening alone, which reads what it needs when it needs it, would not notice.</summary>
    public bool VerifyChecksums { get; init; }

    /// <summary>Requests that wait for others at most: one more gets <see cref="ModelBusyException"/>. Null lets any number wait.</summary>
    public int? QueueLimit { get; init; }

    /// <summary>
    /// How tensors are stored that one product writes and another reads, the cache of keys and values among them: bf16 is half the memory
    /// and what tensor cores read; the residual stream and all arithmetic stay f32. By default bf16 on a GPU and in the emulator; on the
    /// host there is f32 alone.
    /// </summary>
    public ActivationType? Activations { get; init; }
}
