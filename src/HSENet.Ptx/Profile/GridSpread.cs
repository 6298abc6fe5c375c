// How a launch's blocks spread over a GPU's multiprocessors: how many are busy, in how many rounds.
namespace HSENet.Ptx;

/// <summary>Blocks on multiprocessors.</summary>
/// <param name="PerRound">Blocks that live on the whole GPU at once; 0 when not one fits.</param>
/// <param name="Waves">Rounds of so many blocks, the last counted by its blocks: 1.5 is a full round and half of one.</param>
/// <param name="Busy">
/// Multiprocessors that work on average until the last block ends: a block lives on one of them, so a launch with fewer blocks leaves the
/// others idle, and 133 blocks of equal work on 132 take as long as 264. Where blocks differ in work, only what they certainly share out
/// unevenly counts: the largest block, and as many of the smallest as the fullest multiprocessor gets.
/// </param>
/// <param name="PipesBusy">The same for a single pipe: the block of most instructions may be one that leaves this pipe alone.</param>
public sealed record GridSpread(long PerRound, double Waves, double Busy, double PipesBusy)
{
    /// <summary>Rounds, the last included.</summary>
    public long Rounds => (long)Math.Ceiling(Waves);

    /// <summary>Blocks of the last round as a share of <see cref="PerRound"/>, 0 to 1.</summary>
    public double Tail => Waves == 0 ? 0 : Waves - Rounds + 1;

    internal static GridSpread Of(GpuModel gpu, LaunchProfile counts, Occupancy occupancy)
    {
        long perRound = (long)occupancy.Blocks * gpu.Multiprocessors;
        double all = counts.WarpInstructions.Sum(), even = all / gpu.Multiprocessors;
        long fullest = (counts.Blocks + gpu.Multiprocessors - 1) / gpu.Multiprocessors;
        double smallest = (double)fullest * counts.FewestInBlock, longest = Math.Max(even, Math.Max(counts.MostInBlock, smallest));
        long most = Math.Min(counts.Blocks, gpu.Multiprocessors);
        return new GridSpread(perRound, perRound == 0 ? 0 : (double)counts.Blocks / perRound,
            longest == 0 ? most : all / longest, longest == 0 ? most : Math.Min(most, all / Math.Max(even, smallest)));
    }
}
