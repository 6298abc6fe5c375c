// Cases of SliceGuidedAttention.Backward: one patch and more than a block, more slices than a block, channels beside the vector width,
// dropout.
namespace HSENet.Kernels.Tests;

static class SliceGuidedAttentionBackwardCases
{
    const long Seed = 11L << 32 | 5;

    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, 0), Case(5, 3, 7, 0.5f), Case(70, 5, 36, 0.1f), Case(3, 66, 67, 0.25f), Case(40, 8, 130, 0),
    ];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int patches = 4, slices = 3, channels = 5;
            foreach (float rate in new[] { 0, 0.25f })
            {
                SliceGuidedAttentionArguments Arguments(CaseMemory memory, float[][] x) => new()
                {
                    Q = memory.Input(x[0]),
                    K = memory.Input(x[1]),
                    V = memory.Input(x[2]),
                    Patches = patches,
                    Slices = slices,
                    Channels = channels,
                    DropoutRate = rate,
                    DropoutSeed = Seed,
                };
                yield return new(SliceGuidedAttention.BackwardOperation, [patches * channels, slices * channels, slices * channels],
                    patches * channels,
                    (memory, x) => SliceGuidedAttention.Reference(Arguments(memory, x)).Y,
                    (memory, x, gradY) =>
                    {
                        var forward = Arguments(memory, x);
                        var (gradQ, gradK, gradV) = SliceGuidedAttention.BackwardReference(new()
                        {
                            Q = forward.Q,
                            K = forward.K.Floats,
                            V = forward.V.Floats,
                            Map = memory.Input(Array.ConvertAll(SliceGuidedAttention.Reference(forward).Map, weight => (float)weight)),
                            GradY = memory.Input(gradY),
                            Patches = patches,
                            Slices = slices,
                            Channels = channels,
                            DropoutRate = rate,
                            DropoutSeed = Seed,
                        });
                        return [gradQ, gradK, gradV];
                    });
            }
        }
    }

    static KernelCase<SliceGuidedAttentionBackwardArguments> Case(int patches, int slices, int channels, float dropout) =>
        new(SliceGuidedAttention.BackwardOperation,
        memory => new SliceGuidedAttentionBackwardArguments
        {
            Q = memory.Input(Numbers.Uniform(patches * channels, 1)),
            K = memory.Input(Numbers.Uniform(slices * channels, 2)),
            V = memory.Input(Numbers.Uniform(slices * channels, 3)),
            Map = memory.Input(Numbers.Uniform(patches * slices, 4, 1f / slices, 1f / slices)),
            GradY = memory.Input(Numbers.Uniform(patches * channels, 5)),
            GradQ = memory.Output(patches * channels),
            GradK = memory.Output(slices * channels),
            GradV = memory.Output(slices * channels),
            Scratch = memory.Scratch<float>(3 * patches * slices),
            Patches = patches,
            Slices = slices,
            Channels = channels,
            DropoutRate = dropout,
            DropoutSeed = Seed,
        },
        Expect)
        {
            Name = $"{patches} patches, {slices} slices, {channels} channels, dropout {dropout}",
            Twins = slices == 1 ? [] : new()
            {
                ["keys shifted by one channel"] = static a => a with { K = new View<float>(a.K.Address - 4, a.K.Length) },
                ["values shifted by one channel"] = static a => a with { V = new View<float>(a.V.Address - 4, a.V.Length) },
                ["queries shifted by one channel"] = static a => a with { Q = new View<float>(a.Q.Address - 4, a.Q.Length) },
                ["map shifted by one slice"] = static a => a with { Map = new View<float>(a.Map.Address - 4, a.Map.Length) },
                ["dropout left out, or too much"] = static a => a with { DropoutRate = a.DropoutRate == 0 ? 0.5f : 0 },
            },
        };

    static Expected[] Expect(SliceGuidedAttentionBackwardArguments a)
    {
        var (gradQ, gradK, gradV) = SliceGuidedAttention.BackwardReference(a);
        double Factor(int i) => Dropout.ReferenceFactor(a.DropoutSeed, i, a.DropoutRate);
        double[] scores = SingleHeadBounds.ScoreMagnitudes(a.Map, a.Slices, a.Channels, (p, d) => a.GradY[p * a.Channels + d], (_, s, d) =>
            a.V[s * a.Channels + d], Factor);
        double U = Numbers.U * (a.Channels + a.Slices + 12);
        return
        [
            Expected.Of(gradQ, i => (U + Numbers.U * a.Slices) * Enumerable.Range(0, a.Slices)
                .Sum(s => scores[i / a.Channels * a.Slices + s] * Math.Abs(a.K[s * a.Channels + i % a.Channels]))),
            Expected.Of(gradK, i => (U + Numbers.U * a.Patches) * Enumerable.Range(0, a.Patches)
                .Sum(p => scores[p * a.Slices + i / a.Channels] * Math.Abs(a.Q[p * a.Channels + i % a.Channels]))),
            Expected.Of(gradV, i => Numbers.U * (a.Patches + 5) * Enumerable.Range(0, a.Patches).Sum(p =>
                a.Map[p * a.Slices + i / a.Channels] * Factor(p * a.Slices + i / a.Channels)
                    * Math.Abs(a.GradY[p * a.Channels + i % a.Channels]))),
        ];
    }
}
