// What can be asked of one slice: which kinds it shows, and on which side.
namespace HSENet.Training;

/// <summary>
/// The outputs that labels of slices are learned on. What has a place is asked of the slices that it reaches. For everything else each
/// slice is asked whether its study has it: one that cannot show it learns how often it is there. The patches of a slice are asked what
/// those of a volume are.
/// </summary>
/// <param name="Volume">The outputs of a volume, whose kinds are the first of a slice, in the same order.</param>
/// <param name="Sides">The next outputs: those of <see cref="LabelSpace.Sides"/> first, then the local kinds with each side.</param>
sealed record SliceSpace(LabelSpace Volume, (string Kind, string Side)[] Sides)
{
    /// <summary>Outputs that say of a kind whether it is there.</summary>
    public int Kinds => Volume.Kinds.Length;

    /// <summary>Outputs of a slice.</summary>
    public int Outputs => Kinds + Sides.Length;

    /// <summary>The outputs that belong to the labels of a training.</summary>
    public static SliceSpace Of(LabelSpace volume)
    {
        string[] sides = [.. volume.Lobes.Select(lobe => lobe.Side).OfType<string>().Distinct()];
        return new SliceSpace(volume, [.. volume.Sides, .. volume.LocalKinds.SelectMany(kind => sides.Select(side => (kind, side)))]);
    }

    /// <summary>The index in <see cref="LabelSpace.LocalKinds"/> of an output's kind; −1 when the kind has no place.</summary>
    public int LocalKind(int output) =>
        Array.IndexOf(Volume.LocalKinds, output < Kinds ? Volume.Kinds[output] : Sides[output - Kinds].Kind);
}
