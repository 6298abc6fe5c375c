// Cases of PatchScore.Backward: one patch and more than a block, channels beyond a block and beside the vector width, each parameter's
// gradient alone.
namespace HSENet.Kernels.Tests;

static class PatchScoreBackwardCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, weight: true, bias: true), Case(3, 7, weight: true, bias: false), Case(130, 133, weight: true, bias: true),
            Case(5, 100, weight: false, bias: true),
        Case(40, 768, weight: false, bias: false),
    ];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int patches = 3, channels = 5;
            PatchScoreArguments Arguments(CaseMemory memory, float[][] x) => new()
            {
                X = memory.Input(x[0]),
                G = memory.Input(x[1]),
                Weight = memory.Input(x[2]),
                Bias = memory.Input(x[3]),
                Patches = patches,
                Channels = channels,
            };
            yield return new(PatchScore.BackwardOperation, [patches * channels, patches * channels, channels, 1], patches * channels,
                (memory, x) => PatchScore.Reference(Arguments(memory, x)).X,
                (memory, x, gradY) =>
                {
                    var forward = Arguments(memory, x);
                    var (gradX, gradG, gradWeight, gradBias) = PatchScore.BackwardReference(new()
                    {
                        G = forward.G,
                        Weight = forward.Weight,
                        X = forward.X,
                        Scores = memory.Input(Array.ConvertAll(PatchScore.Reference(forward).Scores, score => (float)score)),
                        GradY = memory.Input(gradY),
                        GradWeight = memory.Zeros(channels),
                        GradBias = memory.Zeros(1),
                        Patches = patches,
                        Channels = channels,
                    });
                    return [gradX, gradG, gradWeight, gradBias];
                });
        }
    }

    static KernelCase<PatchScoreBackwardArguments> Case(int patches, int channels, bool weight, bool bias) =>
        new(PatchScore.BackwardOperation,
        memory => new PatchScoreBackwardArguments
        {
            G = memory.Input(Numbers.Uniform(patches * channels, 1)),
            Weight = memory.Input(Numbers.Uniform(channels, 2)),
            X = memory.Input(Numbers.Uniform(patches * channels, 3)),
            Scores = memory.Input(Numbers.Uniform(patches, 4, 0.5f, 0.5f)),
            GradY = memory.Input(Numbers.Uniform(patches * channels, 5)),
            GradX = memory.Output(patches * channels),
            GradG = memory.Output(patches * channels),
            GradWeight = weight ? memory.InOut(Numbers.Uniform(channels, 6)) : default,
            GradBias = bias ? memory.InOut(Numbers.Uniform(1, 7)) : default,
            Scratch = memory.Scratch<float>((int)PatchScore.BackwardScratch(patches, channels)),
            Patches = patches,
            Channels = channels,
        },
        Expect)
        {
            Name = $"{patches} patches, {channels} channels{(weight ? " weight" : "")}{(bias ? " bias" : "")}",
            Twins = channels == 1 ? [] : new()
            {
                ["patches shifted by one channel"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["weights shifted by one channel"] = static a => a with { Weight = new View<float>(a.Weight.Address - 4, a.Weight.Length) },
                ["scores shifted by one patch"] = static a => a with { Scores = new View<float>(a.Scores.Address - 4, a.Scores.Length) },
            },
        };

    // z errs by (D + 1)·U of its magnitude and four roundings more; the sum over patches by P·U.
    static Expected[] Expect(PatchScoreBackwardArguments a)
    {
        var (gradX, gradG, gradWeight, gradBias) = PatchScore.BackwardReference(a);
        var magnitudes = new double[a.Patches];
        for (int p = 0; p < a.Patches; p++)
        {
            for (int i = p * a.Channels; i < (p + 1) * a.Channels; i++)
                magnitudes[p] += Math.Abs((double)a.GradY[i] * a.X[i]);
            magnitudes[p] *= a.Scores[p] * (1.0 - a.Scores[p]);
        }
        var expected = new List<Expected>
        {
            Expected.Of(gradX, i => Numbers.U * Math.Abs(gradX[i])),
            Expected.Of(gradG, i => Numbers.U * (a.Channels + 6) * magnitudes[i / a.Channels] * Math.Abs(a.Weight[i % a.Channels])),
        };
        if (gradWeight.Length > 0)
            expected.Add(Expected.Of(gradWeight, d =>
                Numbers.U * ((a.Channels + a.Patches + 6) * Enumerable.Range(0, a.Patches)
                .Sum(p => magnitudes[p] * Math.Abs(a.G[p * a.Channels + d]))
                + Math.Abs(gradWeight[d]))));
        if (gradBias.Length > 0)
            expected.Add(Expected.Of(gradBias, _ => Numbers.U * ((a.Channels + a.Patches + 6) * magnitudes.Sum() + Math.Abs(gradBias[0]))));
        return [.. expected];
    }
}
