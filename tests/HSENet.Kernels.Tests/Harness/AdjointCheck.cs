// The check of every backward operation: dot(y, Jx) = dot(Jᵀy, x), with J from finite differences of the forward reference.
namespace HSENet.Kernels.Tests;

/// <summary>Forward and backward reference of an operation as functions of its differentiable inputs.</summary>
/// <param name="Operation">The backward operation; its rungs are held against the same reference by the operation's cases.</param>
/// <param name="Sizes">Elements of each differentiable input.</param>
/// <param name="Outputs">Elements of the output.</param>
/// <param name="Forward">The output at the inputs.</param>
/// <param name="Backward">The gradient of each input at the inputs, given the gradient of the output.</param>
public sealed record AdjointCheck(Operation Operation, int[] Sizes, int Outputs,
    Func<CaseMemory, float[][], double[]> Forward, Func<CaseMemory, float[][], float[], double[][]> Backward)
{
    static readonly HostDevice Host = new(1);

    // Steps are powers of two, and so are inputs and directions multiples of them: no step is rounded.
    const int Step = 6, Grid = 12;

    /// <summary>Spread of the inputs.</summary>
    public float Spread { get; init; } = 1;

    /// <summary>
    /// How far the two dot products differ for a direction in input <paramref name="input"/>, as a share of the bound; must be at most 1.
    /// <paramref name="scale"/> stands for a wrong backward. Two steps h and h/2 cancel the error of order h²; what is left is
    /// of order h⁴, and of the size of the terms that are summed, with a factor for the derivatives of fifth order.
    /// </summary>
    public double Share(int input, double scale = 1)
    {
        float[][] x = [.. Sizes.Select((size, i) => OnGrid(size, 10 + i, Spread))];
        float[] direction = OnGrid(Sizes[input], 90, 1), gradY = Numbers.Uniform(Outputs, 91);
        using var memory = new CaseMemory(Host);
        double[] gradient = Backward(memory, x, gradY)[input];
        double along = 0, magnitude = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            along += scale * gradient[i] * direction[i];
            magnitude += Math.Abs(gradient[i] * direction[i]);
        }
        double h = Math.Pow(2, -Step);
        double difference = (4 * Difference(h / 2) - Difference(h)) / 3;
        return Math.Abs(difference - along) / (64 * Math.Pow(h, 4) * magnitude + 1e-11);

        double Difference(double step)
        {
            using var scratch = new CaseMemory(Host);
            double[] above = Forward(scratch, Moved(step)), below = Forward(scratch, Moved(-step));
            double sum = 0;
            for (int i = 0; i < gradY.Length; i++)
                sum += gradY[i] * (above[i] - below[i]);
            return sum / (2 * step);
        }

        float[][] Moved(double step) =>
            [.. x.Select((values, i) => i == input ? values.Select((value, j) => (float)(value + step * direction[j])).ToArray() : values)];
    }

    static float[] OnGrid(int size, int seed, float spread) =>
        [.. Numbers.Uniform(size, seed, spread).Select(value => MathF.Round(value * (1 << Grid - Step)) / (1 << Grid - Step))];

    public override string ToString() => $"{Operation.Name}, inputs of {string.Join(", ", Sizes)}";
}
