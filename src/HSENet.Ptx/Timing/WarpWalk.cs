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

    // A run may be so many times as long before a loop counts as too long to be gone through for some rounds.
    const double Longer = 4;

    readonly MachineProgram _program;
    readonly long[] _executed, _rounds, _first;
    readonly List<(int Branch, bool Taken)> _branches = [];
    readonly long _steps;

    /// <summary>Walks.</summary>
    /// <param name="program">The code.</param>
    /// <param name="warp">A warp at its start.</param>
    public WarpWalk(MachineProgram program, MachineWarp warp)
    {
        int count = program.Steps.Length;
        (_program, _executed, _rounds, _first) = (program, new long[count], new long[count], new long[count]);
        for (ExecutedStep step = default; warp.Next(ref step);)
        {
            if (program.Steps[step.Index] is { Target: >= 0, Branch: BranchKind.Jump or BranchKind.Call })
                _branches.Add((step.Index, step.Taken));
            if (++_steps > MachineKernel.MostSteps)
                throw new EmulatorException(MachineKernel.NoEnd);
            _executed[step.Index]++;
            if (!step.EndsRound)
                continue;
            _rounds[step.Index]++;
            if (_first[step.Index] == 0)
                _first[step.Index] = _steps;
        }
    }

    /// <summary>Instructions that the warp issues.</summary>
    public long Steps => _steps;

    /// <summary>How often it issues each instruction.</summary>
    public IReadOnlyList<long> Executed => _executed;

    /// <summary>The path of such a warp among others: a loop of which even a few rounds of all of them are too many gives way to the loops
    /// in it.</summary>
    /// <param name="warps">Warps that run at once.</param>
    public WarpPath Path(int warps)
    {
        double most = Longer * RunSteps / LeastRounds / warps;
        int[] candidates = [.. Enumerable.Range(0, _rounds.Length)
            .Where(b => _rounds[b] >= FewRounds && Inside(b) >= LeastShare * _steps).OrderByDescending(Inside)];
        if (Array.Exists(candidates, IsShort))
            candidates = Array.FindAll(candidates, IsShort);
        // The longest loop, and the others that a warp comes to before or behind it.
        List<int> chosen = [];
        foreach (int b in candidates)
            if (chosen.TrueForAll(other => other < _program.Steps[b].Target || b < _program.Steps[other].Target))
                chosen.Add(b);
        chosen.Sort((a, b) => _first[a].CompareTo(_first[b]));
        IReadOnlyList<(int, bool)>[] behind = Behind(chosen);
        return new WarpPath(_steps, _executed,
            [.. chosen.Select((b, n) => new LongLoop(b, _rounds[b], Entries(b), Inside(b), behind[n]))]);

        bool IsShort(int b) => Inside(b) * (Entries(b) / (double)(_rounds[b] + Entries(b))) <= most;
    }

    long Entries(int branch) => Math.Max(1, _executed[branch] - _rounds[branch]);

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
        List<(int, bool)>?[] first = new List<(int, bool)>?[chosen.Count];
        List<(int, bool)>[] last = [.. chosen.Select(_ => new List<(int, bool)>())];
        int loop = -1;
        bool again = false;
        foreach ((int branch, bool taken) in _branches)
        {
            int next = chosen.IndexOf(branch);
            if (next < 0)
            {
                if (loop >= 0)
                    last[loop].Add((branch, taken));
                continue;
            }
            if (loop >= 0 && (next != loop || !again))
                first[loop] ??= [.. last[loop]];
            (loop, again) = (next, taken);
            last[loop].Clear();
        }
        return [.. last.Zip(first, (end, start) => start == null ? end
            : (IReadOnlyList<(int, bool)>)[.. end.Zip(start).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)])];
    }
}
