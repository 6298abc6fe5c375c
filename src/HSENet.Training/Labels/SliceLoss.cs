// The loss on labels of slices, and its gradient.
namespace HSENet.Training;

/// <summary>
/// The sum of weighted means of cross entropies over slices: of the kinds that have a place, of those that have none, and of all sides that
/// are learned.
/// </summary>
static class SliceLoss
{
    /// <summary>The loss; the gradient is overwritten.</summary>
    /// <param name="space">The outputs.</param>
    /// <param name="targets">What they should be.</param>
    /// <param name="weights">Of the parts.</param>
    /// <param name="outputs">[slices, outputs].</param>
    /// <param name="scale">Multiplies the gradient.</param>
    /// <param name="gradient">[slices, outputs].</param>
    public static double Compute(SliceSpace space, SliceTargets targets, LabelWeights weights, ReadOnlySpan<float> outputs, double scale,
        Span<float> gradient)
    {
        gradient.Clear();
        Span<int> parts = stackalloc int[space.Outputs];
        for (int output = 0; output < parts.Length; output++)
            parts[output] = output >= space.Kinds ? 2 : space.LocalKind(output) < 0 ? 1 : 0;
        Span<double> learned = stackalloc double[3];
        for (int i = 0; i < outputs.Length; i++)
            learned[parts[i % parts.Length]] += targets.Weights[i];
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            int part = parts[i % parts.Length];
            if (targets.Weights[i] == 0)
                continue;
            double weight = part switch { 0 when targets.Slices[i] > 0 => weights.Positive, 2 => weights.Sides, _ => 1 } / learned[part];
            var (loss, slope) = LabelLoss.CrossEntropy(outputs[i], targets.Slices[i]);
            sum += weight * loss;
            gradient[i] = (float)(scale * weight * slope);
        }
        return sum;
    }
}
