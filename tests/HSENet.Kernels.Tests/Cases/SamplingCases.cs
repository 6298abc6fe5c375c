// Cases of Sampling: each step alone and together, equal logits, vocabularies beside vectors and blocks, the ends of the random interval.
namespace HSENet.Kernels.Tests;

static class SamplingCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 0, 0, 1, 0), Case(1, 0, 1, 1, 0.5f), Case(931, 0, 0, 1, 0), Case(130, 0, 0, 1, 0, levels: 3),
        Case(300, 0, 1, 1, 0), Case(931, 0, 0.7f, 0.9f, 0.999f), Case(931, 40, 1.3f, 1, 0.41f), Case(931, 20, 0.8f, 0.5f, 0.77f),
        Case(64, 1, 1, 1, 0.9f), Case(100, 500, 2, 0.05f, 0.3f), Case(200, 5, 1, 1, 0.95f, levels: 3),
            Case(200, 0, 1, 0.1f, 0.95f, levels: 3),
        Case(130, 5, 1, 1, 0.7f, levels: 1), Case(50, 0, 1, 0.09f, 0.7f, levels: 1), Case(2100, 0, 0.3f, 1, 0.618f),
            Case(64, 3, 1, 1, 0.9f, offset: -3000),
        Case(150, 3, 1, 0.5f, 0.9f, offset: float.PositiveInfinity),
        // More than a part of the grid, than a bin's ids have threads; top-p in the bin of top-k and before it.
        Case(2100, 7, 0.5f, 1, 0.3f), Case(3000, 5, 1, 1, 0.7f, levels: 1), Case(1100, 0, 1, 0.0905f, 0.7035f, levels: 1),
        Case(1200, 1100, 1, 0.9005f, 0.4003f, levels: 1), Case(3000, 0, 0, 1, 0, levels: 3), Case(931, 60, 1, 0.1f, 0.45f),
            Case(5000, 0, 0, 1, 0),
        // Gathered ids from every part of a walk.
        Case(9000, 5, 1, 1, 0.5f, levels: 2), Case(9000, 2000, 1, 0.5f, 0.5f, levels: 2),
    ];

    static KernelCase<SamplingArguments> Case(int vocabulary, int topK, float temperature, float topP, float uniform, int levels = 0,
        float offset = 0)
    {
        float[] logits = Numbers.Uniform(vocabulary, 1, spread: 4, centre: offset);
        if (!float.IsFinite(offset))
            logits = [.. logits.Select((_, i) => i % 50 == 49 ? offset : i)];
        if (levels == 2)
            logits = [.. logits.Select((_, i) => i % 1031 == 7 ? 3f : -12f)];
        else if (levels > 0)
            logits = Array.ConvertAll(logits, logit => levels == 1 || logit > 0 ? 3f : logit > -2 ? -0f : float.NegativeInfinity);
        bool weighed = temperature > 0 && float.IsFinite(offset);
        return new(Sampling.ForwardOperation,
            memory => new SamplingArguments
            {
                Logits = memory.Input(logits),
                Scratch = weighed ? memory.Output(vocabulary) : memory.Scratch<float>(vocabulary),
                Id = memory.Output<int>(1),
                Vocabulary = vocabulary,
                TopK = topK,
                Temperature = temperature,
                TopP = topP,
                Uniform = uniform,
            },
            Expect)
        {
            Name = $"{vocabulary} ids{(levels > 0 ? $", {levels} different" : "")}, from {offset}, temperature {temperature}, top-k "
                + $"{topK}, top-p {topP}, random {uniform}",
            Twins = vocabulary == 1 || levels == 1 ? [] : new()
            {
                ["logits shifted by one id"] = static a =>
                    a with { Logits = a.Logits.Slice(1, a.Vocabulary - 1), Vocabulary = a.Vocabulary - 1 },
            },
        };
    }

    // The id must be equal. A weight has the error of e^x, 3.4 U, and that of its exponent, three roundings of its size.
    static Expected[] Expect(SamplingArguments a)
    {
        var (id, weights, margin) = Sampling.Reference(a);
        var chosen = Expected.Of([id], _ => 0);
        if (weights.Length == 0)
            return [chosen];
        // Sums of V weights in f32 must not be able to fall on the other side of a boundary.
        Assert.True(margin > 2 * (a.Vocabulary + 10) * Numbers.U || a.Uniform == 0 || a.Vocabulary == 1,
            $"a boundary at {margin:G3}: choose another random number");
        return
        [
            Expected.Of(weights, i => weights[i] == 0 ? 0 : Numbers.U * weights[i] * (4 + 3 * Math.Abs(Math.Log(weights[i])))),
            chosen,
        ];
    }
}
