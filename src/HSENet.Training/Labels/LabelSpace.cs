// What can be asked of a volume, and of a patch: the outputs of the head, made from what the training rows have.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// The outputs that labels are learned on. A kind is local when a training row gives it a place: what belongs to a place, its lobe and its
/// size, is asked of the patches that hold it; sides, lobes and the size of other kinds are asked of the whole volume.
/// </summary>
/// <param name="Kinds">All kinds, in the order of their letters: first outputs of the volume.</param>
/// <param name="Sides">Kinds that are not local with a side: the next outputs.</param>
/// <param name="VolumeLobes">Kinds that are not local with a side and a lobe of it: the next outputs.</param>
/// <param name="Sizes">Kinds that are not local with a size: the last outputs of the volume.</param>
/// <param name="LocalKinds">First outputs of a patch.</param>
/// <param name="Lobes">Side and lobe of local findings: the next outputs, of which one holds.</param>
/// <param name="LocalSizes">Local kinds with a size: the last outputs of a patch.</param>
/// <param name="KindLogOdds">Where the outputs of <see cref="Kinds"/> start: the logarithm of how often a kind is there to how often it is
/// not.</param>
sealed record LabelSpace(
    string[] Kinds, (string Kind, string Side)[] Sides, (string Kind, string? Side, string Lobe)[] VolumeLobes, string[] Sizes,
    string[] LocalKinds, (string? Side, string Lobe)[] Lobes, string[] LocalSizes, float[] KindLogOdds)
{
    /// <summary>Outputs of a volume.</summary>
    public int VolumeOutputs => Kinds.Length + Sides.Length + VolumeLobes.Length + Sizes.Length;

    /// <summary>Outputs of a patch; 0 when no kind is local.</summary>
    public int PatchOutputs => LocalKinds.Length + Lobes.Length + LocalSizes.Length;

    /// <summary>Finds the outputs of rows.</summary>
    /// <param name="rows">Every training row.</param>
    /// <param name="manifest">In messages.</param>
    /// <param name="places">The kinds whose places are learned; empty: all that have one.</param>
    /// <exception cref="HseNetFileException">No row has a finding, or none of a named kind has a place.</exception>
    public static LabelSpace Of(IReadOnlyList<StudyLabels> rows, string manifest, params IReadOnlyList<string> places)
    {
        LabelledFinding[] all = [.. rows.SelectMany(study => study.Findings)];
        if (all.Length == 0)
            throw new HseNetFileException(manifest, "has no finding in the labels of its rows", "some, or no loss on labels");
        string[] placed = Kinds(all.Where(finding => finding.Places.Count > 0)),
            local = places.Count == 0 ? placed : [.. placed.Where(places.Contains)];
        if (places.FirstOrDefault(kind => !placed.Contains(kind)) is { } missing)
            throw new HseNetFileException(manifest, $"has no place of the kind {HseNetFileException.Quote(missing)}",
                $"some of {string.Join(", ", placed)} in label_places");
        StudyLabels[] counted = [.. rows.Where(study => !study.PlacesOnly)];
        LabelledFinding[] localFindings = [.. all.Where(finding => local.Contains(finding.Kind))],
            others = [.. all.Where(finding => !local.Contains(finding.Kind))];
        string[] kinds = Kinds(all);
        return new LabelSpace(kinds,
            [.. others.Where(finding => finding.Side is not (null or LabelledFinding.BothSides))
                .Select(finding => (finding.Kind, finding.Side!)).Distinct().OrderBy(pair => pair.Kind, StringComparer.Ordinal)
                .ThenBy(pair => pair.Item2, StringComparer.Ordinal)],
            [.. others.Where(finding => finding.Lobe is not null && finding.Side != LabelledFinding.BothSides)
                .Select(finding => (finding.Kind, finding.Side, finding.Lobe!)).Distinct().OrderBy(lobe => lobe.Kind, StringComparer.Ordinal)
                .ThenBy(lobe => lobe.Side, StringComparer.Ordinal).ThenBy(lobe => lobe.Item3, StringComparer.Ordinal)],
            Kinds(others.Where(finding => finding.Millimetres is not null)), local,
            [.. localFindings.Where(finding => finding.Lobe is not null).Select(finding => (finding.Side, finding.Lobe!)).Distinct()
                .OrderBy(pair => pair.Side, StringComparer.Ordinal).ThenBy(pair => pair.Item2, StringComparer.Ordinal)],
            Kinds(localFindings.Where(finding => finding.Millimetres is not null)),
            [.. kinds.Select(kind =>
                LogOdds(counted.Count(study => study.Findings.Any(finding => finding.Kind == kind)), counted.Length))]);

        static string[] Kinds(IEnumerable<LabelledFinding> findings) =>
            [.. findings.Select(finding => finding.Kind).Distinct().Order(StringComparer.Ordinal)];
    }

    // Half a row on each side keeps what is always or never there finite.
    static float LogOdds(int present, int rows) => (float)Math.Log((present + 0.5) / (rows - present + 0.5));
}
