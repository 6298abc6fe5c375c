// What a warp does on its own, and the loops in which it spends its time.
namespace HSENet.Ptx;

/// <summary>A loop in which a warp spends a good part of its time.</summary>
/// <param name="Branch">Index of the branch that ends a round.</param>
/// <param name="Rounds">How often that branch is taken.</param>
/// <param name="Entries">How often the warp comes to the loop.</param>
/// <param name="Steps">Instructions of all rounds.</param>
/// <param name="Afterwards">Branches that the warp comes to between this loop and the next.</param>
sealed record LongLoop(int Branch, long Rounds, long Entries, long Steps, IReadOnlyList<(int Branch, bool Taken)> Afterwards)
{
    /// <summary>Instructions of a round.</summary>
    public double StepsPerRound => Steps / (double)(Rounds + Entries);

    /// <summary>The loop with no more than so many rounds each time.</summary>
    public CutLoop Cut(int rounds) => new(Branch, rounds, Afterwards);
}

/// <summary>What a warp issues, with its long loops in the order in which it comes to them.</summary>
sealed record WarpPath(long Steps, long[] Executed, IReadOnlyList<LongLoop> Loops);

/// <summary>A warp that was walked to its end.</summary>
sealed class WarpWalk
{
    /// <summary>Instructions of warps that a run of a multiprocessor goes through, roughly.</summary>
    public const double RunSteps = 400_000;

    /// <summary>Rounds of a loop that is cut, at least.</summary>
    public const int LeastRounds = 9;

    const int FewRounds = 8;
    const double LeastShare = 0.05;

    // A run may be so many times as long before a loop counts as too long to be gone through for some rounds, and before all rounds of one
    // that is too long for that are too many.
    const double Longer = 4, Longest = 16;

    // Even then a run may come out longer than this: loops in those that are cut are cut, too.
    const double Nested = 25;

    // Branches behind a loop that a walk repeats at most.
    const int MostBranches = 4_000_000;

    readonly MachineProgram _program;
    readonly WarpWay _way;
    readonly long[] _executed;
    readonly bool _cutsAll;

    /// <summary>What a walk found.</summary>
    /// <param name="program">The code.</param>
    /// <param name="way">The way of a warp from its start to its end.</param>
    /// <param name="cutsAll">Whether all loops of its path are cut.</param>
    public WarpWalk(MachineProgram program, WarpWay way, bool cutsAll = false) =>
        (_program, _way, _executed, _cutsAll) = (program, way, way.Executed(), cutsAll);

    /// <summary>Instructions that the warp issues.</summary>
    public long Steps => _way.Steps;

    /// <summary>Those of them that were gone through one by one.</summary>
    public long Walked => _way.Walked;

    /// <summary>How often it issues each instruction.</summary>
    public IReadOnlyList<long> Executed => _executed;

    /// <summary>The path of such a warp among others: a loop of which even a few rounds of all of them are too many gives way to the loops
    /// in it; where none of those is short either, it is cut if going through all of it would take far too long.</summary>
    /// <param name="warps">Warps that run at once.</param>
    public WarpPath Path(int warps)
    {
        double most = Longer * RunSteps / LeastRounds / warps;
        int[] all = [.. Enumerable.Range(0, _way.Rounds.Length)
            .Where(b => _way.Rounds[b] >= FewRounds && Inside(b) >= LeastShare * Steps).OrderByDescending(Inside)], candidates = all;
        if (Array.Exists(candidates, IsShort))
            candidates = [.. candidates.Where(IsShort), .. candidates.Where(b => !IsShort(b) && Inside(b) * (double)warps > Longest * RunSteps)];
        // The longest loop, and the others that a warp comes to before or behind it.
        List<int> chosen = [];
        foreach (int b in candidates)
            if (chosen.TrueForAll(other => other < _program.Steps[b].Target || b < _program.Steps[other].Target))
                chosen.Add(b);
        foreach (int b in all)
            if (!chosen.Contains(b)
                && (_cutsAll || chosen.Exists(other => IsAround(other, b)) && CutSteps(chosen) * warps > Nested * RunSteps))
                chosen.Add(b);
        chosen.Sort((a, b) => _way.FirstRound[a].CompareTo(_way.FirstRound[b]));
        IReadOnlyList<(int, bool)>[] behind = Behind(chosen);
        return new WarpPath(Steps, _executed,
            [.. chosen.Select((b, n) => new LongLoop(b, _way.Rounds[b], Entries(b), Inside(b), behind[n]))]);

        bool IsShort(int b) => Inside(b) * (Entries(b) / (double)(_way.Rounds[b] + Entries(b))) <= most;
    }

    bool IsAround(int loop, int inner) => _program.Steps[loop].Target <= _program.Steps[inner].Target && inner < loop;

    // Instructions of a warp that goes through the least rounds of some loops, each time it comes to them.
    double CutSteps(List<int> loops)
    {
        double steps = 0;
        for (int i = 0; i < _executed.Length; i++)
            steps += loops.Where(loop => _program.Steps[loop].Target <= i && i <= loop).Aggregate((double)_executed[i],
                (part, loop) => part * Math.Min(1, LeastRounds * Entries(loop) / (double)_way.Rounds[loop]));
        return steps;
    }

    long Entries(int branch) => Math.Max(1, _executed[branch] - _way.Rounds[branch]);

    long Inside(int branch)
    {
        long inside = 0;
        for (int i = _program.Steps[branch].Target; i <= branch; i++)
            inside += _executed[i];
        return inside;
    }

    // The branches behind each chosen loop up to the next one; of a loop that is come to several times what is the same the first and the
    // last time: the loops around it end by themselves.
    IReadOnlyList<(int, bool)>[] Behind(List<int> chosen)
    {
        List<WayEntry>?[] first = new List<WayEntry>?[chosen.Count];
        List<WayEntry>[] last = [.. chosen.Select(_ => new List<WayEntry>())];
        int loop = -1, since = 0;
        bool again = false;
        for (int n = 0; n < _way.Branches.Count; n++)
        {
            WayEntry entry = _way.Branches[n];
            int next = entry.Length > 0 ? -1 : chosen.IndexOf(entry.Branch);
            if (next < 0)
            {
                // What repeats entries with a chosen loop among them adds nothing to what those did.
                if (loop >= 0 && entry.Length <= n - since)
                    last[loop].Add(entry);
                continue;
            }
            if (loop >= 0 && (next != loop || !again))
                first[loop] ??= [.. last[loop]];
            (loop, again, since) = (next, entry.Taken, n + 1);
            last[loop].Clear();
        }
        return [.. last.Zip(first, (end, start) => start == null ? [.. All(end, end.Count, new Room())]
            : (IReadOnlyList<(int, bool)>)[.. All(end, end.Count, new Room()).Zip(All(start, start.Count, new Room()))
                .TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)])];
    }

    sealed class Room
    {
        public int Left { get; set; } = MostBranches;
    }

    // Entries before one, with those that repeat others written out.
    static IEnumerable<(int Branch, bool Taken)> All(List<WayEntry> entries, int count, Room room, int from = 0)
    {
        for (int n = from; n < count; n++)
        {
            WayEntry entry = entries[n];
            if (--room.Left < 0)
                throw new EmulatorException(MachineKernel.NoEnd);
            if (entry.Length == 0)
                yield return (entry.Branch, entry.Taken);
            for (long time = 0; time < entry.Times; time++)
                foreach (var one in All(entries, n, room, n - entry.Length))
                    yield return one;
        }
    }
}
