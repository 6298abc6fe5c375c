// Cases of Augment: every number of quarter turns, every flip, oblong slices, rows beside the vectors, the lines and the blocks.
namespace HSENet.Kernels.Tests;

static class AugmentCases
{
    public static IEnumerable<KernelCase> All
    {
        get
        {
            for (int turns = 0; turns < 4; turns++)
                for (int flips = 0; flips < 8; flips += turns == 0 ? 1 : 3)
                    yield return Case(3, 19, 19, turns, flips, 0.07f, -0.05f);
            yield return Case(2, 5, 33, 0, 0b010, -0.1f, 0.1f);
            yield return Case(2, 33, 6, 2, 0b100, 0, 0.1f);
            yield return Case(1, 32, 64, 0, 0, 0, 0);
            yield return Case(1, 1, 1, 3, 0b111, 0.5f, 0);
        }
    }

    static KernelCase<AugmentArguments> Case(int depth, int height, int width, int turns, int flips, float factor, float offset) =>
        new(Augment.ForwardOperation,
        memory => new AugmentArguments
        {
            X = memory.Input(Numbers.Uniform(depth * height * width, 1)),
            Y = memory.Output(depth * height * width),
            Depth = depth,
            Height = height,
            Width = width,
            QuarterTurns = turns,
            FlipDepth = flips & 1,
            FlipHeight = flips >> 1 & 1,
            FlipWidth = flips >> 2,
            Factor = factor,
            Offset = offset,
        },
        a =>
        {
            // 1 + factor is rounded, and the fused product and sum.
            double[] y = Augment.Reference(a);
            return [Expected.Of(y, i => Numbers.U * (Math.Abs(y[i] - a.Offset) + Math.Abs(y[i])))];
        })
        {
            Name = $"{depth}×{height}×{width}, {turns} turns, flips {flips:b3}, factor {factor}, offset {offset}",
            Twins = depth * height * width == 1 ? [] : new()
            {
                ["volume shifted by one voxel"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["two more turns"] = static a => a with { QuarterTurns = (a.QuarterTurns + 2) % 4 },
                ["columns flipped, or not"] = static a => a with { FlipWidth = 1 - a.FlipWidth },
                ["rows flipped, or not"] = static a => a with { FlipHeight = 1 - a.FlipHeight },
                ["factor added to"] = static a => a with { Factor = a.Factor + 0.001f },
                ["offset added to"] = static a => a with { Offset = a.Offset + 0.001f },
            },
        };
}
