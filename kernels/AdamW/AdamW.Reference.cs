// AdamW in double precision: the formula's own loop.
namespace HSENet.Kernels;

public static partial class AdamW
{
    /// <summary>Weights and moments after the step as [n] doubles. The arguments must lie in host memory and are not touched.</summary>
    internal static (double[] Values, double[] FirstMoment, double[] SecondMoment) Reference(in AdamWArguments a)
    {
        double[] values = new double[a.Count], first = new double[a.Count], second = new double[a.Count];
        for (int i = 0; i < a.Count; i++)
        {
            double gradient = a.Gradient[i] * a.GradientScale;
            first[i] = a.Beta1 * a.FirstMoment[i] + (1 - a.Beta1) * gradient;
            second[i] = a.Beta2 * a.SecondMoment[i] + (1 - a.Beta2) * gradient * gradient;
            double step = first[i] / a.Correction1 / (Math.Sqrt(second[i] / a.Correction2) + a.Epsilon);
            values[i] = a.Values[i] - a.LearningRate * a.WeightDecay * a.Values[i] - a.LearningRate * step;
        }
        return (values, first, second);
    }
}
