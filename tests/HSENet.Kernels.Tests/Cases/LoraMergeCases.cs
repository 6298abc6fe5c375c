// Cases of LoraMerge: every type of the base weight, adapters in another type, rows beside a host item.
namespace HSENet.Kernels.Tests;

static class LoraMergeCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, WeightType.F32, WeightType.F32), Case(150, 4, 5, WeightType.F32, WeightType.F32),
            Case(37, 130, 8, WeightType.F32, WeightType.BF16),
        Case(256, 17, 16, WeightType.BF16, WeightType.F32), Case(200, 33, 3, WeightType.BF16, WeightType.BF16),
        Case(256, 19, 4, WeightType.Int8, WeightType.F32), Case(256, 3, 4, WeightType.Int8, WeightType.BF16),
        .. Enum.GetValues<WeightType>().Select(type => Case(128, 5, 128, type, WeightType.Int8)),
    ];

    static KernelCase<LoraMergeArguments> Case(int inputs, int outputs, int rank, WeightType baseType, WeightType type) =>
        new(LoraMerge.ForwardOperation,
        memory => new LoraMergeArguments
        {
            W = memory.Weights(Numbers.Uniform(outputs * inputs, 1), baseType),
            A = memory.Weights(Numbers.Uniform(rank * inputs, 2), type),
            B = memory.Weights(Numbers.Uniform(outputs * rank, 3), type),
            Merged = memory.Output(outputs * inputs),
            Inputs = inputs,
            Outputs = outputs,
            Rank = rank,
            Scale = 2,
        },
        Expect)
        {
            Name = $"{outputs}×{inputs} {baseType}, rank {rank} {type}",
            Twins = new()
            {
                ["scale left out"] = static a => a with { Scale = 1 },
                ["base weight shifted by one"] = static a => a with
                {
                    W = new Weights(new View<byte>(a.W.Values.Address + Weights.BytesPerElement(a.W.Type), a.W.Values.Length), a.W.Type,
                        a.W.Scales),
                },
            },
        };

    // A sum of r products, the scale, int8's scale in both factors and in W, and the addition to W.
    static Expected[] Expect(LoraMergeArguments a)
    {
        double[] merged = LoraMerge.Reference(a);
        return [Expected.Of(merged, i =>
        {
            int n = i / a.Inputs, k = i % a.Inputs;
            double sum = Math.Abs(ReferenceMath.Weight(a.W, i));
            for (int j = 0; j < a.Rank; j++)
                sum += Math.Abs(a.Scale * ReferenceMath.Weight(a.B, n * a.Rank + j) * ReferenceMath.Weight(a.A, j * a.Inputs + k));
            return Numbers.U * (a.Rank + 4) * sum;
        })];
    }
}
