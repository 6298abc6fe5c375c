// Cases of Linear.Backward: every weight type, all gradients and each alone, sizes beside the tile, the panel and its depth.
namespace HSENet.Kernels.Tests;

static class LinearBackwardCases
{
    public static IEnumerable<KernelCase> All
    {
        get
        {
            foreach (var type in Enum.GetValues<WeightType>())
            {
                yield return Case(7, type == WeightType.Int8 ? 128 : 37, 65, type, input: true, weights: true, bias: true, residual: true);
                yield return Case(1, type == WeightType.Int8 ? 256 : 70, 3, type, input: true, weights: false, bias: false,
                    residual: false);
            }
            yield return Case(1, 1, 1, WeightType.F32, input: true, weights: true, bias: true, residual: false);
            yield return Case(19, 130, 1050, WeightType.BF16, input: true, weights: false, bias: false, residual: true);
            yield return Case(1030, 17, 9, WeightType.F32, input: false, weights: true, bias: false, residual: false);
            yield return Case(50, 64, 128, WeightType.F32, input: false, weights: false, bias: true, residual: false);
        }
    }

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int rows = 3, inputs = 5, outputs = 4;
            yield return new(Linear.BackwardOperation, [rows * inputs, outputs * inputs, outputs], rows * outputs,
                (memory, x) => Linear.Reference(
                    new()
                    {
                        X = memory.Input(x[0]),
                        W = memory.Weights(x[1], WeightType.F32),
                        Bias = memory.Input(x[2]),
                        Rows = rows,
                        Inputs = inputs,
                        Outputs = outputs
                    }),
                (memory, x, gradY) =>
                {
                    var (gradX, gradW, gradBias) = Linear.BackwardReference(new()
                    {
                        GradY = memory.Input(gradY),
                        W = memory.Weights(x[1], WeightType.F32),
                        X = memory.Input(x[0]),
                        GradX = memory.Zeros(rows * inputs),
                        GradW = memory.Zeros(outputs * inputs),
                        GradBias = memory.Zeros(outputs),
                        Rows = rows,
                        Inputs = inputs,
                        Outputs = outputs,
                    });
                    return [gradX, gradW, gradBias];
                });
        }
    }

    static KernelCase<LinearBackwardArguments> Case(int rows, int inputs, int outputs, WeightType type, bool input, bool weights, bool bias,
        bool residual) =>
        new(Linear.BackwardOperation,
            memory => new LinearBackwardArguments
            {
                GradY = memory.Input(Numbers.Uniform(rows * outputs, 1)),
                W = memory.Weights(Numbers.Uniform(outputs * inputs, 2), type),
                X = memory.Input(Numbers.Uniform(rows * inputs, 3)),
                Residual = residual ? memory.Input(Numbers.Uniform(rows * inputs, 4)) : default,
                GradX = input ? memory.Output(rows * inputs) : default,
                GradW = weights ? memory.InOut(Numbers.Uniform(outputs * inputs, 5)) : default,
                GradBias = bias ? memory.InOut(Numbers.Uniform(outputs, 6)) : default,
                Rows = rows,
                Inputs = inputs,
                Outputs = outputs,
            },
            Expect)
        {
            Name = $"{rows}×{inputs}×{outputs} "
                + $"{type}{(input ? " input" : "")}{(weights ? " weights" : "")}{(bias ? " bias" : "")}{(residual ? " residual" : "")}",
            Twins = rows * outputs < 2 ? [] : new()
            {
                ["gradient of the output shifted by one"] = static a =>
                    a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
                ["residual left out"] = static a =>
                    a.Residual.IsEmpty ? a with { GradY = new View<float>(a.GradY.Address + 4, a.GradY.Length) }
                    : a with { Residual = default },
                ["last row dropped"] = static a =>
                    a.GradW.IsEmpty && a.GradBias.IsEmpty ? a with { Outputs = a.Outputs - 1 }
                    : a with { Rows = a.Rows - 1, GradX = default, Residual = default },
            },
        };

    // A sum of K products errs by at most (K + 1)·U times the sum of their magnitudes; int8's scale is one rounding more, the addition two.
    static Expected[] Expect(LinearBackwardArguments a)
    {
        var (gradX, gradW, gradBias) = Linear.BackwardReference(a);
        var expected = new List<Expected>();
        if (gradX.Length > 0)
            expected.Add(Expected.Of(gradX, i =>
            {
                int m = i / a.Inputs, k = i % a.Inputs;
                double sum = 0, residual = a.Residual.IsEmpty ? 0 : Math.Abs(a.Residual[i]);
                for (int n = 0; n < a.Outputs; n++)
                    sum += Math.Abs(a.GradY[m * a.Outputs + n] * ReferenceMath.Weight(a.W, n * a.Inputs + k));
                return Numbers.U * ((a.Outputs + 2) * sum + residual + Math.Abs(gradX[i]));
            }));
        if (gradW.Length > 0)
            expected.Add(Expected.Of(gradW, i =>
            {
                int n = i / a.Inputs, k = i % a.Inputs;
                double sum = 0;
                for (int m = 0; m < a.Rows; m++)
                    sum += Math.Abs((double)a.GradY[m * a.Outputs + n] * a.X[m * a.Inputs + k]);
                return Numbers.U * ((a.Rows + 1) * sum + Math.Abs(a.GradW[i]) + Math.Abs(gradW[i]));
            }));
        if (gradBias.Length > 0)
            expected.Add(Expected.Of(gradBias, n =>
            {
                double sum = 0;
                for (int m = 0; m < a.Rows; m++)
                    sum += Math.Abs(a.GradY[m * a.Outputs + n]);
                return Numbers.U * ((a.Rows + 1) * sum + Math.Abs(a.GradBias[n]) + Math.Abs(gradBias[n]));
            }));
        return [.. expected];
    }
}
