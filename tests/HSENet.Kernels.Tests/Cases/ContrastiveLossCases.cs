// Cases of ContrastiveLoss: one pair, pairs beyond a block, with and without the frozen logits, each gradient left out.
namespace HSENet.Kernels.Tests;

static class ContrastiveLossCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, frozen: false), Case(3, 130, 2.5f, frozen: true), Case(12, 33, 14, frozen: false), Case(17, 20, 5, frozen: true),
        Case(4, 16, 3, frozen: true, gradients: false), Case(130, 5, 2.5f, frozen: true),
    ];

    public static IEnumerable<AdjointCheck> Adjoints =>
    [
        new(ContrastiveLoss.ForwardOperation, [4 * 6, 4 * 6, 1], 1,
            (memory, x) => [Total(ContrastiveLoss.Reference(Small(memory, x)))],
            (memory, x, gradY) =>
            {
                var reference = ContrastiveLoss.Reference(Small(memory, x));
                return [[.. reference.GradImages.Select(value => gradY[0] * value)],
                    [.. reference.GradTexts.Select(value => gradY[0] * value)], [gradY[0] * reference.GradLogitScale]];
            }),
    ];

    const float Weight = 0.1f;

    static double Total(ContrastiveLossReference reference) => 0.5 * (reference.Contrastive + Weight * reference.Relation);

    static ContrastiveLossArguments Small(CaseMemory memory, float[][] x) => new()
    {
        Images = memory.Input(x[0]),
        Texts = memory.Input(x[1]),
        LogitScale = memory.Input(x[2]),
        FrozenLogits = memory.Input(Numbers.Uniform(16, 5)),
        Rows = 4,
        Channels = 6,
        RelationWeight = Weight,
        Scale = 0.5f,
    };

    static KernelCase<ContrastiveLossArguments> Case(int rows, int channels, float scale, bool frozen, bool gradients = true) =>
        new(ContrastiveLoss.ForwardOperation,
        memory =>
        {
            float spread = MathF.Sqrt(3f / channels); // rows of length 1 or so
            return new ContrastiveLossArguments
            {
                Images = memory.Input(Numbers.Uniform(rows * channels, 1, spread)),
                Texts = memory.Input(Numbers.Uniform(rows * channels, 2, spread)),
                LogitScale = memory.Input(scale),
                FrozenLogits = frozen ? memory.Input(Numbers.Uniform(rows * rows, 3, scale)) : default,
                Logits = memory.Output(rows * rows),
                Loss = memory.Output(2),
                GradImages = gradients ? memory.Output(rows * channels) : default,
                GradTexts = gradients ? memory.Output(rows * channels) : default,
                GradLogitScale = gradients ? memory.InOut([0.5f]) : default,
                Scratch = memory.Scratch<float>((int)ContrastiveLoss.ScratchLength(rows)),
                Rows = rows,
                Channels = channels,
                RelationWeight = frozen ? Weight : 0,
                Scale = gradients ? 0.75f : 0,
            };
        },
        Expect)
        {
            Name = $"{rows} pairs, {channels} channels, scale {scale}{(frozen ? ", frozen" : "")}{(gradients ? "" : ", no gradients")}",
            Twins = rows == 1 ? [] : new()
            {
                ["images shifted by one channel"] = static a => a with { Images = new View<float>(a.Images.Address + 4, a.Images.Length) },
                ["images and texts exchanged"] = static a => a with { Images = a.Texts, Texts = a.Images },
                ["relation weight doubled, or scale"] = a =>
                {
                    if (!frozen || !gradients)
                        a.LogitScale[0] *= 2;
                    return a with { RelationWeight = 2 * a.RelationWeight };
                },
            },
        };

    // e: the error of a logit. The logarithm of a sum errs by e, by the rounded exponents of its terms, by 4 U for e^x and a U for each
    // addition, by 5 U of itself and by its own last rounding; a softmax by that, by e, its exponent's rounding and e^x.
    static Expected[] Expect(ContrastiveLossArguments a)
    {
        var reference = ContrastiveLoss.Reference(a);
        int n = a.Rows, channels = a.Channels;
        double u = Numbers.U, scale = Math.Abs(a.LogitScale[0]), error = 0, largest = reference.Logits.Max(Math.Abs), n2 = (double)n * n;
        var magnitudes = new double[n * n];
        for (int k = 0; k < n * n; k++)
        {
            for (int c = 0; c < channels; c++)
                magnitudes[k] += Math.Abs((double)a.Images[k / n * channels + c] * a.Texts[k % n * channels + c]);
            error = Math.Max(error, u * (channels + 2) * scale * magnitudes[k]);
        }
        double logSum = error + u * (2 * largest + 4 + n + 5 * Math.Log(n) + largest + Math.Log(n) + 1);
        double softmax = error + logSum + u * (2 * largest + Math.Log(n) + 4);
        var gradients = new double[n * n]; // errors of the logits' gradients
        double relation = 0;
        for (int k = 0; k < n * n; k++)
        {
            double difference = a.FrozenLogits.IsEmpty ? 0 : Math.Abs(reference.Logits[k] - a.FrozenLogits[k]);
            double magnitude = 2 * n * Math.Abs(reference.GradLogits[k])
                + a.Scale * ((k / n == k % n ? 4 : 0) + 2 * n * a.RelationWeight * 2 * difference / n2);
            gradients[k] = (softmax * Math.Min(2 * a.Scale, magnitude) + 5 * u * magnitude) / (2 * n)
                + a.Scale * a.RelationWeight * 2 / n2 * (error + 6 * u * difference) + u * Math.Abs(reference.GradLogits[k]);
            relation += (2 * difference * (error + u * difference) + error * error + (2 * n + 4) * u * difference * difference) / n2;
        }
        var expected = new List<Expected>
        {
            Expected.Of(reference.Logits, k => u * (channels + 2) * scale * magnitudes[k]),
            new([reference.Contrastive, reference.Relation], [logSum + error + u * (2 * n + 6) * (2 * largest + Math.Log(n)), relation]),
        };
        if (a.GradImages.IsEmpty)
            return [.. expected];
        double[] images = new double[n * channels], texts = new double[n * channels];
        double gradScale = u * (0.5 + Math.Abs(reference.GradLogitScale + 0.5));
        for (int k = 0; k < n * n; k++)
        {
            int i = k / n, j = k % n;
            double allowed = gradients[k] + (n + 3) * u * Math.Abs(reference.GradLogits[k]);
            gradScale += (gradients[k] + 2 * (n + 2) * u * Math.Abs(reference.GradLogits[k])) * magnitudes[k]
                + Math.Abs(reference.GradLogits[k]) * (channels + 1) * u * magnitudes[k];
            for (int c = 0; c < channels; c++)
            {
                images[i * channels + c] += scale * allowed * Math.Abs(a.Texts[j * channels + c]);
                texts[j * channels + c] += scale * allowed * Math.Abs(a.Images[i * channels + c]);
            }
        }
        return [.. expected, new(reference.GradImages, images), new(reference.GradTexts, texts),
            new([reference.GradLogitScale + 0.5], [gradScale])];
    }
}
