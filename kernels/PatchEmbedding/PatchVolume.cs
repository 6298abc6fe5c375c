// The volume and its patches, which the forward and the backward of the patch embedding share.
namespace HSENet.Kernels;

/// <summary>An image or volume of several channels cut into patches; patches in (depth, height, width) order.</summary>
readonly record struct PatchVolume(int Channels, int Depth, int Height, int Width, int PatchDepth, int PatchHeight, int PatchWidth)
{
    public int Patches => Depth / PatchDepth * (Height / PatchHeight) * (Width / PatchWidth);

    /// <summary>Values of a patch.</summary>
    public int PatchLength => Channels * PatchDepth * PatchHeight * PatchWidth;

    /// <summary>The first voxel of a patch.</summary>
    public (int Depth, int Height, int Width) Corner(int patch)
    {
        int columns = Width / PatchWidth, lines = Height / PatchHeight;
        return (patch / (columns * lines) * PatchDepth, patch / columns % lines * PatchHeight, patch % columns * PatchWidth);
    }

    /// <summary>Patches and values of a patch; throws unless every axis is a whole number of patches.</summary>
    public (long Patches, long Length) Check(string operation, View<float> image, int outputs)
    {
        Require.Positive(operation, nameof(PatchEmbeddingArguments.Channels), Channels);
        Require.Positive(operation, nameof(PatchEmbeddingArguments.Outputs), outputs);
        CheckAxis(operation, nameof(PatchEmbeddingArguments.Depth), Depth, nameof(PatchEmbeddingArguments.PatchDepth), PatchDepth);
        CheckAxis(operation, nameof(PatchEmbeddingArguments.Height), Height, nameof(PatchEmbeddingArguments.PatchHeight), PatchHeight);
        CheckAxis(operation, nameof(PatchEmbeddingArguments.Width), Width, nameof(PatchEmbeddingArguments.PatchWidth), PatchWidth);
        long patches = (long)(Depth / PatchDepth) * (Height / PatchHeight) * (Width / PatchWidth), length = (long)Channels * PatchDepth * PatchHeight * PatchWidth;
        // The naive grid has a patch per block in y, and kernels index with 32 bits.
        Require.That(patches <= 65535, operation, nameof(PatchEmbeddingArguments.PatchDepth), "at most 65535 patches", patches);
        Require.That(patches * length <= int.MaxValue, operation, nameof(PatchEmbeddingArguments.Image), "fewer than 2³¹ elements", patches * length);
        Require.That(length * outputs <= int.MaxValue, operation, nameof(PatchEmbeddingArguments.W), "fewer than 2³¹ elements", length * outputs);
        Require.Length(operation, nameof(PatchEmbeddingArguments.Image), image.Length, patches * length, "channels × depth × height × width");
        return (patches, length);
    }

    static void CheckAxis(string name, string sizeName, int size, string patchName, int patch)
    {
        Require.Positive(name, sizeName, size);
        Require.Positive(name, patchName, patch);
        Require.That(size % patch == 0, name, sizeName, "a multiple of the patch's size", size);
    }
}
