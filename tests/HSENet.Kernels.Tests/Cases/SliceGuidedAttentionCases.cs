// Cases of SliceGuidedAttention: one patch and more than a block, channels beside the vector width, one slice, scores far apart.
namespace HSENet.Kernels.Tests;

static class SliceGuidedAttentionCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, 1), Case(5, 3, 7, 1), Case(65, 32, 128, 1), Case(33, 17, 100, 4), Case(3, 32, 768, 1), Case(4, 9, 48, 20),
        Case(70, 5, 36, 1, dropout: 0.5f), Case(33, 17, 100, 4, type: ActivationType.BF16),
        Case(20, 17, 128, 4), Case(21, 32, 384, 1, dropout: 0.25f), Case(35, 32, 256, 1, dropout: 0.5f, type: ActivationType.BF16),
        Case(2, 9, 128, 20, type: ActivationType.BF16),
    ];

    static KernelCase<SliceGuidedAttentionArguments> Case(int patches, int slices, int channels, float spread, float dropout = 0,
        ActivationType type = ActivationType.F32) =>
        new(SliceGuidedAttention.ForwardOperation,
        memory => new SliceGuidedAttentionArguments
        {
            Q = memory.Input(Numbers.Uniform(patches * channels, 1, spread)),
            K = memory.Activations(Numbers.Uniform(slices * channels, 2, spread), type),
            V = memory.Activations(Numbers.Uniform(slices * channels, 3), type),
            Y = memory.Output(patches * channels, type),
            Map = memory.Output(patches * slices),
            Patches = patches,
            Slices = slices,
            Channels = channels,
            DropoutRate = dropout,
            DropoutSeed = 11L << 32 | 5,
        },
        Expect)
        {
            Name = $"{patches} patches, {slices} slices, {channels} channels, spread {spread}, dropout {dropout}, {type}",
            Twins = slices == 1 ? [] : new()
            {
                ["keys shifted by one channel"] = static a => a with { K = Numbers.Shifted(a.K) },
                ["values shifted by one channel"] = static a => a with { V = Numbers.Shifted(a.V) },
                ["keys exchanged with values"] = static a => a with { K = a.V, V = a.K },
                ["dropout left out, or too much"] = static a => a with { DropoutRate = a.DropoutRate == 0 ? 0.5f : 0 },
            },
        };

    static Expected[] Expect(SliceGuidedAttentionArguments a)
    {
        var (y, map) = SliceGuidedAttention.Reference(a);
        return SingleHeadBounds.Expect(y, map, a.Slices, a.Channels,
            (p, d) => a.Q[p * a.Channels + d], (_, s, d) => ReferenceMath.Activation(a.K, s * a.Channels + d), (_, s, d) =>
                ReferenceMath.Activation(a.V, s * a.Channels + d), a.DropoutRate,
            a.Y.Type);
    }
}
