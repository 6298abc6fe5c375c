// SliceGuidedAttention: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="SliceGuidedAttention"/>. P patches, S slices, D channels.</summary>
public struct SliceGuidedAttentionArguments
{
    /// <summary>[P, D] projected patches.</summary>
    public View<float> Q;

    /// <summary>[S, D] projected slice features, keys.</summary>
    public Activations K;

    /// <summary>[S, D] projected slice features, values.</summary>
    public Activations V;

    /// <summary>[P, D] output.</summary>
    public Activations Y;

    /// <summary>[P, S] output: the weight of each slice for each patch, before dropout.</summary>
    public View<float> Map;

    /// <summary>P, patches.</summary>
    public int Patches;

    /// <summary>S, slices.</summary>
    public int Slices;

    /// <summary>D, channels.</summary>
    public int Channels;

    /// <summary>Share of the weights that dropout sets to 0 in training, in [0, 1).</summary>
    public float DropoutRate;

    /// <summary>Names dropout's mask, whose index is that of the map.</summary>
    public long DropoutSeed;
}

/// <summary>
/// Cross attention with one head from patches of the volume to features of 2D slices (HSENet, 3D encoder of stage 2):
/// map = softmax(Q·Kᵀ/√D), y = dropout(map)·V. Projections, residual and normalisation around it are Linear and LayerNorm.
/// </summary>
public static partial class SliceGuidedAttention
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<SliceGuidedAttentionArguments> ForwardOperation = new("SliceGuidedAttention", Check,
        Rung.Host<SliceGuidedAttentionArguments>("Host", HostForward) with
        {
            Accepts = static a => a.K.Type == ActivationType.F32 && a.Y.Type == ActivationType.F32,
        },
        Rung.Gpu<SliceGuidedAttentionArguments>("V1.Naive", ForwardV1).WithThreads(64, static a => a.Patches),
        Tiled<F32Activations>(ForwardV2<F32Activations>),
        Tiled<BF16Activations>(ForwardV2<BF16Activations>));

    /// <summary>Attends from every patch to all slices.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in SliceGuidedAttentionArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(SliceGuidedAttentionArguments a)
    {
        const string name = "SliceGuidedAttention";
        var (queries, keys, map) = CheckSizes(name, a.Patches, a.Slices, a.Channels);
        Require.Length(name, nameof(a.Q), a.Q.Length, queries, "P × D");
        Require.Length(name, nameof(a.K), a.K.Length, keys, "S × D");
        Require.Length(name, nameof(a.V), a.V.Length, keys, "S × D");
        Require.Length(name, nameof(a.Y), a.Y.Length, queries, "P × D");
        Require.That(a.V.Type == a.K.Type, name, nameof(a.V), "the type of K", (long)a.V.Type);
        Require.Length(name, nameof(a.Map), a.Map.Length, map, "P × S");
        Require.Rate(name, nameof(a.DropoutRate), a.DropoutRate);
    }

    /// <summary>Elements of queries, keys and map.</summary>
    static (long Queries, long Keys, long Map) CheckSizes(string name, int patches, int slices, int channels) =>
    (
        Require.Elements(name, "P × D", (nameof(SliceGuidedAttentionArguments.Patches), patches),
            (nameof(SliceGuidedAttentionArguments.Channels), channels)),
        Require.Elements(name, "S × D", (nameof(SliceGuidedAttentionArguments.Slices), slices),
            (nameof(SliceGuidedAttentionArguments.Channels), channels)),
        Require.Elements(name, "P × S", (nameof(SliceGuidedAttentionArguments.Patches), patches),
            (nameof(SliceGuidedAttentionArguments.Slices), slices))
    );
}
