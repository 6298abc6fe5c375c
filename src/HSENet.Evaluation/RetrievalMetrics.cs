// Retrieval: how often the right item is among the first k, and how alike the findings of the volumes found are.

namespace HSENet.Evaluation;

/// <summary>Scores of retrieval by embeddings, in percent. Of equal similarities the item with the lower index comes first.</summary>
public static class RetrievalMetrics
{
    /// <summary>
    /// Share of queries whose own item (the one with the same index) is among the <paramref name="k"/> with the largest dot product.
    /// </summary>
    /// <param name="queries">Embeddings of the queries, N × C.</param>
    /// <param name="items">Embeddings of what is searched, N × C.</param>
    /// <param name="k">How many items are looked at, from 1.</param>
    public static double RecallAt(IReadOnlyList<float[]> queries, IReadOnlyList<float[]> items, int k)
    {
        Check(queries, items, k);
        if (queries.Count != items.Count)
            throw new ArgumentException($"Expected as many items as queries ({queries.Count}), got {items.Count}.", nameof(items));
        int found = 0;
        for (int i = 0; i < queries.Count; i++)
        {
            double own = Dot(queries[i], items[i]);
            int before = 0;
            for (int j = 0; j < items.Count; j++)
            {
                double other = Dot(queries[i], items[j]);
                if (other > own || (other == own && j < i))
                    before++;
            }
            if (before < k)
                found++;
        }
        return 100.0 * found / queries.Count;
    }

    /// <summary>
    /// Mean overlap (findings that both have / findings that one has) between each volume and the <paramref name="k"/> volumes most like it
    /// by cosine. Volumes without a finding are asked for but never found; a volume finds itself, as in the reference script.
    /// </summary>
    /// <param name="volumes">Embeddings of the volumes, N × C.</param>
    /// <param name="findings">For each volume which findings it has, N × F.</param>
    /// <param name="k">How many volumes are looked at, from 1; all if there are fewer.</param>
    public static double FindingOverlapAt(IReadOnlyList<float[]> volumes, IReadOnlyList<bool[]> findings, int k)
    {
        Check(volumes, volumes, k);
        ArgumentNullException.ThrowIfNull(findings);
        if (findings.Count != volumes.Count || findings.Any(f => f.Length != findings[0].Length))
            throw new ArgumentException($"Expected the same number of findings for each of {volumes.Count} volumes.", nameof(findings));
        double[] norms = [.. volumes.Select(v => Math.Sqrt(Dot(v, v)))];
        int[] searched = [.. Enumerable.Range(0, volumes.Count).Where(i => findings[i].Contains(true))];
        if (searched.Length == 0)
            return 0;
        double sum = 0;
        for (int i = 0; i < volumes.Count; i++)
            sum += searched.OrderByDescending(j => Dot(volumes[i], volumes[j]) / (norms[i] * norms[j])).Take(k)
                .Average(j => Overlap(findings[i], findings[j]));
        return 100 * sum / volumes.Count;
    }

    static double Overlap(bool[] a, bool[] b) =>
        (double)a.Zip(b).Count(pair => pair.First && pair.Second) / a.Zip(b).Count(pair => pair.First || pair.Second);

    static double Dot(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }

    static void Check(IReadOnlyList<float[]> queries, IReadOnlyList<float[]> items, int k)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (queries.Count == 0 || items.Count == 0)
            throw new ArgumentException("Expected at least one embedding.", nameof(queries));
        if (queries.Concat(items).Any(e => e.Length != queries[0].Length))
            throw new ArgumentException($"Expected {queries[0].Length} numbers in each embedding.", nameof(items));
    }
}
