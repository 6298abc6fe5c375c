// Cases of PatchEmbedding: volumes and images, patches of unequal sides, every pair of weight types, outputs beyond a block.
namespace HSENet.Kernels.Tests;

static class PatchEmbeddingCases
{
    static readonly HostDevice Host = new(1);

    public static IEnumerable<KernelCase> All
    {
        get
        {
            foreach (var type in Enum.GetValues<WeightType>())
            {
                foreach (var position in Enum.GetValues<WeightType>())
                    yield return Case(1, (4, 24, 8), (2, 8, 8), 128, type, position);
                yield return Case(2, (8, 8, 16), (4, 4, 4), 256, type, WeightType.F32);
            }
            yield return Case(3, (1, 6, 10), (1, 3, 5), 37, WeightType.BF16, WeightType.BF16);
            yield return Case(1, (1, 1, 1), (1, 1, 1), 1, WeightType.F32, WeightType.F32);
        }
    }

    static KernelCase<PatchEmbeddingArguments> Case(int channels, (int D, int H, int W) size, (int D, int H, int W) patch, int outputs,
        WeightType weights, WeightType position)
    {
        int elements = channels * size.D * size.H * size.W, length = channels * patch.D * patch.H * patch.W, patches = elements / length;
        return new(PatchEmbedding.ForwardOperation,
            memory => new PatchEmbeddingArguments
            {
                Image = memory.Input(Numbers.Uniform(elements, 1)),
                W = memory.Weights(Numbers.Uniform(outputs * length, 2), weights),
                Bias = memory.Input(Numbers.Uniform(outputs, 3)),
                Position = memory.Weights(Numbers.Uniform(patches * outputs, 4), position),
                Y = memory.Output(patches * outputs),
                Channels = channels,
                Depth = size.D,
                Height = size.H,
                Width = size.W,
                PatchDepth = patch.D,
                PatchHeight = patch.H,
                PatchWidth = patch.W,
                Outputs = outputs,
            },
            Expect)
        {
            Name = $"{channels}×{size} in {patch} to {outputs}, {weights}, positions {position}",
            Twins = elements == 1 ? [] : new()
            {
                ["image shifted by one voxel"] = static a => a with { Image = new View<float>(a.Image.Address - 4, a.Image.Length) },
                ["bias shifted by one channel"] = static a => a with { Bias = new View<float>(a.Bias.Address - 4, a.Bias.Length) },
                ["height and width exchanged"] = static a =>
                    a with { Height = a.Width, Width = a.Height, PatchHeight = a.PatchWidth, PatchWidth = a.PatchHeight },
            },
        };
    }

    // A sum of K products and two addends errs by at most (K + 3)·U times the sum of the magnitudes.
    static Expected[] Expect(PatchEmbeddingArguments a)
    {
        double[] magnitudes = Magnitudes(a);
        return [Expected.Of(PatchEmbedding.Reference(a), i => Numbers.U * (a.PatchLength + 3) * magnitudes[i])];
    }

    // The result with every input replaced by its magnitude.
    static double[] Magnitudes(PatchEmbeddingArguments a)
    {
        using var memory = new CaseMemory(Host);
        View<float> Of(long count, Func<int, double> value) =>
            memory.Input([.. Enumerable.Range(0, (int)count).Select(i => (float)Math.Abs(value(i)))]);
        return PatchEmbedding.Reference(a with
        {
            Image = Of(a.Image.Length, i => a.Image[i]),
            W = new Weights(Of(a.W.Length, i => ReferenceMath.Weight(a.W, i))),
            Bias = Of(a.Bias.Length, i => a.Bias[i]),
            Position = new Weights(Of(a.Position.Length, i => ReferenceMath.Weight(a.Position, i))),
        });
    }
}
