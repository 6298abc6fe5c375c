// PatchEmbedding: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="PatchEmbedding"/>. I images of P patches, C outputs; a patch holds K = channels · depth · height ·
/// width values.</summary>
public struct PatchEmbeddingArguments
{
    /// <summary>[I, channels, depth, height, width] images or volumes.</summary>
    public View<float> Image;

    /// <summary>[C, K] weights; a patch is flattened (channel, depth, height, width).</summary>
    public Weights W;

    /// <summary>[C] bias.</summary>
    public View<float> Bias;

    /// <summary>[P, C] position embedding.</summary>
    public Weights Position;

    /// <summary>[I, leading rows + P, C] output; patches in (depth, height, width) order. Leading rows stay as they are.</summary>
    public View<float> Y;

    /// <summary>What image and weights may be rounded to where they are multiplied.</summary>
    public ActivationType Factors;

    /// <summary>I, images.</summary>
    public int Images;

    /// <summary>Rows of Y in front of the patches of each image, as for a class token.</summary>
    public int LeadingRows;

    /// <summary>Channels of the image: 1 for CT, 3 for slices.</summary>
    public int Channels;

    /// <summary>Slices of the volume; 1 for an image.</summary>
    public int Depth;

    /// <summary>Rows of the image.</summary>
    public int Height;

    /// <summary>Columns of the image.</summary>
    public int Width;

    /// <summary>Slices of a patch; 1 for an image.</summary>
    public int PatchDepth;

    /// <summary>Rows of a patch.</summary>
    public int PatchHeight;

    /// <summary>Columns of a patch.</summary>
    public int PatchWidth;

    /// <summary>C, outputs.</summary>
    public int Outputs;

    /// <summary>P, patches.</summary>
    public readonly int Patches => Volume.Patches;

    /// <summary>K, values of a patch.</summary>
    public readonly int PatchLength => Volume.PatchLength;

    internal readonly PatchVolume Volume => new(Channels, Depth, Height, Width, PatchDepth, PatchHeight, PatchWidth);

    /// <summary>The arguments of one image.</summary>
    internal readonly PatchEmbeddingArguments OfImage(int image)
    {
        long voxels = (long)Channels * Depth * Height * Width, rows = (long)Patches * Outputs, leading = (long)LeadingRows * Outputs;
        return this with
        {
            Image = Image.Slice(image * voxels, voxels),
            Y = Y.Slice(image * (leading + rows) + leading, rows),
            Images = 1,
            LeadingRows = 0,
        };
    }
}

/// <summary>
/// Cuts a volume or an image into patches and projects each (MONAI's perceptron patch embedding, timm's PatchEmbed):
/// y[p,c] = Σ_k patch[p,k] · W[c,k] + bias[c] + position[p,c], of each image.
/// </summary>
public static partial class PatchEmbedding
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<PatchEmbeddingArguments> ForwardOperation = new("PatchEmbedding", Check,
        Rung.Host<PatchEmbeddingArguments>("Host", HostForward),
        V1(ForwardV1<F32Weights>, WeightType.F32),
        V1(ForwardV1<BF16Weights>, WeightType.BF16),
        V1(ForwardV1<Int8Weights>, WeightType.Int8),
        TensorCores());

    /// <summary>Embeds every patch.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in PatchEmbeddingArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<PatchEmbeddingArguments> V1(Action<PatchEmbeddingArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel).WithThreads(128, static a => a.Images * a.Patches, static a => a.Outputs)
            with
        { Weights = type, Accepts = a => a.W.Type == type };

    static void Check(PatchEmbeddingArguments a)
    {
        const string name = "PatchEmbedding";
        Require.Positive(name, nameof(a.Images), a.Images);
        Require.That(a.LeadingRows >= 0, name, nameof(a.LeadingRows), "0 or more", a.LeadingRows);
        var (patches, length) = a.Volume.Check(name, a.Image.Length, a.Outputs, a.Images);
        Require.Length(name, nameof(a.W), a.W.Length, length * a.Outputs, "C × K");
        Require.Length(name, nameof(a.Bias), a.Bias.Length, a.Outputs, "C");
        Require.Length(name, nameof(a.Position), a.Position.Length, patches * a.Outputs, "P × C");
        long rows = a.Images * (a.LeadingRows + patches);
        Require.Indexable(name, "I × (leading rows + P) × C", rows * a.Outputs);
        Require.Length(name, nameof(a.Y), a.Y.Length, rows * a.Outputs, "I × (leading rows + P) × C");
        Require.ScaleGroups(name, nameof(a.PatchLength), length, a.W.Type);
        Require.ScaleGroups(name, nameof(a.Outputs), a.Outputs, a.Position.Type);
    }
}
