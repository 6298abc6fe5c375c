// What the outputs should say of some slices of a volume.
namespace HSENet.Training;

/// <summary>Targets of the slices that a step looks at.</summary>
sealed class SliceTargets
{
    SliceTargets(SliceSpace space, int slices, LabelTargets whole, LabelTargets patches) =>
        (Slices, Weights, Volume, Patches) = (new float[slices * space.Outputs], new float[slices * space.Outputs], whole, patches);

    /// <summary>[slices, outputs] 1 or 0.</summary>
    public float[] Slices { get; }

    /// <summary>[slices, outputs] 1 where it is learned: kinds but at the edge of a lesion, sides where the kind is there.</summary>
    public float[] Weights { get; }

    /// <summary>Of the study.</summary>
    public LabelTargets Volume { get; }

    /// <summary>Of the patches of these slices.</summary>
    public LabelTargets Patches { get; }

    /// <summary>The targets of slices.</summary>
    /// <param name="space">The outputs.</param>
    /// <param name="whole">Targets of the whole volume, whose patches are one slice thick.</param>
    /// <param name="slices">Which slices.</param>
    /// <param name="patches">Patches of a slice.</param>
    public static SliceTargets Of(SliceSpace space, LabelTargets whole, ReadOnlySpan<int> slices, int patches)
    {
        var targets = new SliceTargets(space, slices.Length, whole, whole.OfSlices(space.Volume, slices, patches));
        for (int output = 0; output < space.Outputs; output++)
        {
            int kind = space.LocalKind(output);
            if (kind < 0)
                targets.SayStudy(space, output);
            else if (output < space.Kinds)
                targets.SayKind(space, output, kind, patches);
            else
                targets.SaySide(space, output, kind, patches);
        }
        return targets;
    }

    // The outputs of what has no place are a volume's, at the same indices.
    void SayStudy(SliceSpace space, int output)
    {
        for (int at = output; at < Slices.Length; at += space.Outputs)
            (Slices[at], Weights[at]) = (Volume.Volume[output], Volume.VolumeWeights[output]);
    }

    void SayKind(SliceSpace space, int output, int kind, int patches)
    {
        int kinds = space.Volume.LocalKinds.Length;
        for (int slice = 0, at = output; at < Slices.Length; slice++, at += space.Outputs)
        {
            bool isThere = false, isSure = true;
            for (int patch = slice * patches; patch < (slice + 1) * patches; patch++)
            {
                isThere |= Patches.Patches[patch * kinds + kind] > 0;
                isSure &= Patches.PatchWeights[patch * kinds + kind] > 0;
            }
            (Slices[at], Weights[at]) = (isThere ? 1 : 0, isThere || isSure ? 1 : 0);
        }
    }

    void SaySide(SliceSpace space, int output, int kind, int patches)
    {
        string side = space.Sides[output - space.Kinds].Side;
        foreach (var held in Patches.Held.Where(held => held.Kind == kind && held.Lobe >= 0))
        {
            int at = held.Patch / patches * space.Outputs + output;
            Slices[at] = space.Volume.Lobes[held.Lobe].Side == side ? 1 : Slices[at];
            Weights[at] = 1;
        }
    }
}
