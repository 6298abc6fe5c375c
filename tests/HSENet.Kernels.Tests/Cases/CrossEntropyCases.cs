// Cases of CrossEntropy: every weight type, vocabularies beside the block and beyond the host's part, tokens that do not count, logits far
// apart.
namespace HSENet.Kernels.Tests;

static class CrossEntropyCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, WeightType.F32, gradient: true), Case(5, 133, 300, WeightType.F32, gradient: true),
            Case(3, 20, 4103, WeightType.F32, gradient: true),
        Case(21, 64, 70, WeightType.BF16, gradient: true), Case(4, 128, 131, WeightType.Int8, gradient: true),
            Case(4, 33, 200, WeightType.BF16, gradient: false),
        Case(3, 48, 4103, WeightType.F32, gradient: true, spread: 6), Case(2, 16, 150, WeightType.BF16, gradient: true, counted: 0),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(CrossEntropy.ForwardOperation, [3 * 6], 1,
            (memory, x) => [0.5 * CrossEntropy.Reference(Small(memory, x[0])).Losses.Sum()],
            (memory, x, gradY) => [[.. CrossEntropy.Reference(Small(memory, x[0])).GradX.Select(gradient => gradY[0] * gradient)]]),
    ];

    static CrossEntropyArguments Small(CaseMemory memory, float[] x) => new()
    {
        X = memory.Input(x),
        Head = memory.Weights(Numbers.Uniform(7 * 6, 2), WeightType.F32),
        Labels = memory.Input(4, -100, 0),
        GradX = memory.Zeros(x.Length),
        Tokens = 3,
        Channels = 6,
        Vocabulary = 7,
        Scale = 0.5f,
    };

    static KernelCase<CrossEntropyArguments> Case(int tokens, int channels, int vocabulary, WeightType type, bool gradient,
        float spread = 1, int counted = 2)
    {
        // Every third token does not count, or none does; the first one's label is the last id.
        // Later ids have larger logits, so that what was summed must be scaled again and again.
        float[] head = [.. Numbers.Uniform(vocabulary * channels, 2)
            .Select((weight, i) => weight * (0.25f + i / (float)(vocabulary * channels)))];
        int[] labels = [.. Enumerable.Range(0, tokens).Select(t => t % 3 < counted ? (vocabulary - 1 + t * 37) % vocabulary : -100)];
        return new(CrossEntropy.ForwardOperation,
            memory => new CrossEntropyArguments
            {
                X = memory.Input(Numbers.Uniform(tokens * channels, 1, spread)),
                Head = memory.Weights(head, type),
                Labels = memory.Input(labels),
                Losses = memory.Output(tokens),
                GradX = gradient ? memory.Output(tokens * channels) : default,
                Scratch = memory.Scratch<float>((int)CrossEntropy.ScratchLength(tokens, channels, vocabulary)),
                Tokens = tokens,
                Channels = channels,
                Vocabulary = vocabulary,
                Scale = 0.5f,
            },
            Expect)
        {
            Name = $"{tokens} tokens, {channels} channels, {vocabulary} ids {type}, spread {spread}{(gradient ? " gradient" : "")}",
            Twins = tokens < 3 || spread > 1 ? [] : new()
            {
                ["last id left out"] = static a =>
                    Relabelled(a, id => Math.Min(id, a.Vocabulary - 2))
                    with
                    { Head = a.Head.Rows(0, a.Vocabulary - 1, a.Channels), Vocabulary = a.Vocabulary - 1 },
                ["labels shifted by one id"] = static a => Relabelled(a, id => id == 0 ? 1 : id - 1),
                ["tokens that do not count do"] = static a => Relabelled(a, id => Math.Abs(id) % a.Vocabulary),
            },
        };
    }

    static CrossEntropyArguments Relabelled(CrossEntropyArguments a, Func<int, int> relabel)
    {
        foreach (ref int label in a.Labels.AsSpan())
            label = relabel(label);
        return a;
    }

    // A logit errs by (C + 2)·U of its magnitudes. A term e^(logit − largest) errs by twice that, by its exponent's rounding and by e^x's 4
    // U; what is summed is scaled once for every 128 ids at most, each time with the error of e^x, its exponent's rounding and a product;
    // the sum has at most V/4 + 130 terms one behind the other. The logarithm errs by 5 U of itself.
    static Expected[] Expect(CrossEntropyArguments a)
    {
        var (losses, gradX) = CrossEntropy.Reference(a);
        double[] allowed = new double[a.Tokens], allowedGradient = new double[gradX.Length];
        for (int t = 0; t < a.Tokens; t++)
        {
            int label = a.Labels[t];
            if (label < 0)
                continue;
            double[] logits = CrossEntropy.ReferenceLogits(a, t);
            double largest = logits.Max(), range = largest - logits.Min(), sum = logits.Sum(logit => Math.Exp(logit - largest)),
                logitError = 0;
            for (int v = 0; v < a.Vocabulary; v++)
            {
                double magnitude = 0;
                for (int c = 0; c < a.Channels; c++)
                    magnitude += Math.Abs(a.X[t * a.Channels + c] * ReferenceMath.Weight(a.Head, v * a.Channels + c));
                logitError = Math.Max(logitError, (a.Channels + 2) * Numbers.U * magnitude);
            }
            double term = 2 * logitError + Numbers.U * (2 * range + 4 + 6 * (a.Vocabulary / 128 + 3));
            double total = term + Numbers.U * (Math.Min(a.Vocabulary, a.Vocabulary / 4.0 + 130) + 2);
            allowed[t] = 2 * logitError + total + Numbers.U * (5 * Math.Log(sum) + (largest - logits[label]) + Math.Abs(losses[t]));
            for (int c = 0; c < a.Channels && gradX.Length > 0; c++)
            {
                double magnitude = 0;
                for (int v = 0; v < a.Vocabulary; v++)
                    magnitude += Math.Exp(logits[v] - largest) / sum * Math.Abs(ReferenceMath.Weight(a.Head, v * a.Channels + c));
                double weight = Math.Abs(ReferenceMath.Weight(a.Head, label * a.Channels + c));
                allowedGradient[t * a.Channels + c] = a.Scale
                    * ((term + total + Numbers.U * (a.Vocabulary + 4)) * magnitude
                    + Numbers.U * (a.Vocabulary / 64.0 + 4) * (weight + magnitude));
            }
        }
        return gradX.Length == 0 ? [new(losses, allowed)] : [new(losses, allowed), new(gradX, allowedGradient)];
    }
}
