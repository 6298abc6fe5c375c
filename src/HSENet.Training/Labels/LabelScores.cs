// How well the outputs tell studies with a kind from those without, over a validation.
namespace HSENet.Training;

/// <summary>What a validation says of a kind.</summary>
/// <param name="Present">Studies that have it.</param>
/// <param name="VolumeArea">Area under the ROC curve of the volume's output: 0.5 is chance.</param>
/// <param name="VolumeF1">Best F1 of that output over all thresholds: it was chosen here, so another list gives less.</param>
/// <param name="PatchArea">The same of the largest output of a patch; none for a kind without places.</param>
/// <param name="PatchF1">Likewise.</param>
sealed record LabelScore(int Present, double? VolumeArea, double? VolumeF1, double? PatchArea, double? PatchF1);

/// <summary>Collects the outputs of a validation.</summary>
sealed class LabelScores(LabelSpace space)
{
    readonly List<(float Score, bool Present)>[] _volumes = Lists(space.Kinds.Length), _patches = Lists(space.LocalKinds.Length);

    /// <summary>Takes one study's outputs.</summary>
    /// <param name="targets">What they should be.</param>
    /// <param name="volume">[volume outputs].</param>
    /// <param name="patches">[patches, patch outputs].</param>
    public void Add(LabelTargets targets, ReadOnlySpan<float> volume, ReadOnlySpan<float> patches)
    {
        if (targets.VolumeWeights[0] == 0)
            return; // chosen for what it has: its shares are no population's
        for (int kind = 0; kind < _volumes.Length; kind++)
            _volumes[kind].Add((volume[kind], targets.Volume[kind] > 0));
        for (int kind = 0; kind < _patches.Length; kind++)
        {
            float largest = float.NegativeInfinity;
            for (int at = kind; at < patches.Length; at += space.PatchOutputs)
                largest = Math.Max(largest, patches[at]);
            _patches[kind].Add((largest, targets.Volume[Array.IndexOf(space.Kinds, space.LocalKinds[kind])] > 0));
        }
    }

    /// <summary>The scores so far by kind, which start anew.</summary>
    public IReadOnlyDictionary<string, LabelScore> Take()
    {
        var scores = new SortedDictionary<string, LabelScore>(StringComparer.Ordinal);
        for (int kind = 0; kind < space.Kinds.Length; kind++)
        {
            int local = Array.IndexOf(space.LocalKinds, space.Kinds[kind]);
            var (area, f1) = Score(_volumes[kind]);
            var (patchArea, patchF1) = local < 0 ? (null, null) : Score(_patches[local]);
            scores.Add(space.Kinds[kind], new LabelScore(_volumes[kind].Count(study => study.Present), area, f1, patchArea, patchF1));
        }
        foreach (var list in _volumes.Concat(_patches))
            list.Clear();
        return scores;
    }

    // Studies of the same score are found together: half of their pairs count for the area.
    internal static (double? Area, double? F1) Score(List<(float Score, bool Present)> studies)
    {
        int present = studies.Count(study => study.Present), absent = studies.Count - present;
        if (present == 0 || absent == 0)
            return (null, null);
        double pairs = 0, best = 0;
        int found = 0, wrong = 0;
        foreach (var group in studies.GroupBy(study => study.Score).OrderByDescending(group => group.Key))
        {
            int hits = group.Count(study => study.Present), others = group.Count() - hits;
            pairs += others * (found + hits / 2.0);
            (found, wrong) = (found + hits, wrong + others);
            best = Math.Max(best, 2.0 * found / (found + wrong + present));
        }
        return (pairs / ((double)present * absent), best);
    }

    static List<(float, bool)>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<(float, bool)>())];
}
