// The summary of retrieval: recall both ways, and how alike the findings of volumes are that look alike.

namespace HSENet.Evaluation;

/// <summary>Summarises embeddings.</summary>
internal static class RetrievalSummary
{
    // The reference prints 5, 10, 50 and 100, and for volumes 1, 5, 10 and 50.
    static readonly int[] Recalls = [1, 5, 10, 50, 100], Similar = [1, 5, 10, 50], Equal = [1, 5, 10];

    /// <summary>Recall by dot product both ways and, where findings are known, overlap of findings between a volume and those most like
    /// it: as the reference computes it (each figure is the mean of its own and all smaller k), corrected to be of its own k, and without
    /// the volume itself, which is always the first one found. Then recall where every study with the same findings is a hit, beside what a
    /// random order reaches and an order by how frequent findings are, whatever was asked.</summary>
    /// <param name="studies">The samples.</param>
    /// <param name="bootstrap">Draws the intervals: queries are drawn, what is searched stays.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Summary Of(IReadOnlyList<EmbeddedStudy> studies, Bootstrap bootstrap, CancellationToken cancellation = default)
    {
        float[][] images = [.. studies.Select(study => study.Image)], texts = [.. studies.Select(study => study.Text)];
        int[] toText = RetrievalMetrics.Places(images, texts), toImage = RetrievalMetrics.Places(texts, images);
        List<(string Name, Func<int, double> Of)> columns =
        [
            .. Recalls.Select(k => ($"image_to_text_{k}", (Func<int, double>)(i => toText[i] < k ? 100 : 0))),
            .. Recalls.Select(k => ($"text_to_image_{k}", (Func<int, double>)(i => toImage[i] < k ? 100 : 0))),
        ];
        List<string> notes = [];
        if (studies[0].Findings is null)
            notes.Add("no volume-to-volume figures: no labels say which findings a study has");
        else
        {
            bool[][] findings = [.. studies.Select(study => study.Findings!)];
            double[][] own = RetrievalMetrics.Overlaps(images, findings, Similar, findsItself: true),
                others = RetrievalMetrics.Overlaps(images, findings, Similar, findsItself: false);
            for (int at = 0; at < Similar.Length; at++)
            {
                int upTo = at;
                columns.Add(($"volume_to_volume_as_reference_{Similar[at]}", i => 100 * own.Take(upTo + 1).Average(mean => mean[i])));
            }
            columns.AddRange(Similar.Select((k, at) => ($"volume_to_volume_{k}", (Func<int, double>)(i => 100 * own[at][i]))));
            columns.AddRange(Similar.Select((k, at) =>
                ($"volume_to_volume_without_itself_{k}", (Func<int, double>)(i => 100 * others[at][i]))));
            columns.AddRange(OfEqual(images, texts, findings));
        }
        var figures = bootstrap.Of([.. studies.Select(study => study.Study)], [.. columns.Select(column => column.Name)],
            samples => [.. columns.Select(column => samples.Average(column.Of))], cancellation);
        if (studies.Count < Recalls[^1])
            notes.Add($"of {studies.Count} studies, recall at {studies.Count} and beyond is 100 whatever was embedded");
        return new Summary("retrieval", studies.Count, studies.Count, bootstrap, figures, [], notes);
    }

    static IEnumerable<(string, Func<int, double>)> OfEqual(float[][] images, float[][] texts, bool[][] findings)
    {
        string[] keys = [.. findings.Select(labels => string.Concat(labels.Select(label => label ? '1' : '0')))];
        string[] byFrequency = [.. keys.GroupBy(key => key).OrderByDescending(group => group.Count())
            .ThenBy(group => group.Key, StringComparer.Ordinal).Select(group => group.Key)];
        var counts = keys.CountBy(key => key).ToDictionary();
        int[] rank = [.. keys.Select(key => Array.IndexOf(byFrequency, key))];
        int[] toText = RetrievalMetrics.PlacesOfEqual(images, texts, rank), toImage = RetrievalMetrics.PlacesOfEqual(texts, images, rank);
        return Equal.SelectMany(k => ((string, Func<int, double>)[])
        [
            ($"image_to_equal_text_{k}", i => toText[i] < k ? 100 : 0),
            ($"text_to_equal_image_{k}", i => toImage[i] < k ? 100 : 0),
            ($"equal_by_chance_{k}", i => 100 * RetrievalMetrics.ByChance(keys.Length, counts[keys[i]], k)),
            ($"equal_by_frequency_{k}", i => rank[i] < k ? 100 : 0),
        ]);
    }
}
