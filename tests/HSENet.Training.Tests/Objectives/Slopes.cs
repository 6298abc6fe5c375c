// Gradients of an objective held to the slopes of its loss, tensor by tensor.

namespace HSENet.Training.Tests;

static class Slopes
{
    /// <summary>Moves each tensor along its own gradient, whose length the slope then is; the gradients are there already.</summary>
    /// <param name="objective">What is trained.</param>
    /// <param name="batch">What the gradients are of.</param>
    /// <param name="step">Likewise.</param>
    /// <param name="reach">How far to either side.</param>
    /// <param name="allowed">What rounding of the loss leaves of a slope, beside two hundredths of it.</param>
    /// <param name="least">Shorter gradients prove nothing.</param>
    /// <param name="all">Whether no tensor may have one.</param>
    public static void Check(ITrainingObjective objective, IReadOnlyList<TrainingExample> batch, StepContext step, double reach,
        double allowed, double least, bool all = true)
    {
        foreach (var parameter in objective.Parameters.All)
        {
            float[] values = parameter.Values.AsSpan().ToArray(), gradient = parameter.Gradient.AsSpan().ToArray();
            double length = Math.Sqrt(gradient.Sum(value => (double)value * value));
            if (length < least)
            {
                Assert.False(all, parameter.Name);
                continue;
            }
            double slope = (Along(reach) - Along(-reach)) / (2 * reach);
            objective.Parameters.SetValues(parameter, values);
            Assert.True(Math.Abs(slope - length) < 0.02 * length + allowed, $"{parameter.Name}: slope {slope}, gradient {length}");

            double Along(double distance)
            {
                objective.Parameters.SetValues(parameter,
                    [.. values.Select((value, i) => (float)(value + distance * gradient[i] / length))]);
                return objective.Loss(batch, step).Loss;
            }
        }
    }
}
