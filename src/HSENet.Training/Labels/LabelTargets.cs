// What the outputs should say of one volume as it is seen: its kinds, and the patches that hold its lesions.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A patch that holds enough of a lesion.</summary>
/// <param name="Patch">Its index.</param>
/// <param name="Kind">Index in <see cref="LabelSpace.LocalKinds"/>.</param>
/// <param name="Lobe">Index in <see cref="LabelSpace.Lobes"/>, or −1.</param>
/// <param name="Size">Index in <see cref="LabelSpace.LocalSizes"/>, or −1.</param>
/// <param name="Value">What that size should be.</param>
readonly record struct LabelledPatch(int Patch, int Kind, int Lobe, int Size, float Value);

/// <summary>Targets of one volume.</summary>
sealed class LabelTargets
{
    /// <summary>Sizes are learned as ln(millimetres / this).</summary>
    public const float SizeUnit = 20;

    // A patch holds a lesion when this share of the smaller of both lies in it.
    const double LeastShare = 0.25;

    LabelTargets(LabelSpace space, int patches)
    {
        Volume = new float[space.VolumeOutputs];
        VolumeWeights = new float[space.VolumeOutputs];
        Patches = new float[patches * space.LocalKinds.Length];
        PatchWeights = new float[Patches.Length];
    }

    /// <summary>[volume outputs] 1 or 0 of kinds, sides and lobes, value of sizes.</summary>
    public float[] Volume { get; }

    /// <summary>[volume outputs] 1 where the output is learned: kinds always, the rest where the kind is there.</summary>
    public float[] VolumeWeights { get; }

    /// <summary>[patches, local kinds] 1 or 0.</summary>
    public float[] Patches { get; }

    /// <summary>[patches, local kinds] 1 where it is learned: 0 where a lesion's edge is.</summary>
    public float[] PatchWeights { get; }

    /// <summary>The patches that hold lesions, in a fixed order.</summary>
    public List<LabelledPatch> Held { get; } = [];

    /// <summary>The targets of a volume.</summary>
    /// <param name="space">The outputs; what a study has beyond them is not asked.</param>
    /// <param name="labels">What is known of it.</param>
    /// <param name="vision">Sizes of volume and patches.</param>
    /// <param name="shift">By how many voxels the volume was moved towards larger indices.</param>
    /// <param name="ofFullest">Whether a patch is compared with the one that holds most of the lesion instead: for patches so thin that
    /// none holds much of it.</param>
    public static LabelTargets Of(LabelSpace space, StudyLabels labels, VisionConfig vision,
        (int Depth, int Height, int Width) shift = default, bool ofFullest = false)
    {
        var targets = new LabelTargets(space, vision.Patches);
        Array.Fill(targets.PatchWeights, 1);
        targets.VolumeWeights.AsSpan(0, space.Kinds.Length).Fill(1);
        foreach (var finding in labels.Findings)
        {
            targets.SayVolume(space, finding);
            int kind = Array.IndexOf(space.LocalKinds, finding.Kind);
            if (kind >= 0)
                foreach (var place in finding.Places)
                    targets.SayPlace(space, finding, kind, Shares(vision, place, shift), ofFullest);
        }
        if (labels.PlacesOnly)
            Array.Clear(targets.VolumeWeights);
        return targets;
    }

    /// <summary>The targets of a volume of which only the kinds of its patches are known.</summary>
    /// <param name="space">The outputs.</param>
    /// <param name="kinds">[patches] index in <see cref="LabelSpace.LocalKinds"/>, or −1.</param>
    public static LabelTargets OfPatches(LabelSpace space, int[] kinds)
    {
        var targets = new LabelTargets(space, kinds.Length);
        Array.Fill(targets.PatchWeights, 1);
        for (int i = 0; i < kinds.Length; i++)
            if (kinds[i] >= 0)
                targets.Patches[i * space.LocalKinds.Length + kinds[i]] = 1;
        return targets;
    }

    /// <summary>What of these belongs to the patches of some slices, in this order; nothing of the volume.</summary>
    /// <param name="space">The outputs.</param>
    /// <param name="slices">Which slices.</param>
    /// <param name="patches">Patches of a slice.</param>
    public LabelTargets OfSlices(LabelSpace space, ReadOnlySpan<int> slices, int patches)
    {
        var targets = new LabelTargets(space, slices.Length * patches);
        int one = patches * space.LocalKinds.Length;
        for (int i = 0; i < slices.Length; i++)
        {
            int slice = slices[i];
            Patches.AsSpan(slice * one, one).CopyTo(targets.Patches.AsSpan(i * one));
            PatchWeights.AsSpan(slice * one, one).CopyTo(targets.PatchWeights.AsSpan(i * one));
            foreach (var held in Held)
                if (held.Patch / patches == slice)
                    targets.Held.Add(held with { Patch = held.Patch + (i - slice) * patches });
        }
        return targets;
    }

