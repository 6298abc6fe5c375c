// Gradients with dropout on, of which there is no golden data: held to finite differences of the layer's own forward along one direction in
// all weights.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

/// <summary>The change of dot(output, gradOutput) when every weight and input moves where its gradient points, by a random amount: nothing
/// cancels.</summary>
/// <param name="set">The weights.</param>
/// <param name="read">Reads a view.</param>
/// <param name="gradOutput">The gradient of the output.</param>
/// <param name="forward">The forward for the given inputs, always with the same dropout.</param>
/// <param name="inputs">Inputs that move too.</param>
sealed class DirectionalDerivative(ParameterSet set, Func<View<float>, float[]> read, float[] gradOutput, Func<float[][], float[]> forward,
    params float[][] inputs)
{
    /// <summary>Fails unless the gradients in the set, and those of the inputs, are those of the forward.</summary>
    /// <returns>How far another gradient may be from this one and still agree.</returns>
    public double Check(params float[][] inputGradients)
    {
        float[][] values = [.. set.All.Select(parameter => read(parameter.Values)), .. inputs];
        float[][] gradients = [.. set.All.Select(parameter => read(parameter.Gradient)), .. inputGradients];
        float[][] along = [.. gradients.Select((gradient, i) => Along(i < set.All.Count ? set.All[i].Name : $"input{i}", gradient))];
        double expected = gradients.Zip(along, Dot).Sum();

        // Forwards err by 1e-6 of their norm (golden README); what the halved step changes bounds what it leaves out.
        const float step = 1f / 16384;
        float[] output = forward(inputs);
        double whole = Difference(step), half = Difference(step / 2);
        double allowed = 2e-6 * Math.Sqrt(Dot(output, output) * Dot(gradOutput, gradOutput)) / step + Math.Abs(whole - half);
        Assert.True(Math.Abs(half - expected) <= allowed, $"got {expected}, expected {half} ± {allowed}");
        Assert.True(allowed < 0.01 * Math.Abs(expected), $"{allowed} proves nothing about {expected}");
        return allowed;

        double Difference(float h) => (Dot(Moved(h), gradOutput) - Dot(Moved(-h), gradOutput)) / (2 * h);

        float[] Moved(float h)
        {
            for (int i = 0; i < set.All.Count; i++)
                set.SetValues(set.All[i], Plus(values[i], along[i], h));
            float[] moved = forward([.. Enumerable.Range(set.All.Count, inputs.Length).Select(i => Plus(values[i], along[i], h))]);
            for (int i = 0; i < set.All.Count; i++)
                set.SetValues(set.All[i], values[i]);
            return moved;
        }
    }

    /// <summary>A direction with the signs of a gradient.</summary>
    public static float[] Along(string name, float[] gradient) =>
        [.. FullModel.Input($"{name}.along", gradient.Length).Zip(gradient, (random, value) => MathF.CopySign(random, value))];

    public static double Dot(float[] x, float[] y) => x.Zip(y, (a, b) => (double)a * b).Sum();

    static float[] Plus(float[] x, float[] direction, float step) => [.. x.Zip(direction, (a, b) => a + step * b)];
}
