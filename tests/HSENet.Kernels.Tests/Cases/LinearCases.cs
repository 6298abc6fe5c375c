// Cases of Linear: every epilogue, every weight type, sizes beside the tile edges.
namespace HSENet.Kernels.Tests;

static class LinearCases
{
    // Types of input and output.
    static readonly (ActivationType X, ActivationType Y)[] Every =
        [.. Numbers.ActivationTypes.SelectMany(x => Numbers.ActivationTypes.Select(y => (x, y)))];

    public static IEnumerable<KernelCase> All
    {
        get
        {
            foreach (var type in Enum.GetValues<WeightType>())
            {
                int inputs = type == WeightType.Int8 ? 128 : 37;
                // Rows of whole vectors, with every epilogue; beside the edges of every tile.
                int vectors = type == WeightType.Int8 ? 128 : type == WeightType.BF16 ? 40 : 20;
                foreach (var (x, y) in Every)
                {
                    yield return Case(1, inputs, 5, type, LinearActivation.None, bias: true, residual: false, x, y);
                    yield return Case(7, inputs, 65, type, LinearActivation.Gelu, bias: true, residual: true, x, y);
                    yield return Case(3, inputs, 130, type, LinearActivation.SwiGlu, bias: false, residual: true, x, y);
                    yield return Case(1, vectors, 5, type, LinearActivation.SwiGlu, bias: false, residual: true, x, y);
                    yield return Case(6, 2 * vectors, 7, type, LinearActivation.SwiGlu, bias: false, residual: false, x, y);
                    yield return Case(5, vectors, 5, type, LinearActivation.Gelu, bias: true, residual: true, x, y);
                    yield return Case(1, vectors, 3, type, LinearActivation.None, bias: true, residual: false, x, y);
                    // A row so long that a lane has several loads under way, and a rest.
                    yield return Case(1, type == WeightType.Int8 ? 4224 : 2176, 6, type, LinearActivation.None, bias: true, residual: false, x,
                        y);
                    yield return Case(21, 256, 64, type, LinearActivation.None, bias: false, residual: false, x, y);
                    yield return Case(131, 256, 70, type, LinearActivation.Gelu, bias: true, residual: true, x, y);
                    yield return Case(115, 128, 37, type, LinearActivation.SwiGlu, bias: false, residual: true, x, y);
                }
                // Longer than what stays in the first level cache of a host.
                yield return Case(1, type == WeightType.Int8 ? 4224 : 4131, 6, type, LinearActivation.None, bias: true, residual: true);
            }
            // Rows and outputs beside the tile, its half and the panel; several blocks of rows; several panels of inputs.
            yield return Case(17, 20, 131, WeightType.F32, LinearActivation.SwiGlu, bias: false, residual: false);
            yield return Case(22, 1300, 33, WeightType.F32, LinearActivation.Gelu, bias: true, residual: true);
            yield return Case(275, 18, 3, WeightType.BF16, LinearActivation.None, bias: false, residual: true);
            yield return Case(1, 2060, 130, WeightType.F32, LinearActivation.Gelu, bias: true, residual: false);
            yield return Case(1, 59, 9, WeightType.BF16, LinearActivation.SwiGlu, bias: false, residual: false);
            yield return Case(4, 259, 9, WeightType.BF16, LinearActivation.None, bias: true, residual: false);
            yield return Case(8, 384, 6, WeightType.Int8, LinearActivation.SwiGlu, bias: false, residual: false);
            yield return Case(1, 1, 1, WeightType.F32, LinearActivation.None, bias: false, residual: true);
            yield return Case(35, 20, 33, WeightType.F32, LinearActivation.SwiGlu, bias: false, residual: false);
            yield return Case(35, 128, 33, WeightType.Int8, LinearActivation.SwiGlu, bias: false, residual: false);
            foreach (var (x, y) in Every.Where(types => types.X == ActivationType.BF16))
            {
                // One, two and several tiles of tensor cores.
                yield return Case(20, 32, 70, WeightType.BF16, LinearActivation.None, bias: false, residual: false, x, y, tiles: true);
                yield return Case(130, 64, 45, WeightType.BF16, LinearActivation.SwiGlu, bias: false, residual: false, x, y, tiles: true);
                yield return Case(67, 160, 70, WeightType.BF16, LinearActivation.None, bias: false, residual: true, x, y, tiles: true);
                yield return Case(67, 1040, 70, WeightType.BF16, LinearActivation.None, bias: true, residual: false, x, y, tiles: true);
                // Pipelines: fewer inputs than are under way at once, more, and a stage that comes round again; every epilogue.
                yield return Case(100, 64, 44, WeightType.BF16, LinearActivation.Gelu, bias: true, residual: true, x, y, tiles: true);
                yield return Case(195, 224, 260, WeightType.BF16, LinearActivation.None, bias: true, residual: false, x, y, tiles: true);
                yield return Case(130, 160, 36, WeightType.BF16, LinearActivation.SwiGlu, bias: false, residual: true, x, y, tiles: true);
                // Inputs in parts of unequal length, three or two or one; every epilogue.
                yield return Case(67, 800, 260, WeightType.BF16, LinearActivation.Gelu, bias: true, residual: true, x, y, tiles: true);
                yield return Case(150, 288, 36, WeightType.BF16, LinearActivation.SwiGlu, bias: false, residual: true, x, y, tiles: true);
                yield return Case(20, 96, 36, WeightType.BF16, LinearActivation.SwiGlu, bias: false, residual: false, x, y, tiles: true);
            }
        }
    }

