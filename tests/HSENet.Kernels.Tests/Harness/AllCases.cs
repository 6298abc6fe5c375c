// Every case of every operation. An operation of the catalogue without cases fails the tests.
namespace HSENet.Kernels.Tests;

public static class AllCases
{
    public static IReadOnlyList<KernelCase> Cases { get; } =
    [
        .. VoxelRescaleCases.All,
        .. ResizeCases.All,
        .. MinMaxCases.All,
        .. CropBoxCases.All,
        .. SlicePixelsCases.All,
        .. AugmentCases.All,
        .. PatchEmbeddingCases.All,
        .. LayerNormCases.All,
        .. LinearCases.All,
        .. AttentionCases.All,
        .. TokenEmbeddingCases.All,
        .. RmsNormCases.All,
        .. RotaryEmbeddingCases.All,
        .. SliceGuidedAttentionCases.All,
        .. PatchScoreCases.All,
        .. SpatialPackerCases.All,
        .. SpatialPackerBackwardCases.All,
        .. SliceGuidedAttentionBackwardCases.All,
        .. PatchScoreBackwardCases.All,
        .. PatchEmbeddingBackwardCases.All,
        .. TokenEmbeddingBackwardCases.All,
        .. SwiGluCases.All,
        .. LoraCases.All,
        .. LoraMergeCases.All,
        .. SamplingCases.All,
        .. TopKCases.All,
        .. L2NormalizeCases.All,
        .. LinearBackwardCases.All,
        .. LayerNormBackwardCases.All,
        .. AttentionBackwardCases.All,
        .. GeluCases.All,
        .. RmsNormBackwardCases.All,
        .. SwiGluBackwardCases.All,
        .. LoraBackwardCases.All,
        .. RotaryEmbeddingBackwardCases.All,
        .. DropoutCases.All,
        .. AdamWCases.All,
        .. SquaredNormCases.All,
        .. CrossEntropyCases.All,
        .. CrossEntropyBackwardCases.All,
        .. L2NormalizeBackwardCases.All,
        .. ContrastiveLossCases.All,
    ];

    /// <summary>The adjoint checks of every backward operation.</summary>
    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        .. SpatialPackerBackwardCases.Adjoints, .. SliceGuidedAttentionBackwardCases.Adjoints, .. PatchScoreBackwardCases.Adjoints,
            .. PatchEmbeddingBackwardCases.Adjoints, .. TokenEmbeddingBackwardCases.Adjoints,
        .. LinearBackwardCases.Adjoints,
        .. LayerNormBackwardCases.Adjoints,
        .. AttentionBackwardCases.Adjoints,
        .. GeluCases.Adjoints,
        .. RmsNormBackwardCases.Adjoints,
        .. SwiGluBackwardCases.Adjoints,
        .. LoraBackwardCases.Adjoints,
        .. RotaryEmbeddingBackwardCases.Adjoints,
        .. DropoutCases.Adjoints,
        .. CrossEntropyCases.Adjoints,
        .. CrossEntropyBackwardCases.Adjoints,
        .. L2NormalizeBackwardCases.Adjoints,
        .. ContrastiveLossCases.Adjoints,
    ];

    public static IEnumerable<KernelCase> Of(Operation operation) => Cases.Where(@case => @case.Operation == operation);
}
