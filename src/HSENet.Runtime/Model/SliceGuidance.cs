// Slice guidance of encoder 2: every patch attends to the slices' features and gets a score (paper, section 3.2).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>g = attention(query x, keys and values the slice features); x ← x · sigmoid(w·g + b).</summary>
sealed class SliceGuidance(WeightStore weights, string encoder, int channels)
{
    const float Epsilon = 1e-5f;

    readonly CrossAttentionLayer _attention = new(weights, $"{encoder}.slice_guided_attention", channels, Epsilon);
    readonly View<float> _scoreWeight = weights.Vector($"{encoder}.patch_score_proj.weight", channels);
    readonly View<float> _scoreBias = weights.Vector($"{encoder}.patch_score_proj.bias", 1);

    public readonly record struct Buffers(CrossAttentionLayer.Buffers Attention, PlannedBuffer Scores, int Slices);

    public static Buffers Reserve(MemoryPlan plan, string name, int patches, int slices, int channels) => new(
        CrossAttentionLayer.Buffers.Reserve(plan, $"{name}.slice_guided_attention", patches, slices, slices, channels, keeping: false),
        plan.Reserve($"{name}.patch_scores", patches),
        slices);

    /// <summary>Multiplies the patches [P, C] by their scores, given slice features [S, C].</summary>
    public void Forward(in Pass pass, Buffers buffers, View<float> patches, View<float> sliceFeatures)
    {
        int count = (int)(patches.Length / channels);
        View<float> query = pass[buffers.Attention.Query], map = pass[buffers.Attention.Map], scores = pass[buffers.Scores];
        _attention.Project(pass, buffers.Attention, patches, count, sliceFeatures, buffers.Slices);
        SliceGuidedAttention.Forward(pass.Device, new SliceGuidedAttentionArguments
        {
            Q = query,
            K = pass[buffers.Attention.Key],
            V = pass[buffers.Attention.Value],
            Y = pass[buffers.Attention.Mixed],
            Map = map,
            Patches = count,
            Slices = buffers.Slices,
            Channels = channels,
        });
        pass.Show(encoder, "attention_map", map);
        _attention.Finish(pass, buffers.Attention, query, count, default);
        pass.Show(encoder, "slice_guided_attention", query);
        PatchScore.Forward(pass.Device, new PatchScoreArguments
        {
            G = query,
            Weight = _scoreWeight,
            Bias = _scoreBias,
            X = patches,
            Scores = scores,
            Patches = count,
            Channels = channels,
        });
        pass.Show(encoder, "patch_scores", scores);
    }
}
