// Places on a line that stand for all of them: some in equal distances, then halfway between neighbours that part most.
namespace HSENet.Ptx;

/// <summary>
/// Blocks of a launch, or warps of a block, that do not all do the same nearly always lie in parts one behind the other, in each of which
/// they do the same or change evenly. Where neighbours part, the border between them is looked for; each place then counts for those that
/// lie nearer to it than to the others.
/// </summary>
static class LineSample
{
    /// <summary>Neighbours are near enough when their difference, if it held all the way from one to the other, were this share of the
    /// whole.</summary>
    public const double Near = 0.01;

    // Places that are looked at beyond the first ones, at most.
    const int MostHalves = 40;

    /// <summary>A place that was looked at.</summary>
    /// <param name="Place">Where, from 0.</param>
    /// <param name="Weight">How many places it stands for.</param>
    /// <param name="Value">What was found there.</param>
    public readonly record struct Seen<T>(long Place, double Weight, T Value);

    /// <summary>Looks at some places; the same ones on every run.</summary>
    /// <param name="length">Places of the line.</param>
    /// <param name="count">Places in equal distances, both ends among them if there is more than one.</param>
    /// <param name="look">Finds what is to be found at some places, in their order.</param>
    /// <param name="figures">What tells places apart; the first figure is what looking there has cost.</param>
    /// <param name="most">Cost after which no further places are looked at.</param>
    /// <param name="isWeighted">Whether the whole is what the places stand for; else what was seen.</param>
    public static IReadOnlyList<Seen<T>> Of<T>(long length, long count, Func<long[], T[]> look, Func<T, double[]> figures, double most,
        bool isWeighted)
    {
        SortedList<long, (T Value, double[] Figures)> seen = [];
        Add([.. Enumerable.Range(0, (int)count).Select(n => count == 1 ? length / 2 : n * (length - 1) / (count - 1)).Distinct()]);
        for (int halves = 0; halves < MostHalves && seen.Values.Sum(one => one.Figures[0]) < most; halves++)
        {
            double[] weights = [.. Enumerable.Range(0, seen.Count).Select(n => isWeighted ? To(n) - To(n - 1) : 1)];
            double[] means = [.. seen.Values[0].Figures.Select((_, figure) =>
                seen.Values.Zip(weights, (one, weight) => one.Figures[figure] * weight).Sum() / weights.Sum())];
            var (widest, middle) = Enumerable.Range(1, seen.Count - 1).Where(n => seen.Keys[n] - seen.Keys[n - 1] > 1)
                .Select(n => (Parts: Parts(seen.Values[n - 1].Figures, seen.Values[n].Figures, means) * (seen.Keys[n] - seen.Keys[n - 1]),
                    Middle: (seen.Keys[n - 1] + seen.Keys[n]) / 2))
                .DefaultIfEmpty().MaxBy(gap => gap.Parts);
            if (widest <= Near * length)
                break;
            Add([middle]);
        }
        return [.. seen.Select((one, n) => new Seen<T>(one.Key, To(n) - To(n - 1), one.Value.Value))];

        void Add(long[] places)
        {
            foreach (var (place, value) in places.Zip(look(places)))
                seen.Add(place, (value, figures(value)));
        }

        // Where the places end that the n-th stands for.
        double To(int n) => n < 0 ? -0.5 : n + 1 < seen.Count ? (seen.Keys[n] + seen.Keys[n + 1]) / 2.0 : length - 0.5;
    }

    static double Parts(double[] a, double[] b, double[] means)
    {
        double parts = 0;
        for (int figure = 0; figure < means.Length; figure++)
            if (means[figure] > 0)
                parts = Math.Max(parts, Math.Abs(a[figure] - b[figure]) / means[figure]);
        return parts;
    }
}
