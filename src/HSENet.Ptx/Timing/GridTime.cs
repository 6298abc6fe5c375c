// How long a grid of unequal blocks takes: blocks go in launch order to the place that is free first.
namespace HSENet.Ptx;

static class GridTime
{
    // Blocks that are placed one by one; of a larger grid the last ones, behind an even flow of all others.
    const long MostBlocks = 100_000;

    /// <summary>What a block takes on average, and the time until the last one ends as a multiple of what it would be if all took that
    /// long.</summary>
    /// <param name="blocks">Blocks of the launch.</param>
    /// <param name="places">Blocks that live on the GPU at once.</param>
    /// <param name="duration">How long a block takes, by its number.</param>
    public static (double Mean, double Stretch) Of(long blocks, long places, Func<long, double> duration)
    {
        long placed = Math.Min(blocks, MostBlocks), first = blocks - placed;
        double sum = 0;
        for (long n = 0; n < placed; n++)
            sum += duration((long)((n + 0.5) / placed * blocks));
        double mean = sum / placed, before = first * mean / places, last = 0;
        PriorityQueue<long, double> free = new();
        for (long n = 0; n < placed; n++)
        {
            double end = duration(first + n);
            if (n >= places && free.TryDequeue(out _, out double start))
                end += start;
            free.Enqueue(n, end);
            last = Math.Max(last, end);
        }
        return (mean, (before + last) / (before + Math.Ceiling(placed / (double)places) * mean));
    }
}