    void SayVolume(LabelSpace space, LabelledFinding finding)
    {
        if (Array.IndexOf(space.Kinds, finding.Kind) is >= 0 and int present)
            Volume[present] = 1;
        for (int i = 0; i < space.Sides.Length; i++)
            if (space.Sides[i].Kind == finding.Kind && finding.Side is { } said)
                Learn(space.Kinds.Length + i, said == space.Sides[i].Side || said == LabelledFinding.BothSides ? 1
                    : Volume[space.Kinds.Length + i]);
        int lobes = space.Kinds.Length + space.Sides.Length;
        for (int i = 0; i < space.VolumeLobes.Length; i++)
        {
            var (kind, side, lobe) = space.VolumeLobes[i];
            if (kind == finding.Kind && finding.Lobe is not null)
                Learn(lobes + i, lobe == finding.Lobe && (side == finding.Side || finding.Side == LabelledFinding.BothSides) ? 1
                    : Volume[lobes + i]);
        }
        if (Array.IndexOf(space.Sizes, finding.Kind) is >= 0 and int size && finding.Millimetres is { } millimetres)
            Learn(lobes + space.VolumeLobes.Length + size, MathF.Log(millimetres / SizeUnit));

        void Learn(int output, float value) => (Volume[output], VolumeWeights[output]) = (value, 1);
    }

    void SayPlace(LabelSpace space, LabelledFinding finding, int kind, List<(int Patch, double Share)> shares, bool ofFullest)
    {
        double most = shares.Count == 0 ? 0 : shares.Max(share => share.Share), least = LeastShare * (ofFullest ? most : 1);
        int lobe = Array.IndexOf(space.Lobes, (finding.Side, finding.Lobe!)),
            size = finding.Millimetres is null ? -1 : Array.IndexOf(space.LocalSizes, finding.Kind);
        foreach (var (patch, share) in shares)
        {
            int at = patch * space.LocalKinds.Length + kind;
            if (share < least && share < most)
            {
                // Another lesion of the kind may hold it.
                PatchWeights[at] = Patches[at];
                continue;
            }
            Patches[at] = PatchWeights[at] = 1;
            Held.Add(new LabelledPatch(patch, kind, lobe, size, size < 0 ? 0 : MathF.Log(finding.Millimetres!.Value / SizeUnit)));
        }
    }

    // How much of the lesion, or of the patch if that is smaller, lies in each patch that has a voxel of it.
    static List<(int Patch, double Share)> Shares(VisionConfig vision, LabelledPlace place, (int Depth, int Height, int Width) shift)
    {
        var (image, patch, grid) = (vision.Image, vision.Patch, vision.Grid);
        var counts = new SortedDictionary<int, int>();
        int all = 0;
        foreach (var (z, dz) in Reach(place.Centre.Depth, place.Radius.Depth, image.Depth, shift.Depth))
            foreach (var (y, dy) in Reach(place.Centre.Height, place.Radius.Height, image.Height, shift.Height))
                foreach (var (x, dx) in Reach(place.Centre.Width, place.Radius.Width, image.Width, shift.Width))
                {
                    if (dz + dy + dx > 1)
                        continue;
                    int at = (z / patch.Depth * grid.Height + y / patch.Height) * grid.Width + x / patch.Width;
                    counts[at] = counts.GetValueOrDefault(at) + 1;
                    all++;
                }
        // One that falls between the voxels' centres still lies in a patch.
        if (all == 0 && Voxel(place.Centre.Depth, image.Depth, shift.Depth) is { } depth
            && Voxel(place.Centre.Height, image.Height, shift.Height) is { } height
            && Voxel(place.Centre.Width, image.Width, shift.Width) is { } width)
            (counts[(depth / patch.Depth * grid.Height + height / patch.Height) * grid.Width + width / patch.Width], all) = (1, 1);
        double whole = Math.Min(all, patch.Count);
        return [.. counts.Select(count => (count.Key, count.Value / whole))];
    }

    static int? Voxel(float centre, int size, int shift) =>
        (int)Math.Floor((double)centre * size + shift) is >= 0 and var voxel && voxel < size ? voxel : null;

    // The voxels of an axis that an ellipsoid reaches, and the square of their distance to its centre in radii.
    static List<(int Voxel, double Squared)> Reach(float centre, float radius, int size, int shift)
    {
        double middle = (double)centre * size + shift - 0.5, reach = (double)radius * size;
        var voxels = new List<(int, double)>();
        for (int i = Math.Max(0, (int)Math.Ceiling(middle - reach)); i <= Math.Min(size - 1, (int)Math.Floor(middle + reach)); i++)
            voxels.Add((i, (i - middle) / reach * ((i - middle) / reach)));
        return voxels;
    }
}
