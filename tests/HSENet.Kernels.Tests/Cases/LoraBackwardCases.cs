// Cases of Lora.Backward: every weight type, ranks below and beyond a block, rows beside the block, with and without the input's gradient.
namespace HSENet.Kernels.Tests;

static class LoraBackwardCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case(1, 1, 1, 1, WeightType.F32, input: true), Case(131, 70, 140, 8, WeightType.F32, input: true),
            Case(5, 37, 29, 130, WeightType.F32, input: true),
        Case(20, 64, 96, 16, WeightType.F32, input: false), Case(9, 70, 33, 3, WeightType.BF16, input: true),
        Case(3, 256, 130, 128, WeightType.Int8, input: true),
    ];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int rows = 3, inputs = 5, outputs = 4, rank = 2;
            yield return new(Lora.BackwardOperation, [rank * inputs, outputs * rank, rows * inputs], rows * outputs,
                (memory, x) => Lora.Reference(new()
                {
                    X = memory.Input(x[2]),
                    A = memory.Weights(x[0], WeightType.F32),
                    B = memory.Weights(x[1], WeightType.F32),
                    Y = memory.Zeros(rows * outputs),
                    Rows = rows,
                    Inputs = inputs,
                    Outputs = outputs,
                    Rank = rank,
                    Scale = 2,
                }),
                (memory, x, gradY) =>
                {
                    var (gradA, gradB, gradX) = Lora.BackwardReference(new()
                    {
                        X = memory.Input(x[2]),
                        A = memory.Weights(x[0], WeightType.F32),
                        B = memory.Weights(x[1], WeightType.F32),
                        GradY = memory.Input(gradY),
                        GradA = memory.Zeros(rank * inputs),
                        GradB = memory.Zeros(outputs * rank),
                        GradX = memory.Zeros(rows * inputs),
                        Rows = rows,
                        Inputs = inputs,
                        Outputs = outputs,
                        Rank = rank,
                        Scale = 2,
                    });
                    return [gradA, gradB, gradX];
                });
        }
    }

    static KernelCase<LoraBackwardArguments> Case(int rows, int inputs, int outputs, int rank, WeightType type, bool input) =>
        new(Lora.BackwardOperation,
        memory => new LoraBackwardArguments
        {
            X = memory.Input(Numbers.Uniform(rows * inputs, 1)),
            A = memory.Weights(Numbers.Uniform(rank * inputs, 2), type),
            B = memory.Weights(Numbers.Uniform(outputs * rank, 3), type),
            GradY = memory.Input(Numbers.Uniform(rows * outputs, 4)),
            Scratch = memory.Scratch<float>(3 * rows * rank),
            GradA = memory.InOut(Numbers.Uniform(rank * inputs, 5)),
            GradB = memory.InOut(Numbers.Uniform(outputs * rank, 6)),
            GradX = input ? memory.InOut(Numbers.Uniform(rows * inputs, 7)) : default,
            Rows = rows,
            Inputs = inputs,
            Outputs = outputs,
            Rank = rank,
            Scale = 2,
        },
        Expect)
        {
            Name = $"{rows}×{inputs}×{outputs} rank {rank} {type}{(input ? " input" : "")}",
            Twins = new()
            {
                ["scale left out"] = static a => a with { Scale = 1 },
                ["input shifted by one"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["gradient shifted by one"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
            },
        };

    // Inner sums of K or N products with the scale and int8's scale, (K + 4)·U or (N + 4)·U of their magnitudes; an outer sum of M or r
    // products; two roundings of the addition.
    static Expected[] Expect(LoraBackwardArguments a)
    {
        var (gradA, gradB, gradX) = Lora.BackwardReference(a);
        double[] inner = new double[a.Rows * a.Rank], gradInner = new double[a.Rows * a.Rank];
        for (int i = 0; i < inner.Length; i++)
        {
            int m = i / a.Rank, j = i % a.Rank;
            for (int k = 0; k < a.Inputs; k++)
                inner[i] += a.Scale * Math.Abs(ReferenceMath.Weight(a.A, j * a.Inputs + k) * a.X[m * a.Inputs + k]);
            for (int n = 0; n < a.Outputs; n++)
                gradInner[i] += a.Scale * Math.Abs(ReferenceMath.Weight(a.B, n * a.Rank + j) * a.GradY[m * a.Outputs + n]);
        }
        double Allowed(int terms, double sum, double before, double after) =>
            Numbers.U * ((terms + 6) * sum + Math.Abs(before) + Math.Abs(after));
        var expected = new List<Expected>
        {
            Expected.Of(gradA, i => Allowed(a.Rows + a.Outputs,
                Enumerable.Range(0, a.Rows).Sum(m => gradInner[m * a.Rank + i / a.Inputs] * Math.Abs(a.X[m * a.Inputs + i % a.Inputs])),
                    a.GradA[i], gradA[i])),
            Expected.Of(gradB, i => Allowed(a.Rows + a.Inputs,
                Enumerable.Range(0, a.Rows).Sum(m => inner[m * a.Rank + i % a.Rank] * Math.Abs(a.GradY[m * a.Outputs + i / a.Rank])),
                    a.GradB[i], gradB[i])),
        };
        if (gradX.Length > 0)
            expected.Add(Expected.Of(gradX, i => Allowed(a.Rank + a.Outputs,
                Enumerable.Range(0, a.Rank).Sum(j =>
                    gradInner[i / a.Inputs * a.Rank + j] * Math.Abs(ReferenceMath.Weight(a.A, j * a.Inputs + i % a.Inputs))), a.GradX[i],
                    gradX[i])));
        return [.. expected];
    }
}
