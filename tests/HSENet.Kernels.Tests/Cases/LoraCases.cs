// Cases of Lora: every weight type, ranks below and beyond a block, outputs beside the block, rows and ranks beside the tiles.
namespace HSENet.Kernels.Tests;

static class LoraCases
{
    public static IEnumerable<KernelCase> All => Numbers.ActivationTypes.SelectMany(x => new KernelCase[]
    {
        Case(1, 1, 1, 1, WeightType.F32, x), Case(1, 256, 200, 8, WeightType.F32, x), Case(5, 37, 129, 131, WeightType.F32, x),
        Case(1, 64, 96, 16, WeightType.BF16, x), Case(9, 70, 33, 3, WeightType.BF16, x),
        Case(3, 256, 130, 128, WeightType.Int8, x),
    }).Concat(Enum.GetValues<ActivationType>().SelectMany(y => new KernelCase[]
    {
        Case(70, 1152, 192, 40, WeightType.BF16, ActivationType.BF16, y), Case(1, 1032, 130, 24, WeightType.BF16, ActivationType.BF16, y),
    }));

    static KernelCase<LoraArguments> Case(int rows, int inputs, int outputs, int rank, WeightType type, ActivationType x) =>
        Case(rows, inputs, outputs, rank, type, x, x);

    static KernelCase<LoraArguments> Case(int rows, int inputs, int outputs, int rank, WeightType type, ActivationType x,
        ActivationType y) =>
        new(Lora.ForwardOperation,
        memory => new LoraArguments
        {
            X = memory.Activations(Numbers.Uniform(rows * inputs, 1), x),
            A = memory.Weights(Numbers.Uniform(rank * inputs, 2), type),
            B = memory.Weights(Numbers.Uniform(outputs * rank, 3), type),
            Scratch = memory.Scratch<float>(rows * rank),
            Y = memory.InOut(Numbers.Uniform(rows * outputs, 4), y),
            Rows = rows,
            Inputs = inputs,
            Outputs = outputs,
            Rank = rank,
            Scale = 2,
        },
        Expect)
        {
            Name = $"{rows}×{inputs}×{outputs} rank {rank} {type}, x {x}, y {y}",
            Twins = new()
            {
                ["scale left out"] = static a => a with { Scale = 1 },
                ["input shifted by one"] = static a => a with { X = Numbers.Shifted(a.X) },
            },
        };

    // Nested sums of K and of r products, the scale, int8's scale in both factors, a rounded factor, and the addition to y, which on tensor
    // cores is the first of the r + 1 terms.
    static Expected[] Expect(LoraArguments a, Roundoff roundoff)
    {
        double[] y = Lora.Reference(a);
        int additions = roundoff == Roundoff.F32 ? 1 : a.Rank + 1;
        var inner = new double[a.Rows * a.Rank];
        for (int i = 0; i < inner.Length; i++)
            for (int k = 0; k < a.Inputs; k++)
                inner[i] += Math.Abs(ReferenceMath.Weight(a.A, i % a.Rank * a.Inputs + k)
                    * ReferenceMath.Activation(a.X, i / a.Rank * a.Inputs + k));
        return [Expected.Of(y, i =>
        {
            int m = i / a.Outputs, n = i % a.Outputs;
            double sum = 0;
            for (int j = 0; j < a.Rank; j++)
                sum += Math.Abs(ReferenceMath.Weight(a.B, n * a.Rank + j)) * inner[m * a.Rank + j];
            return Numbers.Stored(a.Y.Type, y[i], ((a.Inputs + a.Rank) * roundoff.Sum + 4 * Numbers.U + roundoff.Factor) * a.Scale * sum
                + additions * roundoff.Sum * (Math.Abs(y[i]) + Math.Abs(ReferenceMath.Activation(a.Y, i))));
        })];
    }
}
