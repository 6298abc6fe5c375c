// Which share of its requests each load sends on to memory: the places that the blocks of one wave touch for the first time.
namespace HSENet.Ptx;

/// <summary>Walks the blocks that run at once for two rounds of their long loops and counts sectors.</summary>
sealed class MemoryShares
{
    const long MostSteps = 3_000_000;
    const int Rounds = 2, Waves = 3;

    // Steps of the blocks of one multiprocessor, in times of those of a wave, after which the rest of them does without.
    const int Longer = 4;

    readonly ulong[] _sectors = new ulong[64];
    readonly HashSet<ulong> _touched = [];

    MemoryShares(int instructions) => Share = new double[instructions];

    /// <summary>For each instruction the share of its requests beyond the first-level cache that memory serves; 1 where it did not
    /// run.</summary>
    public double[] Share { get; }

    /// <summary>Share of all sectors beyond the first-level cache that the second-level cache has.</summary>
    public double L2HitRate { get; private set; }

    /// <summary>Counts.</summary>
    /// <param name="kernel">The launch.</param>
    /// <param name="program">Its instructions.</param>
    /// <param name="path">What a warp of it does; null where blocks differ: then waves all over the grid count.</param>
    /// <param name="multiprocessors">Of the GPU.</param>
    /// <param name="resident">Blocks of a multiprocessor at once.</param>
    /// <param name="kept">Share that is in the second-level cache from the launch before.</param>
    public static MemoryShares Of(MachineKernel kernel, TimedInstruction[] program, WarpPath? path, int multiprocessors, int resident,
        double kept)
    {
        MemoryShares shares = new(program.Length);
        double[] asked = new double[program.Length], first = new double[program.Length];
        long blocks = kernel.Grid.Count, wave = Math.Min(blocks, (long)resident * multiprocessors);
        int waves = path == null ? (int)Math.Min(Waves, blocks / wave) : 1;
        for (int n = 0; n < waves; n++)
        {
            long start = waves == 1 ? 0 : n * (blocks - wave) / (waves - 1), steps = 0;
            shares._touched.Clear();
            for (int m = 0; m < Math.Min(multiprocessors, blocks) && steps < MostSteps / waves; m++)
            {
                HashSet<ulong> l1 = [];
                for (long k = m; k < wave && steps < Longer * MostSteps / waves; k += multiprocessors)
                {
                    WarpPath own = path ?? kernel.Walk(start + k).Path(kernel.WarpsPerBlock);
                    // Behind a single long loop there is little; several are gone through one after the other.
                    int only = own.Loops is [{ Entries: 1 }] ? own.Loops[0].Branch : -1;
                    LoopCut? cut = own.Loops.Count > 0 && only < 0 ? new LoopCut([.. own.Loops.Select(loop => loop.Cut(Rounds))]) : null;
                    foreach (IWarpStream stream in kernel.Warps(start + k, cut))
                        steps += shares.Walk(stream, program, only, l1, asked, first);
                }
            }
        }
        for (int i = 0; i < program.Length; i++)
            shares.Share[i] = (asked[i] > 0 ? first[i] / asked[i] : 1) * (1 - kept);
        double all = asked.Sum();
        shares.L2HitRate = all > 0 ? 1 - first.Sum() / all * (1 - kept) : 1;
        return shares;
    }

    long Walk(IWarpStream stream, TimedInstruction[] program, int branch, HashSet<ulong> l1, double[] asked, double[] first)
    {
        long steps = 0;
        int rounds = 0;
        for (ExecutedStep step = default; stream.Next(ref step); steps++)
        {
            if (step.EndsRound && step.Index == branch && ++rounds == Rounds)
                break;
            if (steps > Multiprocessor.MostIssued)
                throw new EmulatorException(MachineKernel.NoEnd);
            ref TimedInstruction i = ref program[step.Index];
            if (step.Mask == 0 || step.Space != AccessSpace.Global || i.Kind is not (TimedKind.GlobalLoad or TimedKind.Copy))
                continue;
            (int count, _) = AccessCost.Global(stream.Addresses, step.Mask, Math.Max(1, i.Bytes), _sectors);
            for (int n = 0; n < count; n++)
            {
                if (i.Cached && !l1.Add(_sectors[n]))
                    continue;
                asked[step.Index]++;
                first[step.Index] += _touched.Add(_sectors[n]) ? 1 : 0;
            }
        }
        (stream as IDisposable)?.Dispose();
        return steps;
    }
}
