// The loss on labels of one volume, and its gradient: a few hundred numbers, computed where the labels are.
namespace HSENet.Training;

/// <summary>How much each part counts.</summary>
/// <param name="Sides">Cross entropy of the sides of kinds that are there, beside that of all kinds, which counts 1.</param>
/// <param name="Sizes">Squared error of the volume's sizes.</param>
/// <param name="Patches">Cross entropy of the local kinds in patches.</param>
/// <param name="Positive">How much more a patch counts that holds a lesion, within that.</param>
/// <param name="Lobes">Cross entropy of the lobe in patches that hold a lesion, and of the lobes of other kinds in the volume.</param>
/// <param name="PatchSizes">Squared error of the size in these.</param>
readonly record struct LabelWeights(double Sides, double Sizes, double Patches, double Positive, double Lobes, double PatchSizes)
{
    public static LabelWeights Of(TrainingConfig config) =>
        new(config.LabelSideWeight, config.LabelSizeWeight, config.LabelPatchWeight, config.LabelPositiveWeight, config.LabelLobeWeight,
            config.LabelPatchSizeWeight);
}

/// <summary>
/// The sum of weighted means: of the cross entropies of all kinds; of all sides and lobes, and squared errors of all sizes, that are learned
/// in this volume; of the cross entropies of patches and local kinds; of the lobes' cross entropies and the sizes' squared errors in patches that
/// hold a lesion.
/// </summary>
static class LabelLoss
{
    /// <summary>The loss; gradients are overwritten.</summary>
    /// <param name="space">The outputs.</param>
    /// <param name="targets">What they should be.</param>
    /// <param name="weights">Of the parts.</param>
    /// <param name="volume">[volume outputs].</param>
    /// <param name="patches">[patches, patch outputs].</param>
    /// <param name="scale">Multiplies the gradients.</param>
    /// <param name="gradVolume">[volume outputs].</param>
    /// <param name="gradPatches">[patches, patch outputs].</param>
    public static double Compute(LabelSpace space, LabelTargets targets, LabelWeights weights, ReadOnlySpan<float> volume,
        ReadOnlySpan<float> patches, double scale, Span<float> gradVolume, Span<float> gradPatches)
    {
        return OfVolume(space, targets, weights, volume, scale, gradVolume)
            + OfPatches(space, targets, weights, patches, scale, gradPatches);
    }

    /// <summary>The part of the volume alone; the gradient is overwritten.</summary>
    public static double OfVolume(LabelSpace space, LabelTargets targets, LabelWeights weights, ReadOnlySpan<float> volume, double scale,
        Span<float> gradVolume)
    {
        gradVolume.Clear();
        int sides = space.Kinds.Length, lobes = sides + space.Sides.Length, sizes = lobes + space.VolumeLobes.Length;
        return Volume(targets, volume, 0..sides, 1, entropy: true, scale, gradVolume)
            + Volume(targets, volume, sides..lobes, weights.Sides, entropy: true, scale, gradVolume)
            + Volume(targets, volume, lobes..sizes, weights.Lobes, entropy: true, scale, gradVolume)
            + Volume(targets, volume, sizes..volume.Length, weights.Sizes, entropy: false, scale, gradVolume);
    }

    /// <summary>The part of patches alone; the gradient is overwritten.</summary>
    public static double OfPatches(LabelSpace space, LabelTargets targets, LabelWeights weights, ReadOnlySpan<float> patches, double scale,
        Span<float> gradPatches)
    {
        gradPatches.Clear();
        return Patches(space, targets, weights, patches, scale, gradPatches) + Held(space, targets, weights, patches, scale, gradPatches);
    }

    static double Volume(LabelTargets targets, ReadOnlySpan<float> outputs, Range range, double weight, bool entropy, double scale,
        Span<float> gradient)
    {
        var (first, count) = range.GetOffsetAndLength(outputs.Length);
        double learned = 0, sum = 0;
        for (int i = first; i < first + count; i++)
            learned += targets.VolumeWeights[i];
        if (learned == 0)
            return 0;
        double share = weight / learned;
        for (int i = first; i < first + count; i++)
        {
            if (targets.VolumeWeights[i] == 0)
                continue;
            var (loss, slope) = entropy ? CrossEntropy(outputs[i], targets.Volume[i]) : SquaredError(outputs[i], targets.Volume[i]);
            sum += loss;
            gradient[i] = (float)(scale * share * slope);
        }
        return share * sum;
    }

    static double Patches(LabelSpace space, LabelTargets targets, LabelWeights weights, ReadOnlySpan<float> outputs, double scale,
        Span<float> gradient)
    {
        int kinds = space.LocalKinds.Length, width = space.PatchOutputs;
        if (kinds == 0)
            return 0;
        double share = weights.Patches / targets.Patches.Length, sum = 0;
        for (int i = 0; i < targets.Patches.Length; i++)
        {
            if (targets.PatchWeights[i] == 0)
                continue;
            int at = i / kinds * width + i % kinds;
            double weight = targets.Patches[i] > 0 ? weights.Positive : 1;
            var (loss, slope) = CrossEntropy(outputs[at], targets.Patches[i]);
            sum += weight * loss;
            gradient[at] = (float)(scale * share * weight * slope);
        }
        return share * sum;
    }

    // Two lesions may share a patch: their gradients add up.
    static double Held(LabelSpace space, LabelTargets targets, LabelWeights weights, ReadOnlySpan<float> outputs, double scale,
        Span<float> gradient)
    {
        int lobes = targets.Held.Count(patch => patch.Lobe >= 0), sizes = targets.Held.Count(patch => patch.Size >= 0);
        double sum = 0;
        foreach (var patch in targets.Held)
        {
            int lobe = patch.Patch * space.PatchOutputs + space.LocalKinds.Length, size = lobe + space.Lobes.Length;
            if (patch.Lobe >= 0)
                sum += weights.Lobes / lobes * Choice(outputs.Slice(lobe, space.Lobes.Length), patch.Lobe, scale * weights.Lobes / lobes,
                    gradient.Slice(lobe, space.Lobes.Length));
            if (patch.Size < 0)
                continue;
            var (loss, slope) = SquaredError(outputs[size + patch.Size], patch.Value);
            sum += weights.PatchSizes / sizes * loss;
            gradient[size + patch.Size] += (float)(scale * weights.PatchSizes / sizes * slope);
        }
        return sum;
    }

    // ln(1 + e^x) − target · x, and its slope: of the probability, for either sign.
    internal static (double Loss, double Slope) CrossEntropy(double x, double target) =>
        (Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))) - target * x, 1 / (1 + Math.Exp(-x)) - target);

    static (double Loss, double Slope) SquaredError(double x, double target) => ((x - target) * (x - target), 2 * (x - target));

    static double Choice(ReadOnlySpan<float> outputs, int chosen, double scale, Span<float> gradient)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float output in outputs)
            largest = Math.Max(largest, output);
        foreach (float output in outputs)
            sum += Math.Exp(output - largest);
        for (int i = 0; i < outputs.Length; i++)
            gradient[i] += (float)(scale * (Math.Exp(outputs[i] - largest) / sum - (i == chosen ? 1 : 0)));
        return largest + Math.Log(sum) - outputs[chosen];
    }
}
