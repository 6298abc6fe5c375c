// Every operation of the library. Runtime, tests, bench, documentation and the PTX build go through this list.
namespace HSENet.Kernels;

/// <summary>The one list of operations and with them of all rungs; nothing runs that is not in it.</summary>
public static class KernelCatalog
{
    /// <summary>All operations, in the order of the data through the model.</summary>
    public static IReadOnlyList<Operation> Operations { get; } =
    [
        VoxelRescale.ForwardOperation,
        Resize3D.ForwardOperation,
        MinMax.ForwardOperation,
        MinMaxNormalize.ForwardOperation,
        CropBox.ForwardOperation,
        SliceBytes.ForwardOperation,
        ResizeBytes.ForwardOperation,
        SlicePixels.ForwardOperation,
        Augment.ForwardOperation,
        PatchEmbedding.ForwardOperation,
        LayerNorm.ForwardOperation,
        Linear.ForwardOperation,
        Attention.ForwardOperation,
        TokenEmbedding.ForwardOperation,
        RmsNorm.ForwardOperation,
        RotaryEmbedding.ForwardOperation,
        SliceGuidedAttention.ForwardOperation,
        PatchScore.ForwardOperation,
        WindowCentroid.ForwardOperation,
        WindowAttention.ForwardOperation,
        SwiGlu.ForwardOperation,
        Lora.ForwardOperation,
        LoraMerge.ForwardOperation,
        Sampling.ForwardOperation,
        L2Normalize.ForwardOperation,
        PatchEmbedding.BackwardOperation,
        TokenEmbedding.BackwardOperation,
        SliceGuidedAttention.BackwardOperation,
        PatchScore.BackwardOperation,
        WindowCentroid.BackwardOperation,
        WindowAttention.BackwardOperation,
        Linear.BackwardOperation,
        LayerNorm.BackwardOperation,
        Attention.BackwardOperation,
        Gelu.ForwardOperation,
        Gelu.BackwardOperation,
        RmsNorm.BackwardOperation,
        SwiGlu.BackwardOperation,
        Lora.BackwardOperation,
        RotaryEmbedding.BackwardOperation,
        Dropout.ForwardOperation,
        AdamW.ForwardOperation,
        SquaredNorm.ForwardOperation,
        CrossEntropy.ForwardOperation,
        L2Normalize.BackwardOperation,
        ContrastiveLoss.ForwardOperation,
    ];

    /// <summary>All rungs of all operations.</summary>
    public static IEnumerable<Rung> Rungs => Operations.SelectMany(operation => operation.Rungs);

    /// <summary>The GPU rungs: one PTX text each.</summary>
    public static IEnumerable<Rung> GpuRungs => Rungs.Where(rung => rung.Target == RungTarget.Gpu);
}
