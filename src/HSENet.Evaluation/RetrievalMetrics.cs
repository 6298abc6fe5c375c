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
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        int[] places = Places(queries, items);
        return 100.0 * places.Count(place => place < k) / places.Length;
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
        double[] overlaps = Overlaps(volumes, findings, [k], findsItself: true)[0];
        return 100 * overlaps.Average();
    }

    /// <summary>For each query how many items are more like it than its own.</summary>
    internal static int[] Places(IReadOnlyList<float[]> queries, IReadOnlyList<float[]> items)
    {
        Check(queries, items);
        if (queries.Count != items.Count)
            throw new ArgumentException($"Expected as many items as queries ({queries.Count}), got {items.Count}.", nameof(items));
        return [.. Enumerable.Range(0, queries.Count).AsParallel().AsOrdered().Select(i =>
        {
            double own = Dot(queries[i], items[i]);
            int before = 0;
            for (int j = 0; j < items.Count; j++)
            {
                double other = Dot(queries[i], items[j]);
                if (other > own || (other == own && j < i))
                    before++;
            }
            return before;
        })];
    }

    /// <summary>For each query how many items are more like it than the first of those that have its labels, its own among them.</summary>
    internal static int[] PlacesOfEqual(IReadOnlyList<float[]> queries, IReadOnlyList<float[]> items, IReadOnlyList<int> labels)
    {
        Check(queries, items);
        return [.. Enumerable.Range(0, queries.Count).AsParallel().AsOrdered().Select(i =>
        {
            double[] likeness = [.. items.Select(item => Dot(queries[i], item))];
            int first = i;
            for (int j = 0; j < items.Count; j++)
                if (labels[j] == labels[i] && (likeness[j] > likeness[first] || likeness[j] == likeness[first] && j < first))
                    first = j;
            return Enumerable.Range(0, items.Count).Count(j =>
                likeness[j] > likeness[first] || likeness[j] == likeness[first] && j < first);
        })];
    }

    /// <summary>Probability that among <paramref name="k"/> of <paramref name="count"/> items in random order there is one of
    /// <paramref name="equal"/>.</summary>
    internal static double ByChance(int count, int equal, int k)
    {
        double none = 1;
        for (int drawn = 0; drawn < Math.Min(k, count); drawn++)
            none *= Math.Max(0, count - equal - drawn) / (double)(count - drawn);
        return 1 - none;
    }

    /// <summary>For each k the mean overlap of each volume with the k most like it; 0 if no volume with a finding is there to be
    /// found.</summary>
    internal static double[][] Overlaps(IReadOnlyList<float[]> volumes, IReadOnlyList<bool[]> findings, IReadOnlyList<int> ks,
        bool findsItself)
    {
        Check(volumes, volumes);
        ArgumentNullException.ThrowIfNull(findings);
        foreach (int k in ks)
            ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (findings.Count != volumes.Count || findings.Any(f => f.Length != findings[0].Length))
            throw new ArgumentException($"Expected the same number of findings for each of {volumes.Count} volumes.", nameof(findings));
        double[] norms = [.. volumes.Select(v => Math.Sqrt(Dot(v, v)))];
        int[] searched = [.. Enumerable.Range(0, volumes.Count).Where(i => findings[i].Contains(true))];
        double[][] ofVolumes = [.. Enumerable.Range(0, volumes.Count).AsParallel().AsOrdered().Select(i =>
        {
            double[] overlaps = [.. searched.Where(j => findsItself || j != i)
                .OrderByDescending(j => Dot(volumes[i], volumes[j]) / (norms[i] * norms[j])).Take(ks.Max())
                .Select(j => Overlap(findings[i], findings[j]))];
            return ks.Select(k => overlaps.Take(k).DefaultIfEmpty(0).Average()).ToArray();
        })];
        return [.. ks.Select((_, at) => ofVolumes.Select(means => means[at]).ToArray())];
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

    static void Check(IReadOnlyList<float[]> queries, IReadOnlyList<float[]> items)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(items);
        if (queries.Count == 0 || items.Count == 0)
            throw new ArgumentException("Expected at least one embedding.", nameof(queries));
        if (queries.Concat(items).Any(e => e.Length != queries[0].Length))
            throw new ArgumentException($"Expected {queries[0].Length} numbers in each embedding.", nameof(items));
    }
}
