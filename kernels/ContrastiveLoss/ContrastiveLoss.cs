// ContrastiveLoss: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="ContrastiveLoss"/>. N pairs, C channels. Gradients are of Scale · (contrastive + RelationWeight ·
/// relation).</summary>
public struct ContrastiveLossArguments
{
    /// <summary>[N, C] image embeddings of length 1.</summary>
    public View<float> Images;

    /// <summary>[N, C] text embeddings of length 1, in the order of the images.</summary>
    public View<float> Texts;

    /// <summary>[1] what multiplies the cosines: the parameter itself, not its exponential.</summary>
    public View<float> LogitScale;

    /// <summary>[N, N] logits of the frozen stage 1, or none: no relation loss.</summary>
    public View<float> FrozenLogits;

    /// <summary>[N, N] logits, images in rows: overwritten.</summary>
    public View<float> Logits;

    /// <summary>[2] contrastive loss, relation loss without its weight (0 without frozen logits): overwritten.</summary>
    public View<float> Loss;

    /// <summary>[N, C] gradient of the images, or none: overwritten.</summary>
    public View<float> GradImages;

    /// <summary>[N, C] gradient of the texts, or none: overwritten.</summary>
    public View<float> GradTexts;

    /// <summary>[1] gradient of the scale, or none: added to.</summary>
    public View<float> GradLogitScale;

    /// <summary>Scratch memory of <see cref="ContrastiveLoss.ScratchLength"/> floats.</summary>
    public View<float> Scratch;

    /// <summary>N, pairs.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Weight of the relation loss in the gradients.</summary>
    public float RelationWeight;

    /// <summary>Multiplies all gradients, not the losses: a batch's share of a step.</summary>
    public float Scale;
}

/// <summary>
/// The losses of both contrastive stages (paper, section 3.2): InfoNCE, the mean of the cross entropies of every image among the texts and
/// of every text among the images; and the mean squared difference of the logits from those of the frozen stage 1.
/// </summary>
public static partial class ContrastiveLoss
{
    const int GroupSize = 128;

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<ContrastiveLossArguments> ForwardOperation = new("ContrastiveLoss", Check,
        Rung.Host<ContrastiveLossArguments>("Host", HostForward),
        Rung.Gpu<ContrastiveLossArguments>("V1.Naive", ForwardV1) with
        {
            Group = GroupSize,
            Launch = static _ => new(1),
        });

    /// <summary>Both losses, the logits and the gradients that are asked for.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in ContrastiveLossArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="ContrastiveLossArguments.Scratch"/>: cosines and gradients of the logits, [N, N] each, and four sums
    /// of a row.</summary>
    public static long ScratchLength(int rows) => 2L * rows * rows + 4L * rows;

    static void Check(ContrastiveLossArguments a)
    {
        const string name = "ContrastiveLoss";
        long elements = Require.Elements(name, "N × C", (nameof(a.Rows), a.Rows), (nameof(a.Channels), a.Channels)),
            pairs = (long)a.Rows * a.Rows;
        Require.Indexable(name, "ScratchLength", ScratchLength(a.Rows));
        Require.Length(name, nameof(a.Images), a.Images.Length, elements, "N × C");
        Require.Length(name, nameof(a.Texts), a.Texts.Length, elements, "N × C");
        Require.Length(name, nameof(a.LogitScale), a.LogitScale.Length, 1, "1");
        Require.OptionalLength(name, nameof(a.FrozenLogits), a.FrozenLogits.Length, pairs, "N × N");
        Require.Length(name, nameof(a.Logits), a.Logits.Length, pairs, "N × N");
        Require.Length(name, nameof(a.Loss), a.Loss.Length, 2, "2");
        Require.OptionalLength(name, nameof(a.GradImages), a.GradImages.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.GradTexts), a.GradTexts.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.GradLogitScale), a.GradLogitScale.Length, 1, "1");
        Require.That(a.Scale != 0 || (a.GradImages.IsEmpty && a.GradTexts.IsEmpty && a.GradLogitScale.IsEmpty), name, nameof(a.Scale),
            "not 0 when a gradient is asked for", 0);
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, ScratchLength(a.Rows), "ScratchLength");
    }
}
