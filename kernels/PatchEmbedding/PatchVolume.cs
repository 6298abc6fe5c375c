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
    public (long Patches, long Length) Check(string operation, long image, int outputs, int images = 1)
    {
        CheckAxis(operation, nameof(PatchEmbeddingArguments.Depth), Depth, nameof(PatchEmbeddingArguments.PatchDepth), PatchDepth);
        CheckAxis(operation, nameof(PatchEmbeddingArguments.Height), Height, nameof(PatchEmbeddingArguments.PatchHeight), PatchHeight);
        CheckAxis(operation, nameof(PatchEmbeddingArguments.Width), Width, nameof(PatchEmbeddingArguments.PatchWidth), PatchWidth);
        long elements = images * Require.Elements(operation, "channels × depth × height × width",
            (nameof(PatchEmbeddingArguments.Channels), Channels),
            (nameof(PatchEmbeddingArguments.Depth), Depth), (nameof(PatchEmbeddingArguments.Height), Height),
                (nameof(PatchEmbeddingArguments.Width), Width));
        Require.Elements(operation, "C × K", (nameof(PatchEmbeddingArguments.Outputs), outputs),
            (nameof(PatchEmbeddingArguments.PatchLength), PatchLength));
        Require.Elements(operation, "P × C", (nameof(PatchEmbeddingArguments.Patches), Patches),
            (nameof(PatchEmbeddingArguments.Outputs), outputs));
        Require.Indexable(operation, "images × channels × depth × height × width", elements);
        Require.Length(operation, nameof(PatchEmbeddingArguments.Image), image, elements,
            "images × channels × depth × height × width");
        return (Patches, PatchLength);
    }

    static void CheckAxis(string name, string sizeName, int size, string patchName, int patch)
    {
        Require.Positive(name, sizeName, size);
        Require.Positive(name, patchName, patch);
        Require.That(size % patch == 0, name, sizeName, "a multiple of the patch's size", size);
    }
}
