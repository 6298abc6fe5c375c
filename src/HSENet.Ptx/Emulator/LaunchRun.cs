// One launch under way: hands out blocks to workers and puts their results together.
namespace HSENet.Ptx;

/// <summary>Shared by the workers of a launch.</summary>
sealed class LaunchRun(DecodedKernel kernel, long blocks, EmulatorOptions options)
{
    readonly Lock _lock = new();
    long _next, _instructions, _failedBlock = long.MaxValue, _fewest = long.MaxValue, _most;
    Exception? _failure;

    /// <summary>Runs blocks until none are left.</summary>
    public void Work(BlockState state)
    {
        long fewest = long.MaxValue, most = 0;
        for (long turn; (turn = Interlocked.Increment(ref _next) - 1) < blocks && Volatile.Read(ref _failedBlock) == long.MaxValue;)
        {
            long number = options.Blocks == null ? turn : options.Blocks[(int)turn];
            try
            {
                state.Budget = options.MaxInstructions - Volatile.Read(ref _instructions);
                state.Start(number, kernel.Level != CheckLevel.Bounds);
                long before = state.Executed;
                BlockScheduler.Run(state);
                state.Profile?.EndBlock(state.Warps);
                long executed = state.Executed - before;
                (fewest, most) = (Math.Min(fewest, executed), Math.Max(most, executed));
                Interlocked.Add(ref _instructions, executed);
            }
            catch (Exception failure) when (failure is EmulatorException or OperationCanceledException)
            {
                lock (_lock)
                    if (number < _failedBlock)
                        (_failure, _failedBlock) = (failure, number);
            }
        }
        lock (_lock)
            (_fewest, _most) = (Math.Min(_fewest, fewest), Math.Max(_most, most));
    }

    /// <summary>Runs all blocks of a cooperative launch together.</summary>
    public void WorkTogether(BlockState[] states)
    {
        MemoryChanges changes = new();
        for (int n = 0; n < states.Length; n++)
        {
            states[n].Changes = changes;
            states[n].Start(n, kernel.Level != CheckLevel.Bounds);
        }
        BlockScheduler.RunTogether(states, options.MaxInstructions);
        foreach (BlockState state in states)
            state.Profile?.EndBlock(state.Warps);
        (_fewest, _most) = (states.Min(state => state.Executed), states.Max(state => state.Executed));
    }

    public void ThrowIfFailed()
    {
        if (_failure != null)
            throw _failure;
    }

    /// <summary>Merges the workers' findings by block, so that they do not depend on how blocks were spread.</summary>
    public EmulatorResult Result(BlockState[] states, long threads)
    {
        (List<EmulatorFinding> findings, List<EmulatorFinding> notes, string printed) = ([], [], "");
        if (Array.Exists(states, state => state.Findings.Kept.Count > 0))
            Merge(states, findings, notes);
        if (Array.Exists(states, state => state.Findings.Printed.Length > 0))
            printed = string.Concat(states.Select(state => state.Findings.Printed.ToString()));
        long lanes = 0;
        foreach (BlockState state in states)
            foreach (Warp w in state.Warps)
                lanes += w.LaneInstructions;
        return new EmulatorResult(findings, states.Sum(state => state.Findings.Count), states.Sum(state => state.Executed), lanes,
            Profile(states, threads))
        {
            Notes = notes,
            Printed = printed,
        };
    }

    void Merge(BlockState[] states, List<EmulatorFinding> findings, List<EmulatorFinding> notes)
    {
        Dictionary<(string, int), int> counts = [];
        foreach ((_, int statement, EmulatorFinding finding) in states.SelectMany(state => state.Findings.Kept).OrderBy(kept => kept.Block))
        {
            int count = counts.GetValueOrDefault((finding.Kind, statement));
            if (count >= FindingCollector.PerStatement || findings.Count + notes.Count >= options.MaxFindings)
                continue;
            counts[(finding.Kind, statement)] = count + 1;
            (finding.Kind == FindingKind.UnfencedTicket ? notes : findings).Add(finding);
        }
    }

    LaunchProfile? Profile(BlockState[] states, long threads)
    {
        if (states[0].Profile == null)
            return null;
        LaunchProfile profile = new(kernel.Statements, blocks, threads) { MostInBlock = _most, FewestInBlock = _fewest };
        foreach (BlockState state in states)
            state.Profile!.AddTo(profile);
        return profile;
    }
}
