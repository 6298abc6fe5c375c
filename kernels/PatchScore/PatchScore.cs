// PatchScore: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="PatchScore"/>. P patches, D channels.</summary>
public struct PatchScoreArguments
{
    /// <summary>[P, D] what the slices say about each patch: output of slice-guided attention after its LayerNorm.</summary>
    public View<float> G;

    /// <summary>[D] weights of the score.</summary>
    public View<float> Weight;

    /// <summary>[1] bias of the score.</summary>
    public View<float> Bias;

    /// <summary>[P, D] patches, scaled in place.</summary>
    public View<float> X;

    /// <summary>[P] output: score of each patch, in (0, 1).</summary>
    public View<float> Scores;

    /// <summary>P, patches.</summary>
    public int Patches;

    /// <summary>D, channels.</summary>
    public int Channels;
}

/// <summary>
/// Scales each patch by how much the slices care about it (HSENet, 3D encoder of stage 2, <c>patch_score_proj</c>):
/// score[p] = sigmoid(weight · g[p] + bias), x[p] ← x[p] · score[p].
/// </summary>
public static partial class PatchScore
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<PatchScoreArguments> ForwardOperation = new("PatchScore", Check,
        Rung.Host<PatchScoreArguments>("Host", HostForward),
        Rung.Gpu<PatchScoreArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Patches),
        Rung.Gpu<PatchScoreArguments>("V2.WarpPerPatch", ForwardV2) with
        {
            Launch = static a => new(Parts.Of(a.Patches, PatchesPerGroup)),
            Accepts = static a => a.Channels % 4 == 0 && (a.G.Address | a.Weight.Address | a.X.Address) % 16 == 0,
        });

    /// <summary>Scores and scales every patch.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in PatchScoreArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(PatchScoreArguments a)
    {
        const string name = "PatchScore";
        long elements = CheckSizes(name, a.Patches, a.Channels);
        Require.Length(name, nameof(a.G), a.G.Length, elements, "P × D");
        Require.Length(name, nameof(a.Weight), a.Weight.Length, a.Channels, "D");
        Require.Length(name, nameof(a.Bias), a.Bias.Length, 1, "1");
        Require.Length(name, nameof(a.X), a.X.Length, elements, "P × D");
        Require.Length(name, nameof(a.Scores), a.Scores.Length, a.Patches, "P");
    }

    static long CheckSizes(string name, int patches, int channels) =>
        Require.Elements(name, "P × D", (nameof(PatchScoreArguments.Patches), patches), (nameof(PatchScoreArguments.Channels), channels));
}
