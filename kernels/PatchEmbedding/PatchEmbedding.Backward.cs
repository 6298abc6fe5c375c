// PatchEmbedding.Backward: the gradients of weights, bias and positions, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="PatchEmbedding.Backward"/>. P patches, C outputs, K values of a patch. Every gradient is optional; at least one
/// is asked for. The image gets none.
/// </summary>
public struct PatchEmbeddingBackwardArguments
{
    /// <summary>[channels, depth, height, width] image or volume.</summary>
    public View<float> Image;

    /// <summary>[P, C] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[C, K] gradient of the weights, or none: added to.</summary>
    public View<float> GradW;

    /// <summary>[C] gradient of the bias, or none: added to.</summary>
    public View<float> GradBias;

    /// <summary>[P, C] gradient of the position embedding, or none: added to.</summary>
    public View<float> GradPosition;

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

    internal readonly PatchVolume Volume => new(Channels, Depth, Height, Width, PatchDepth, PatchHeight, PatchWidth);
}

public static partial class PatchEmbedding
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<PatchEmbeddingBackwardArguments> BackwardOperation = new("PatchEmbedding.Backward", Check,
        Rung.Host<PatchEmbeddingBackwardArguments>("Host", HostBackward),
        Rung.Gpu<PatchEmbeddingBackwardArguments>("V1.Naive", BackwardV1)
            .WithThreads(128, static a => a.GradW.Length + a.GradBias.Length + a.GradPosition.Length));

    /// <summary>gradW[c,k] += Σ_p gradY[p,c]·patch[p,k], gradBias[c] += Σ_p gradY[p,c], gradPosition += gradY: all added to.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other, or no gradient is asked for.</exception>
    public static void Backward(Device device, in PatchEmbeddingBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(PatchEmbeddingBackwardArguments a)
    {
        const string name = "PatchEmbedding.Backward";
        var (patches, length) = a.Volume.Check(name, a.Image.Length, a.Outputs);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, patches * a.Outputs, "P × C");
        Require.OptionalLength(name, nameof(a.GradW), a.GradW.Length, length * a.Outputs, "C × K");
        Require.OptionalLength(name, nameof(a.GradBias), a.GradBias.Length, a.Outputs, "C");
        Require.OptionalLength(name, nameof(a.GradPosition), a.GradPosition.Length, patches * a.Outputs, "P × C");
        long gradients = a.GradW.Length + a.GradBias.Length + a.GradPosition.Length;
        Require.That(gradients > 0, name, nameof(a.GradW), "at least one gradient", gradients);
        Require.Indexable(name, "elements of all gradients", gradients);
    }
}
