// One multiprocessor with its resident blocks, clock by clock where something happens: four schedulers, pipes, load-store unit, caches.
namespace HSENet.Ptx;

/// <summary>Blocks go through it once. All times are clocks; the same input gives the same result on any machine.</summary>
/// <param name="gpu">Its parameters.</param>
/// <param name="program">The instructions.</param>
/// <param name="memoryShares">For each instruction the share of its requests beyond the first-level cache that memory has to serve.</param>
/// <param name="loops">Indices of the branches that end rounds of long loops.</param>
sealed partial class Multiprocessor(GpuModel gpu, TimedInstruction[] program, double[] memoryShares, IReadOnlyList<int> loops)
{
    const int Schedulers = 4, ReadWindow = 2;

    /// <summary>Instructions after which a run counts as endless: fifty times what it should have.</summary>
    public const long MostIssued = (long)(50 * WarpWalk.RunSteps);
    const long Never = long.MaxValue;

    readonly List<TimedWarp>[] _ofScheduler = [[], [], [], []];
    readonly int[] _turn = new int[Schedulers];
    readonly long[] _next = new long[Schedulers];
    readonly double[,] _pipeFree = new double[Schedulers, Enum.GetValues<TimedPipe>().Length];
    readonly double[,] _bankFree = new double[Schedulers, 2];
    readonly List<List<TimedWarp>> _ofBlock = [];
    readonly MultiprocessorResult _result = new(program.Length);

    /// <summary>Runs blocks: as many as there are starts at these times, each further one when a block has ended.</summary>
    /// <param name="blocks">The warps of each block; asked for a block when it starts.</param>
    /// <param name="starts">Times of the first blocks, the earliest first.</param>
    /// <param name="l1Bytes">First-level cache that shared memory leaves.</param>
    public MultiprocessorResult Run(IEnumerator<IReadOnlyList<IWarpStream>> blocks, IReadOnlyList<long> starts, int l1Bytes)
    {
        _l1 = new FirstLevelCache(l1Bytes);
        _l2 = new Bandwidth(gpu.AttainableL2BytesPerClock, gpu.PortBytesPerClock, gpu.BurstClocks);
        _memory = new Bandwidth(gpu.MemoryBytesPerClock, gpu.PortBytesPerClock, gpu.BurstClocks);
        _blocks = blocks;
        foreach (long start in starts)
            StartBlock(start);
        while (true)
        {
            long now = Math.Min(Math.Min(_next[0], _next[1]), Math.Min(_next[2], _next[3]));
            if (now == Never)
                break;
            for (int s = 0; s < Schedulers; s++)
                if (_next[s] <= now)
                    _next[s] = Pick(s, now, out long wait) is { } w ? Issue(w, now) : wait;
        }
        if (_ofScheduler.SelectMany(warps => warps).FirstOrDefault() is { } stuck)
            throw new EmulatorException($"the model of time finds warps waiting for ever at line {program[stuck.Step.Index].Line}");
        _result.Cycles = _result.Blocks.Max(block => block.End) - starts[0];
        return _result;
    }

    IEnumerator<IReadOnlyList<IWarpStream>> _blocks = null!;

    void StartBlock(long start)
    {
        if (!_blocks.MoveNext())
            return;
        int block = _ofBlock.Count;
        _ofBlock.Add([]);
        _result.Blocks.Add((start, start));
        foreach (IWarpStream stream in _blocks.Current)
        {
            int scheduler = Enumerable.Range(0, Schedulers).MinBy(s => _ofScheduler[s].Count);
            TimedWarp w = new(stream, block, scheduler, loops.Count) { Ready = start, LastIssue = start - 1 };
            _ofBlock[block].Add(w);
            _ofScheduler[scheduler].Add(w);
        }
        // Even a warp without instructions ends only now, when all are there.
        foreach (TimedWarp w in _ofBlock[block].ToArray())
            Fetch(w);
    }

    // The next warp in turn that can issue; otherwise when one can.
    TimedWarp? Pick(int scheduler, long now, out long wait)
    {
        List<TimedWarp> warps = _ofScheduler[scheduler];
        wait = Never;
        int turn = _turn[scheduler];
        for (int n = 1; n <= warps.Count; n++)
        {
            int at = turn + n < warps.Count ? turn + n : turn + n - warps.Count;
            TimedWarp w = warps[at];
            if (w.AtBarrier)
                continue;
            long ready = w.Earliest > now ? w.Earliest : Math.Max(w.Earliest, Resources(w));
            if (ready <= now)
            {
                _turn[scheduler] = at;
                return w;
            }
            wait = Math.Min(wait, ready);
        }
        return null;
    }

    // When the pipe and the queue of its next instruction have room.
    long Resources(TimedWarp w)
    {
        ref TimedInstruction i = ref program[w.Step.Index];
        if (UsesUnit(i.Kind))
            return QueueFree(w.Scheduler);
        if (i.Pipe == TimedPipe.None || w.Step.Mask == 0)
            return 0;
        // Operands are read in a window of some clocks: reads may pile up that far.
        double free = _pipeFree[w.Scheduler, (int)i.Pipe];
        if (i.Reads.Even > 0)
            free = Math.Max(free, _bankFree[w.Scheduler, 0] - ReadWindow);
        if (i.Reads.Odd > 0)
            free = Math.Max(free, _bankFree[w.Scheduler, 1] - ReadWindow);
        return (long)Math.Ceiling(free);
    }

