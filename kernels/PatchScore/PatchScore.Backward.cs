// PatchScore.Backward: the gradients of patches, of what the slices say about them and of the score's weights; arguments and ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="PatchScore.Backward"/>. P patches, D channels. The gradients of weights and bias are
/// optional.</summary>
public struct PatchScoreBackwardArguments
{
    /// <summary>[P, D] what the slices say about each patch.</summary>
    public View<float> G;

    /// <summary>[D] weights of the score.</summary>
    public View<float> Weight;

    /// <summary>[P, D] patches before they were scaled.</summary>
    public View<float> X;

    /// <summary>[P] the forward's scores.</summary>
    public View<float> Scores;

    /// <summary>[P, D] gradient of the scaled patches; neither GradX nor GradG, as several threads read it.</summary>
    public View<float> GradY;

    /// <summary>[P, D] gradient of the patches, without what comes back through G: overwritten.</summary>
    public View<float> GradX;

    /// <summary>[P, D] gradient of G: overwritten.</summary>
    public View<float> GradG;

    /// <summary>[D] gradient of the weights, or none: added to.</summary>
    public View<float> GradWeight;

    /// <summary>[1] gradient of the bias, or none: added to.</summary>
    public View<float> GradBias;

    /// <summary>Overwritten, <see cref="PatchScore.BackwardScratch"/> floats.</summary>
    public View<float> Scratch;

    /// <summary>P, patches.</summary>
    public int Patches;

    /// <summary>D, channels.</summary>
    public int Channels;
}

public static partial class PatchScore
{
    const int BackwardGroup = 128; // patches of a group, and channels of one that owns channels

    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<PatchScoreBackwardArguments> BackwardOperation = new("PatchScore.Backward", Check,
        Rung.Host<PatchScoreBackwardArguments>("Host", HostBackward),
        Rung.Gpu<PatchScoreBackwardArguments>("V1.Naive", BackwardV1) with
        {
            Group = BackwardGroup,
            Launch = static a => new(Parts.Of(a.Patches, BackwardGroup)
                + (a.GradWeight.IsEmpty && a.GradBias.IsEmpty ? 0 : Parts.Of(a.Channels, BackwardGroup))),
        });

    /// <summary>
    /// With z[p] = score·(1 − score)·Σ_d gradY[p,d]·x[p,d]: gradX = score·gradY and gradG[p] = z[p]·weight, overwritten; gradWeight += Σ_p
    /// z[p]·g[p] and gradBias += Σ_p z[p], added to in a fixed order.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in PatchScoreBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="PatchScoreBackwardArguments.Scratch"/>: [⌈D / 128⌉, P], so that no group waits for another.</summary>
    public static long BackwardScratch(int patches, int channels) => (long)patches * Parts.Of(channels, BackwardGroup);

    static void Check(PatchScoreBackwardArguments a)
    {
        const string name = "PatchScore.Backward";
        long elements = CheckSizes(name, a.Patches, a.Channels), scratch = BackwardScratch(a.Patches, a.Channels);
        Require.Indexable(name, "⌈D / 128⌉ × P", scratch);
        Require.Length(name, nameof(a.G), a.G.Length, elements, "P × D");
        Require.Length(name, nameof(a.Weight), a.Weight.Length, a.Channels, "D");
        Require.Length(name, nameof(a.X), a.X.Length, elements, "P × D");
        Require.Length(name, nameof(a.Scores), a.Scores.Length, a.Patches, "P");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "P × D");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, elements, "P × D");
        Require.Length(name, nameof(a.GradG), a.GradG.Length, elements, "P × D");
        Require.OptionalLength(name, nameof(a.GradWeight), a.GradWeight.Length, a.Channels, "D");
        Require.OptionalLength(name, nameof(a.GradBias), a.GradBias.Length, 1, "1");
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, scratch, "⌈D / 128⌉ × P");
    }
}
