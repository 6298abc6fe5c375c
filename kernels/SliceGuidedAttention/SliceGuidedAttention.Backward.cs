// SliceGuidedAttention.Backward: the gradients of queries, keys and values, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="SliceGuidedAttention.Backward"/>. P patches, S slices, D channels.</summary>
public struct SliceGuidedAttentionBackwardArguments
{
    /// <summary>[P, D] projected patches.</summary>
    public View<float> Q;

    /// <summary>[S, D] projected slice features, keys.</summary>
    public View<float> K;

    /// <summary>[S, D] projected slice features, values.</summary>
    public View<float> V;

    /// <summary>[P, S] the forward's map.</summary>
    public View<float> Map;

    /// <summary>[P, D] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[P, D] gradient of the queries: overwritten.</summary>
    public View<float> GradQ;

    /// <summary>[S, D] gradient of the keys: overwritten.</summary>
    public View<float> GradK;

    /// <summary>[S, D] gradient of the values: overwritten.</summary>
    public View<float> GradV;

    /// <summary>[3, P, S] overwritten, <see cref="SliceGuidedAttention.BackwardScratch"/> floats.</summary>
    public View<float> Scratch;

    /// <summary>P, patches.</summary>
    public int Patches;

    /// <summary>S, slices.</summary>
    public int Slices;

    /// <summary>D, channels.</summary>
    public int Channels;

    /// <summary>The forward's share of dropped weights.</summary>
    public float DropoutRate;

    /// <summary>The forward's mask.</summary>
    public long DropoutSeed;
}

public static partial class SliceGuidedAttention
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<SliceGuidedAttentionBackwardArguments> BackwardOperation = new("SliceGuidedAttention.Backward", Check,
        Rung.Host<SliceGuidedAttentionBackwardArguments>("Host", HostBackward),
        Rung.Gpu<SliceGuidedAttentionBackwardArguments>("V1.Naive", BackwardV1) with
        {
            Group = 64,
            Launch = static a => new(a.Slices + a.Patches),
        });

    /// <summary>
    /// With f dropout's factors, g = gradY·Vᵀ and s = map∘(f∘g − Σ map·f·g)/√D, the sum over a patch's slices:
    /// gradQ = s·K, gradK = sᵀ·Q, gradV = (map∘f)ᵀ·gradY; all overwritten.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in SliceGuidedAttentionBackwardArguments arguments) =>
        BackwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="SliceGuidedAttentionBackwardArguments.Scratch"/>: gradients of scores and dropped weights by slice,
    /// and by patch.</summary>
    public static long BackwardScratch(int patches, int slices) => 3L * patches * slices;

    static void Check(SliceGuidedAttentionBackwardArguments a)
    {
        const string name = "SliceGuidedAttention.Backward";
        var (queries, keys, map) = CheckSizes(name, a.Patches, a.Slices, a.Channels);
        Require.Indexable(name, "3 × P × S", 3 * map);
        Require.Length(name, nameof(a.Q), a.Q.Length, queries, "P × D");
        Require.Length(name, nameof(a.K), a.K.Length, keys, "S × D");
        Require.Length(name, nameof(a.V), a.V.Length, keys, "S × D");
        Require.Length(name, nameof(a.Map), a.Map.Length, map, "P × S");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, queries, "P × D");
        Require.Length(name, nameof(a.GradQ), a.GradQ.Length, queries, "P × D");
        Require.Length(name, nameof(a.GradK), a.GradK.Length, keys, "S × D");
        Require.Length(name, nameof(a.GradV), a.GradV.Length, keys, "S × D");
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, 3 * map, "3 × P × S");
        Require.Rate(name, nameof(a.DropoutRate), a.DropoutRate);
    }
}