    // Returns when the scheduler may issue again.
    long Issue(TimedWarp w, long now)
    {
        ref TimedInstruction i = ref program[w.Step.Index];
        Account(w, i, now);
        w.LastIssue = now;
        w.Ready = now + i.Stall;
        w.ReadyReason = StallReason.Wait;
        if (i.Pipe != TimedPipe.None && w.Step.Mask != 0)
        {
            ref double free = ref _pipeFree[w.Scheduler, (int)i.Pipe];
            free = (free > now - 1 ? free : now) + i.PipeClocks; // a fraction of a clock is not lost in a row
            _bankFree[w.Scheduler, 0] = Math.Max(_bankFree[w.Scheduler, 0], now) + i.Reads.Even;
            _bankFree[w.Scheduler, 1] = Math.Max(_bankFree[w.Scheduler, 1], now) + i.Reads.Odd;
        }
        switch (i.Kind)
        {
            case TimedKind.Plain:
                break;
            case TimedKind.Variable:
                if (i.WriteBarrier >= 0)
                    w.Set(i.WriteBarrier, now + gpu.ConstantLatency, false);
                break;
            case TimedKind.CopyCommit:
                w.CopyGroups.Add(w.CopyDone);
                break;
            case TimedKind.CopyWait:
                break;
            case TimedKind.Branch:
                if (w.Step.Taken && now + gpu.BranchClocks > w.Ready)
                    (w.Ready, w.ReadyReason) = (now + gpu.BranchClocks, StallReason.BranchResolving);
                if (loops.Count > 0)
                    EndRound(w, now);
                break;
            case TimedKind.Barrier:
                w.AtBarrier = true;
                Release(w.Block, now);
                return now + 1;
            case TimedKind.Arrive:
                break;
            default:
                Access(w, i, now);
                break;
        }
        if (i.ReadBarrier >= 0 && !UsesUnit(i.Kind))
            w.Set(i.ReadBarrier, now + gpu.ConstantLatency, false);
        Fetch(w);
        return now + 1;
    }

    void EndRound(TimedWarp w, long now)
    {
        for (int loop = 0; loop < loops.Count; loop++)
            if (loops[loop] == w.Step.Index)
                w.RoundEnds[loop].Add(w.Step.EndsRound ? now : -1);
    }

    void Fetch(TimedWarp w)
    {
        if (_result.Issued > MostIssued)
            throw new EmulatorException(MachineKernel.NoEnd);
        if (w.Stream.Next(ref w.Step))
        {
            w.Prepare(program[w.Step.Index]);
            _next[w.Scheduler] = Math.Min(_next[w.Scheduler], w.Earliest);
            return;
        }
        (long start, long end) = _result.Blocks[w.Block];
        end = Math.Max(end, w.Ready);
        _result.Blocks[w.Block] = (start, end);
        _result.WarpCycles += w.LastIssue + 1 - start;
        _result.RoundEnds.Add((w.Block, w.RoundEnds));
        (w.Stream as IDisposable)?.Dispose();
        List<TimedWarp> scheduled = _ofScheduler[w.Scheduler];
        int at = scheduled.IndexOf(w);
        scheduled.RemoveAt(at);
        if (_turn[w.Scheduler] >= at)
            _turn[w.Scheduler]--;
        _ofBlock[w.Block].Remove(w);
        if (_ofBlock[w.Block].Count == 0)
            StartBlock(end);
        else
            Release(w.Block, w.LastIssue);
    }

    // Barriers of a block open when all of its warps that have not ended wait; a barrier for some threads when as many wait at it.
    void Release(int block, long now)
    {
        List<TimedWarp> warps = _ofBlock[block];
        int waiting = 0;
        foreach (TimedWarp w in warps)
            waiting += w.AtBarrier ? 1 : 0;
        if (waiting == 0)
            return;
        if (waiting == warps.Count)
        {
            Open(warps.FindAll(w => w.AtBarrier), now);
            return;
        }
        foreach (IGrouping<int, TimedWarp> group in warps.Where(w => w.AtBarrier && program[w.Step.Index].Count > 0)
            .GroupBy(w => program[w.Step.Index].Barrier).ToList())
            if (32 * group.Count() >= program[group.First().Step.Index].Count)
                Open([.. group], now);
    }

    void Open(List<TimedWarp> warps, long now)
    {
        foreach (TimedWarp w in warps)
        {
            w.AtBarrier = false;
            if (now + gpu.BarrierClocks > w.Ready)
                (w.Ready, w.ReadyReason) = (now + gpu.BarrierClocks, StallReason.Barrier);
        }
        foreach (TimedWarp w in warps)
            Fetch(w);
    }

    // Divides the clocks since the warp's last instruction among their reasons.
    void Account(TimedWarp w, in TimedInstruction i, long now)
    {
        _result.Issued++;
        _result.Executed[w.Step.Index]++;
        long at = w.LastIssue + 1;
        Wait(w, w.ReadyReason, ref at, Math.Min(w.Ready, now));
        Wait(w, w.DataReason, ref at, Math.Min(w.DataReady, now));
        StallReason full = !UsesUnit(i.Kind) ? StallReason.MathPipeThrottle
            : w.Step.Space is AccessSpace.Global or AccessSpace.Local && i.Kind != TimedKind.Copy ? StallReason.LgThrottle
            : StallReason.MioThrottle;
        Wait(w, full, ref at, Math.Min(Resources(w), now));
        Wait(w, StallReason.NotSelected, ref at, now);
    }

    void Wait(TimedWarp w, StallReason reason, ref long at, long until)
    {
        if (until <= at)
            return;
        _result.Stalls[w.Step.Index, (int)reason] += until - at;
        at = until;
    }
}
