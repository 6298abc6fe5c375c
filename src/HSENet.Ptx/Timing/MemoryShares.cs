// Which share of its requests each load sends on to memory: the places that the blocks of one wave touch for the first time.
namespace HSENet.Ptx;

/// <summary>Walks the blocks that run at once for two rounds of their long loops and counts sectors.</summary>
sealed class MemoryShares
{
    const long MostSteps = 3_000_000;
    const int Rounds = 2;

    readonly ulong[] _sectors = new ulong[64];
    readonly HashSet<ulong> _touched = [];

    MemoryShares(int instructions) => Share = new double[instructions];

    /// <summary>For each instruction the share of its requests beyond the first-level cache that memory serves; 1 where it did not
    /// run.</summary>
    public double[] Share { get; }

    /// <summary>Share of all sectors beyond the first-level cache that the second-level cache has.</summary>
    public double L2HitRate { get; private set; }

    /// <summary>Bytes that the second-level cache is asked for by a block's round, on average.</summary>
    public static MemoryShares Of(MachineKernel kernel, TimedInstruction[] program, MachineKernel.WarpPath path, int multiprocessors,
        int resident, double kept)
    {
        MemoryShares shares = new(program.Length);
        double[] asked = new double[program.Length], first = new double[program.Length];
        long blocks = kernel.Grid.Count, steps = 0;
        // Behind a single long loop there is little; several are gone through one after the other.
        int only = path.Loops.Count == 1 ? path.Loops[0].Branch : -1;
        LoopCut? cut = path.Loops.Count > 1 ? new LoopCut([.. path.Loops.Select(loop => loop.Cut(Rounds))]) : null;
        for (int m = 0; m < Math.Min(multiprocessors, blocks) && steps < MostSteps; m++)
        {
            HashSet<ulong> l1 = [];
            for (int k = 0; k < resident && m + (long)k * multiprocessors < blocks; k++)
                foreach (IWarpStream stream in kernel.Warps(m + (long)k * multiprocessors, cut))
                    steps += shares.Walk(stream, program, only, l1, asked, first);
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
