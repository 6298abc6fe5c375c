// Cases of CrossEntropy.Backward: both weight types, vocabularies beside the block and beyond the host's part, more tokens than a block.
namespace HSENet.Kernels.Tests;

static class CrossEntropyBackwardCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, WeightType.F32), Case(5, 33, 300, WeightType.F32), Case(3, 20, 4103, WeightType.F32),
            Case(133, 12, 70, WeightType.F32), Case(21, 64, 130, WeightType.BF16), Case(2, 16, 150, WeightType.BF16, counted: 0),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(CrossEntropy.BackwardOperation, [7 * 6], 1,
            (memory, x) => [0.5 * CrossEntropy.Reference(new CrossEntropyArguments
            {
                X = memory.Input(Numbers.Uniform(3 * 6, 2)),
                Head = memory.Weights(x[0], WeightType.F32),
                Labels = memory.Input(4, -100, 0),
                Tokens = 3,
                Channels = 6,
                Vocabulary = 7,
            }).Losses.Sum()],
            (memory, x, gradY) => [[.. CrossEntropy.BackwardReference(new CrossEntropyBackwardArguments
            {
                X = memory.Input(Numbers.Uniform(3 * 6, 2)),
                Head = memory.Weights(x[0], WeightType.F32),
                Labels = memory.Input(4, -100, 0),
                GradHead = memory.Zeros(7 * 6),
                Tokens = 3,
                Channels = 6,
                Vocabulary = 7,
                Scale = 0.5f,
            }).Select(gradient => gradY[0] * gradient)]]),
    ];

    static KernelCase<CrossEntropyBackwardArguments> Case(int tokens, int channels, int vocabulary, WeightType type, int counted = 2)
    {
        int[] labels = [.. Enumerable.Range(0, tokens).Select(t => t % 3 < counted ? (vocabulary - 1 + t * 37) % vocabulary : -100)];
        return new(CrossEntropy.BackwardOperation,
            memory =>
            {
                var a = new CrossEntropyBackwardArguments
                {
                    X = memory.Input(Numbers.Uniform(tokens * channels, 1)),
                    Head = memory.Weights(Numbers.Uniform(vocabulary * channels, 2), type),
                    Labels = memory.Input(labels),
                    GradHead = memory.InOut(Numbers.Uniform(vocabulary * channels, 3)),
                    Scratch = memory.Scratch<float>((int)CrossEntropy.ScratchLength(tokens, channels, vocabulary)),
                    Tokens = tokens,
                    Channels = channels,
                    Vocabulary = vocabulary,
                    Scale = 0.5f,
                };
                return a with { Losses = memory.Input([.. Forward(a).Losses.Select(loss => (float)loss)]) };
            },
            Expect)
        {
            Name = $"{tokens} tokens, {channels} channels, {vocabulary} ids {type}",
            Twins = tokens < 3 ? [] : new()
            {
                ["a label that is another id"] = static a =>
                {
                    a.Labels[0] = a.Labels[0] == 0 ? 1 : 0;
                    return a;
                },
                ["states shifted by one channel"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["a token that does not count does"] = static a =>
                {
                    a.Labels[2] = 0;
                    return a;
                },
            },
        };
    }

    static (double[] Losses, double[] GradX) Forward(CrossEntropyBackwardArguments a) => CrossEntropy.Reference(new()
    {
        X = a.X,
        Head = a.Head,
        Labels = a.Labels,
        Tokens = a.Tokens,
        Channels = a.Channels,
        Vocabulary = a.Vocabulary,
    });

    // A logit errs by (C + 2)·U of its magnitudes, and so does the label's; the loss is rounded once. Their difference is an exponent,
    // which is rounded, and e^x errs by 4 U. The sum over the tokens adds (T + 4)·U of its magnitudes.
    static Expected[] Expect(CrossEntropyBackwardArguments a)
    {
        double[] gradHead = CrossEntropy.BackwardReference(a), losses = Forward(a).Losses, allowed = new double[gradHead.Length];
        var forward = new CrossEntropyArguments
        {
            X = a.X,
            Head = a.Head,
            Tokens = a.Tokens,
            Channels = a.Channels,
            Vocabulary = a.Vocabulary
        };
        for (int t = 0; t < a.Tokens; t++)
        {
            int label = a.Labels[t];
            if (label < 0)
                continue;
            double[] logits = CrossEntropy.ReferenceLogits(forward, t);
            double logSum = losses[t] + logits[label];
            for (int v = 0; v < a.Vocabulary; v++)
            {
                double probability = Math.Exp(logits[v] - logSum), error = Numbers.U
                    * ((a.Channels + 2) * (Magnitude(t, v) + Magnitude(t, label)) + 2 * Math.Abs(losses[t]) + 2 * Math.Abs(logSum)
                    + Math.Abs(logits[v]) + 6);
                for (int c = 0; c < a.Channels; c++)
                    allowed[v * a.Channels + c] += a.Scale * Math.Abs(a.X[t * a.Channels + c])
                        * (probability * error + Numbers.U * (a.Tokens + 4) * (probability + (v == label ? 1 : 0)));
            }
        }
        return [Expected.Of(gradHead, i => allowed[i] + Numbers.U * (a.Tokens + 1) * (Math.Abs(gradHead[i]) + Math.Abs(a.GradHead[i])))];

        double Magnitude(int t, int v) => Enumerable.Range(0, a.Channels)
            .Sum(c => Math.Abs(a.X[t * a.Channels + c] * ReferenceMath.Weight(a.Head, v * a.Channels + c)));
    }
}
