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
            // Several images, with rows in front of each: naive, and on tensor cores at more than a tile of patches and outputs.
            yield return Case(2, (1, 4, 6), (1, 2, 3), 20, WeightType.F32, WeightType.BF16, images: 3, leading: 2);
            yield return Case(3, (1, 32, 64), (1, 16, 16), 140, WeightType.BF16, WeightType.BF16, images: 9, leading: 1,
                factors: ActivationType.BF16);
            yield return Case(1, (4, 32, 32), (2, 2, 16), 36, WeightType.BF16, WeightType.F32, factors: ActivationType.BF16);
            yield return Case(3, (1, 6, 10), (1, 3, 5), 37, WeightType.BF16, WeightType.BF16);
            yield return Case(1, (1, 1, 1), (1, 1, 1), 1, WeightType.F32, WeightType.F32);
        }
    }

    static KernelCase<PatchEmbeddingArguments> Case(int channels, (int D, int H, int W) size, (int D, int H, int W) patch, int outputs,
        WeightType weights, WeightType position, int images = 1, int leading = 0, ActivationType factors = ActivationType.F32)
    {
        int elements = images * channels * size.D * size.H * size.W, length = channels * patch.D * patch.H * patch.W;
        int patches = elements / images / length;
        return new(PatchEmbedding.ForwardOperation,
            memory => new PatchEmbeddingArguments
            {
                Image = memory.Input(Numbers.Uniform(elements, 1)),
                W = memory.Weights(Numbers.Uniform(outputs * length, 2), weights),
                Bias = memory.Input(Numbers.Uniform(outputs, 3)),
                Position = memory.Weights(Numbers.Uniform(patches * outputs, 4), position),
                Y = leading == 0 ? memory.Output(images * patches * outputs)
                    : memory.InOut(Numbers.Uniform(images * (leading + patches) * outputs, 5)),
                Factors = factors,
                Images = images,
                LeadingRows = leading,
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
            Name = $"{images} of {channels}×{size} in {patch} to {outputs}, {weights}, positions {position}, factors {factors}",
            Twins = elements == 1 ? [] : new()
            {
                ["image shifted by one voxel"] = static a => a with { Image = new View<float>(a.Image.Address - 4, a.Image.Length) },
                ["bias shifted by one channel"] = static a => a with { Bias = new View<float>(a.Bias.Address - 4, a.Bias.Length) },
                ["height and width exchanged"] = static a =>
                    a with { Height = a.Width, Width = a.Height, PatchHeight = a.PatchWidth, PatchWidth = a.PatchHeight },
            },
        };
    }

    // A sum of K products and two addends errs by at most (K + 3) roundings times the sum of the magnitudes, and by what its factors are
    // rounded. Leading rows stay.
    static Expected[] Expect(PatchEmbeddingArguments a, Roundoff roundoff)
    {
        double[] magnitudes = Magnitudes(a);
        int leading = a.LeadingRows * a.Outputs, rows = leading + a.Patches * a.Outputs;
        return [Expected.Of(PatchEmbedding.Reference(a),
            i => i % rows < leading ? 0 : (roundoff.Factor + roundoff.Sum * (a.PatchLength + 3)) * magnitudes[i])];
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