    static KernelCase<LinearArguments> Case(int rows, int inputs, int outputs, WeightType type, LinearActivation activation, bool bias,
        bool residual, ActivationType x = ActivationType.F32, ActivationType y = ActivationType.F32, bool tiles = false) =>
        new(Linear.ForwardOperation,
            memory => new LinearArguments
            {
                X = memory.Activations(Numbers.Uniform(rows * inputs, 1), x),
                W = memory.Weights(Numbers.Uniform(outputs * inputs * (activation == LinearActivation.SwiGlu ? 2 : 1), 2), type),
                Bias = bias ? memory.Input(Numbers.Uniform(outputs, 3)) : default,
                Residual = residual ? memory.Input(Numbers.Uniform(rows * outputs, 4)) : default,
                Y = memory.Output(rows * outputs, y),
                Rows = rows,
                Inputs = inputs,
                Outputs = outputs,
                Activation = activation,
            },
            Expect)
        {
            Name = $"{rows}×{inputs}×{outputs} {type} {activation}{(bias ? " bias" : "")}{(residual ? " residual" : "")}, {x} to {y}",
            ForTensorCores = tiles,
            Twins = inputs < 16 ? [] : new()
            {
                ["weights shifted by one element"] = static a => a with { W = Shifted(a.W) },
                ["input shifted by one element"] = static a => a with { X = Numbers.Shifted(a.X) },
                ["residual or bias left out"] = static a =>
                    a with
                    {
                        Residual = default,
                        Bias = default,
                        Activation = a.Residual.IsEmpty && a.Bias.IsEmpty ? LinearActivation.Gelu : a.Activation
                    },
            },
        };

    static Weights Shifted(Weights weights) =>
        new(new View<byte>(weights.Values.Address - Weights.BytesPerElement(weights.Type), weights.Values.Length), weights.Type,
            weights.Scales);

    // A sum of K products errs by K + 1 roundings of its steps, times the sum of their magnitudes; GELU and SiLU have slopes
    // below 1.13 and add a few roundings.
    static Expected[] Expect(LinearArguments a, Roundoff roundoff)
    {
        double[] y = Linear.Reference(a);
        double relative = (a.Inputs + 6) * roundoff.Sum;
        double[] gate = Magnitudes(a, 0), up = a.Activation == LinearActivation.SwiGlu ? Magnitudes(a, a.Outputs) : [];
        return [Expected.Of(y, i =>
        {
            double sum = gate[i] + (a.Bias.IsEmpty ? 0 : Math.Abs(a.Bias[i % a.Outputs]));
            double residual = a.Residual.IsEmpty ? 0 : Math.Abs(a.Residual[i]);
            double pair = a.Activation == LinearActivation.SwiGlu ? 1 + 2 * up[i] : 1;
            return Numbers.Stored(a.Y.Type, y[i], relative * 1.13 * sum * pair + Numbers.U * 2 * (Math.Abs(y[i]) + residual));
        })];
    }

    static double[] Magnitudes(LinearArguments a, int firstRow) =>
        [.. Enumerable.Range(0, a.Rows * a.Outputs).Select(i => Magnitude(a, i / a.Outputs, firstRow + i % a.Outputs))];

    static double Magnitude(LinearArguments a, int m, int n)
    {
        double sum = 0;
        for (int k = 0; k < a.Inputs; k++)
            sum += Math.Abs(ReferenceMath.Activation(a.X, m * a.Inputs + k) * ReferenceMath.Weight(a.W, n * a.Inputs + k));
        return sum;
    }
}
