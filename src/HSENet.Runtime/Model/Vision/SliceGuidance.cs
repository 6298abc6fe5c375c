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
    readonly View<float> _gradScoreWeight = weights.Gradient($"{encoder}.patch_score_proj.weight");
    readonly View<float> _gradScoreBias = weights.Gradient($"{encoder}.patch_score_proj.bias");

    /// <summary>
    /// Memory of a forward; what the slices say about the patches has the queries' place, and the patches before they were scored are not
    /// kept, unless backward follows. Where products read bf16 they read copies of patches and slice features.
    /// </summary>
    public readonly record struct Buffers(CrossAttentionLayer.Buffers Attention, PlannedBuffer Guided, PlannedBuffer Scores,
        PlannedBuffer Unscored, PlannedBuffer ReadPatches, PlannedBuffer ReadSlices, int Slices);

    /// <summary>Reserves memory of a forward.</summary>
    /// <param name="plan">Where.</param>
    /// <param name="name">Of the encoder.</param>
    /// <param name="patches">Patches.</param>
    /// <param name="slices">Slices.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="dropout">Whether it drops anything.</param>
    /// <param name="keeping">Whether backward follows.</param>
    public static Buffers Reserve(MemoryPlan plan, string name, int patches, int slices, int channels, bool dropout, bool keeping)
    {
        var attention = CrossAttentionLayer.Buffers.Reserve(plan, $"{name}.slice_guided_attention", patches, slices, slices, channels,
            keeping: dropout || keeping);
        return new Buffers(
            attention,
            keeping ? plan.Reserve($"{name}.guided", (long)patches * channels) : attention.Query,
            plan.Reserve($"{name}.patch_scores", patches),
            plan.Reserve($"{name}.unscored", keeping ? (long)patches * channels : 0),
            Copy($"{name}.read_patches", patches),
            Copy($"{name}.read_slices", slices),
            slices);

        PlannedBuffer Copy(string copy, int rows) =>
            plan.ReserveActivations(copy, plan.Activations == ActivationType.F32 ? 0 : (long)rows * channels);
    }

    /// <summary>Scratch memory of a backward.</summary>
    public readonly record struct GradientBuffers(
        CrossAttentionLayer.GradientBuffers Attention, PlannedBuffer Guided, PlannedBuffer Unscored, PlannedBuffer AttentionScratch,
            PlannedBuffer ScoreScratch);

    /// <summary>Reserves scratch memory of a backward.</summary>
    public static GradientBuffers ReserveGradients(MemoryPlan plan, string name, int patches, int slices, int channels) => new(
        CrossAttentionLayer.GradientBuffers.Reserve(plan, $"{name}.slice_guided_attention", patches, slices, channels),
        plan.Reserve($"{name}.grad_guided", (long)patches * channels),
        plan.Reserve($"{name}.grad_unscored", (long)patches * channels),
        plan.Reserve($"{name}.guidance_scratch", SliceGuidedAttention.BackwardScratch(patches, slices)),
        plan.Reserve($"{name}.score_scratch", PatchScore.BackwardScratch(patches, channels)));

    /// <summary>Multiplies the patches [P, C] by their scores, given slice features [S, C].</summary>
    public void Forward(in Pass pass, Buffers buffers, View<float> patches, View<float> sliceFeatures, AttentionDropout dropout = default)
    {
        int count = (int)(patches.Length / channels);
        View<float> guided = pass[buffers.Guided], map = pass[buffers.Attention.Map], scores = pass[buffers.Scores],
            unscored = pass[buffers.Unscored];
        _attention.Project(pass, buffers.Attention, AsRead(pass, patches, buffers.ReadPatches), count,
            AsRead(pass, sliceFeatures, buffers.ReadSlices), buffers.Slices);
        SliceGuidedAttention.Forward(pass.Device, new SliceGuidedAttentionArguments
        {
            Q = pass[buffers.Attention.Query],
            K = pass.Activations(buffers.Attention.Key),
            V = pass.Activations(buffers.Attention.Value),
            Y = pass.Activations(buffers.Attention.Mixed),
            Map = map,
            Patches = count,
            Slices = buffers.Slices,
            Channels = channels,
            DropoutRate = dropout.Rate,
            DropoutSeed = _attention.WeightSeed(dropout),
        });
        pass.Show(encoder, "attention_map", map);
        _attention.Finish(pass, buffers.Attention, guided, count, dropout);
        pass.Show(encoder, "slice_guided_attention", guided);
        if (!unscored.IsEmpty)
            pass.Device.Copy(patches, unscored);
        PatchScore.Forward(pass.Device, new PatchScoreArguments
        {
            G = guided,
            Weight = _scoreWeight,
            Bias = _scoreBias,
            X = patches,
            Scores = scores,
            Patches = count,
            Channels = channels,
        });
        pass.Show(encoder, "patch_scores", scores);
    }

    static Activations AsRead(in Pass pass, View<float> x, PlannedBuffer copy)
    {
        if (copy.Bytes == 0)
            return x;
        var read = pass.Activations(copy);
        Elementwise.Copy(pass.Device, x, read);
        return read;
    }

    /// <summary>The forward read upwards, whose buffers were kept; adds to the gradients of the trained weights.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">Of the forward.</param>
    /// <param name="gradients">Scratch memory.</param>
    /// <param name="sliceFeatures">[S, C] of the forward; they get no gradient.</param>
    /// <param name="grad">[P, C] gradient of the scored patches, which becomes that of the patches.</param>
    /// <param name="dropout">Of the forward.</param>
    public void Backward(in Pass pass, Buffers buffers, GradientBuffers gradients, View<float> sliceFeatures, View<float> grad,
        AttentionDropout dropout = default)
    {
        int count = (int)(grad.Length / channels);
        View<float> unscored = pass[buffers.Unscored], gradGuided = pass[gradients.Guided], gradUnscored = pass[gradients.Unscored];
        PatchScore.Backward(pass.Device, new PatchScoreBackwardArguments
        {
            G = pass[buffers.Guided],
            Weight = _scoreWeight,
            X = unscored,
            Scores = pass[buffers.Scores],
            GradY = grad,
            GradX = gradUnscored,
            GradG = gradGuided,
            GradWeight = _gradScoreWeight,
            GradBias = _gradScoreBias,
            Scratch = pass[gradients.ScoreScratch],
            Patches = count,
            Channels = channels,
        });
        _attention.BackwardFinish(pass, buffers.Attention, gradients.Attention, gradGuided, count, dropout);
        SliceGuidedAttention.Backward(pass.Device, new SliceGuidedAttentionBackwardArguments
        {
            Q = pass[buffers.Attention.Query],
            K = pass[buffers.Attention.Key],
            V = pass[buffers.Attention.Value],
            Map = pass[buffers.Attention.Map],
            GradY = pass[gradients.Attention.Mixed],
            GradQ = pass[gradients.Attention.Query],
            GradK = pass[gradients.Attention.Key],
            GradV = pass[gradients.Attention.Value],
            Scratch = pass[gradients.AttentionScratch],
            Patches = count,
            Slices = buffers.Slices,
            Channels = channels,
            DropoutRate = dropout.Rate,
            DropoutSeed = _attention.WeightSeed(dropout),
        });
        _attention.BackwardProject(pass, gradients.Attention, unscored, grad, gradUnscored, count, sliceFeatures, default, buffers.Slices);
    }
}
