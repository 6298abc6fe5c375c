// What a service says of its model: bound to a section of its configuration, or set in code.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Extensions;

/// <summary>The model of a service and its limits.</summary>
public sealed class HseNetOptions
{
    /// <summary>The folder that <c>hsenet convert</c> wrote.</summary>
    public string Weights { get; set; } = "";

    /// <summary>Where it runs: <c>auto</c> (a GPU if there is one), <c>cpu</c>, <c>cuda:N</c> or <c>emulator</c>.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>Requests that wait for the model at most; one more gets <see cref="ModelBusyException"/>.</summary>
    public int QueueLimit { get; set; } = 64;

    /// <summary>Encoded studies that are kept at most, the last used ones; each takes <see cref="HseNetModel.PlanEncoded"/> on the
    /// device.</summary>
    public int KeptStudies { get; set; } = 4;

    /// <summary>Whether all weights are compared with their checksums when the model is opened.</summary>
    public bool VerifyChecksums { get; set; }

    /// <summary>How text is cut into tokens.</summary>
    public TokenizerForm Tokenizer { get; set; }

    /// <inheritdoc cref="ModelOptions.Activations"/>
    public ActivationType? Activations { get; set; }

    /// <summary>How studies in messages are read and preprocessed.</summary>
    public CtStudyOptions Study { get; set; } = new();

    internal void Check()
    {
        if (string.IsNullOrWhiteSpace(Weights))
            throw new HseNetException("HseNetOptions.Weights is empty: expected a model's folder");
        if (QueueLimit < 0)
            throw new HseNetException($"HseNetOptions.QueueLimit {QueueLimit}: expected at least 0");
        if (KeptStudies < 1)
            throw new HseNetException($"HseNetOptions.KeptStudies {KeptStudies}: expected at least 1");
    }
}
