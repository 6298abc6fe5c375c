// Cases of PatchEmbedding.Backward: volumes and images, patches of unequal sides, all gradients and each alone.
namespace HSENet.Kernels.Tests;

static class PatchEmbeddingBackwardCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, (4, 24, 8), (2, 8, 8), 33, weights: true, bias: true, positions: true),
            Case(2, (8, 8, 16), (4, 4, 4), 5, weights: true, bias: false, positions: false),
        Case(3, (1, 6, 10), (1, 3, 5), 37, weights: false, bias: true, positions: false),
            Case(1, (2, 6, 4), (1, 3, 2), 130, weights: false, bias: false, positions: true),
        Case(1, (1, 1, 1), (1, 1, 1), 1, weights: true, bias: true, positions: true),
    ];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int outputs = 3, length = 2 * 1 * 2 * 1, patches = 2 * 2 * 3;
            float[] image = Numbers.Uniform(length * patches, 1);
            yield return new(PatchEmbedding.BackwardOperation, [outputs * length, outputs, patches * outputs], patches * outputs,
                (memory, x) => PatchEmbedding.Reference(new()
                {
                    Image = memory.Input(image),
                    W = memory.Weights(x[0], WeightType.F32),
                    Bias = memory.Input(x[1]),
                    Position = memory.Weights(x[2], WeightType.F32),
                    Y = memory.Output(patches * outputs),
                    Images = 1,
                    Channels = 2,
                    Depth = 2,
                    Height = 4,
                    Width = 3,
                    PatchDepth = 1,
                    PatchHeight = 2,
                    PatchWidth = 1,
                    Outputs = outputs,
                }),
                (memory, x, gradY) =>
                {
                    var (gradW, gradBias, gradPosition) = PatchEmbedding.BackwardReference(new()
                    {
                        Image = memory.Input(image),
                        GradY = memory.Input(gradY),
                        GradW = memory.Zeros(outputs * length),
                        GradBias = memory.Zeros(outputs),
                        GradPosition = memory.Zeros(patches * outputs),
                        Channels = 2,
                        Depth = 2,
                        Height = 4,
                        Width = 3,
                        PatchDepth = 1,
                        PatchHeight = 2,
                        PatchWidth = 1,
                        Outputs = outputs,
                    });
                    return [gradW, gradBias, gradPosition];
                });
        }
    }

    static KernelCase<PatchEmbeddingBackwardArguments> Case(int channels, (int D, int H, int W) size, (int D, int H, int W) patch,
        int outputs,
        bool weights, bool bias, bool positions)
    {
        int elements = channels * size.D * size.H * size.W, length = channels * patch.D * patch.H * patch.W, patches = elements / length;
        return new(PatchEmbedding.BackwardOperation,
            memory => new PatchEmbeddingBackwardArguments
            {
                Image = memory.Input(Numbers.Uniform(elements, 1)),
                GradY = memory.Input(Numbers.Uniform(patches * outputs, 2)),
                GradW = weights ? memory.InOut(Numbers.Uniform(outputs * length, 3)) : default,
                GradBias = bias ? memory.InOut(Numbers.Uniform(outputs, 4)) : default,
                GradPosition = positions ? memory.InOut(Numbers.Uniform(patches * outputs, 5)) : default,
                Channels = channels,
                Depth = size.D,
                Height = size.H,
                Width = size.W,
                PatchDepth = patch.D,
                PatchHeight = patch.H,
                PatchWidth = patch.W,
                Outputs = outputs,
            },
            a =>
            {
                // Sums of P products or addends, and the addition; products of magnitudes are the gradient of magnitudes.
                var (gradW, gradBias, gradPosition) = PatchEmbedding.BackwardReference(a);
                using var memory = new CaseMemory(Host);
                View<float> Magnitudes(View<float> view) => memory.Input(Array.ConvertAll(view.AsSpan().ToArray(), Math.Abs));
                var (sumW, sumBias, _) = PatchEmbedding.BackwardReference(a with
                {
                    Image = Magnitudes(a.Image),
                    GradY = Magnitudes(a.GradY),
                    GradW = Magnitudes(a.GradW),
                    GradBias = Magnitudes(a.GradBias),
                });
                var expected = new List<Expected>();
                if (weights)
                    expected.Add(Expected.Of(gradW, i => Numbers.U * (patches + 2) * sumW[i]));
                if (bias)
                    expected.Add(Expected.Of(gradBias, c => Numbers.U * (patches + 2) * sumBias[c]));
                if (positions)
                    expected.Add(Expected.Of(gradPosition, i => Numbers.U * Math.Abs(gradPosition[i])));
                return [.. expected];
            })
        {
            Name = $"{channels}×{size} in {patch} to "
                + $"{outputs}{(weights ? " weights" : "")}{(bias ? " bias" : "")}{(positions ? " positions" : "")}",
            Twins = elements == 1 ? [] : weights ? new()
            {
                ["image shifted by one voxel"] = static a => a with { Image = new View<float>(a.Image.Address - 4, a.Image.Length) },
                ["gradient shifted by one channel"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
                ["height and width exchanged"] = static a =>
                    a with { Height = a.Width, Width = a.Height, PatchHeight = a.PatchWidth, PatchWidth = a.PatchHeight },
            }
            : new()
            {
                ["gradient shifted by one channel"] = static a =>
                a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) }
            },
        };
    }

    static readonly HostDevice Host = new(1);
}
