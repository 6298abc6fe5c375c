// Every operation of the library. Runtime, tests, bench, documentation and the PTX build go through this list.
namespace HSENet.Kernels;

/// <summary>The one list of operations and with them of all rungs; nothing runs that is not in it.</summary>
public static class KernelCatalog
{
    /// <summary>All operations, in the order of the data: forward, back, and the optimizer's step.</summary>
    public static IReadOnlyList<Operation> Operations { get; } =
    [
        // a scan becomes volume and slices
        VoxelRescale.ForwardOperation,
        Resize3D.ForwardOperation,
        MinMax.ForwardOperation,
        MinMaxNormalize.ForwardOperation,
        CropBox.ForwardOperation,
        SliceBytes.ForwardOperation,
        ResizeBytes.ForwardOperation,
        SlicePixels.ForwardOperation,
        // the encoders see
        PatchEmbedding.ForwardOperation,
        LayerNorm.ForwardOperation,
        Linear.ForwardOperation,
        Attention.ForwardOperation,
        SliceGuidedAttention.ForwardOperation,
        PatchScore.ForwardOperation,
        WindowCentroid.ForwardOperation,
        WindowAttention.ForwardOperation,
        // the decoder writes
        TokenEmbedding.ForwardOperation,
        RmsNorm.ForwardOperation,
        RotaryEmbedding.ForwardOperation,
        SwiGlu.ForwardOperation,
        Lora.ForwardOperation,
        LoraMerge.ForwardOperation,
        Sampling.ForwardOperation,
        // a search finds
        TopK.ForwardOperation,
        // training adds
        Augment.ForwardOperation,
        Dropout.ForwardOperation,
        Gelu.ForwardOperation,
        L2Normalize.ForwardOperation,
        ContrastiveLoss.ForwardOperation,
        CrossEntropy.ForwardOperation,
        // gradients flow back
        CrossEntropy.BackwardOperation,
        L2Normalize.BackwardOperation,
        RotaryEmbedding.BackwardOperation,
        SwiGlu.BackwardOperation,
        Lora.BackwardOperation,
        RmsNorm.BackwardOperation,
        TokenEmbedding.BackwardOperation,
        WindowAttention.BackwardOperation,
        WindowCentroid.BackwardOperation,
        PatchScore.BackwardOperation,
        SliceGuidedAttention.BackwardOperation,
        Gelu.BackwardOperation,
        Attention.BackwardOperation,
        Linear.BackwardOperation,
        LayerNorm.BackwardOperation,
        PatchEmbedding.BackwardOperation,
        // and a step is made
        SquaredNorm.ForwardOperation,
        AdamW.ForwardOperation,
    ];

    /// <summary>All rungs of all operations.</summary>
    public static IEnumerable<Rung> Rungs => Operations.SelectMany(operation => operation.Rungs);

    /// <summary>The GPU rungs and their stages: one PTX text each.</summary>
    public static IEnumerable<Rung> GpuRungs => Rungs.Where(rung => rung.Target == RungTarget.Gpu).SelectMany(rung => rung.Stages);
}
