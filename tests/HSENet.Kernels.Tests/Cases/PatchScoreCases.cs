// Cases of PatchScore: one patch and more than a block, channels beside the vector width, scores near 0 and 1.
namespace HSENet.Kernels.Tests;

static class PatchScoreCases
{
    public static IEnumerable<KernelCase> All =>
        [Case(1, 1, 1), Case(3, 7, 1), Case(129, 128, 1), Case(5, 100, 30), Case(2, 768, 1), Case(5, 132, 30)];

    static KernelCase<PatchScoreArguments> Case(int patches, int channels, float spread) => new(PatchScore.ForwardOperation,
        memory => new PatchScoreArguments
        {
            G = memory.Input(Numbers.Uniform(patches * channels, 1, spread)),
            Weight = memory.Input(Numbers.Uniform(channels, 2)),
            Bias = memory.Input(0.3f),
            X = memory.InOut(Numbers.Uniform(patches * channels, 3)),
            Scores = memory.Output(patches),
            Patches = patches,
            Channels = channels,
        },
        Expect)
    {
        Name = $"{patches} patches, {channels} channels, spread {spread}",
        Twins = channels == 1 ? [] : new()
        {
            ["weights shifted by one channel"] = static a => a with { Weight = new View<float>(a.Weight.Address - 4, a.Weight.Length) },
            ["bias taken from the weights"] = static a => a with { Bias = a.Weight.Slice(0, 1) },
        },
    };

    // The sum errs by e; the slope of sigmoid is s·(1 − s); exp, an addition and a division add a few roundings. Scores below the
    // smallest normal number of exp may become zero.
    static Expected[] Expect(PatchScoreArguments a)
    {
        var (x, scores) = PatchScore.Reference(a);
        var errors = new double[a.Patches];
        for (int p = 0; p < a.Patches; p++)
        {
            double magnitude = Math.Abs(a.Bias[0]);
            for (int d = 0; d < a.Channels; d++)
                magnitude += Math.Abs((double)a.G[p * a.Channels + d] * a.Weight[d]);
            double sum = Numbers.U * (a.Channels + 2) * magnitude;
            errors[p] = scores[p] * (1 - scores[p]) * (Math.Exp(sum) - 1) + 8 * Numbers.U * scores[p] + 1.2e-38;
        }
        return
        [
            Expected.Of(x, i => Math.Abs(a.X[i]) * errors[i / a.Channels] + Numbers.U * Math.Abs(x[i])),
            Expected.Of(scores, p => errors[p]),
        ];
    }
}
