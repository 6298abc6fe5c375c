// A kernel's machine code with a launch: makes the streams of its warps, and finds the loops in which it spends its time.
namespace HSENet.Ptx;

/// <summary>A launch of machine code.</summary>
sealed class MachineKernel(MachineProgram program, Dim3 grid, Dim3 block, byte[] parameters, int sharedBytes, Func<ulong, uint>? memory)
{
    const int FewRounds = 8;
    const double LeastShare = 0.05;
    const long MostSteps = 200_000_000;

    public MachineProgram Program => program;
    public Dim3 Grid => grid;
    public Dim3 Block => block;
    public int WarpsPerBlock => (int)((block.Count + 31) / 32);

    /// <summary>The warps of a block; perhaps they leave a loop early.</summary>
    public IReadOnlyList<IWarpStream> Warps(long number, LoopCut? cut = null)
    {
        MachineBlock state = new(grid.Position(number), block, grid, parameters, sharedBytes, memory);
        return [.. Enumerable.Range(0, WarpsPerBlock).Select(w =>
            (IWarpStream)new MachineWarp(program, state, w) { Cut = cut })];
    }

    /// <summary>A loop in which a warp spends a good part of its time.</summary>
    /// <param name="Branch">Index of the branch that ends a round.</param>
    /// <param name="Rounds">How often that branch is taken.</param>
    /// <param name="Steps">Instructions of all rounds.</param>
    /// <param name="Afterwards">Branches that the warp comes to between this loop and the next.</param>
    public sealed record LongLoop(int Branch, long Rounds, long Steps, IReadOnlyList<(int Branch, bool Taken)> Afterwards)
    {
        /// <summary>Instructions of a round.</summary>
        public double StepsPerRound => Steps / (double)(Rounds + 1);

        /// <summary>The loop with no more than so many rounds.</summary>
        public CutLoop Cut(int rounds) => new(Branch, rounds, Afterwards);
    }

    /// <summary>What a warp does on its own.</summary>
    /// <param name="Steps">Instructions that it issues.</param>
    /// <param name="Executed">How often it issues each instruction.</param>
    /// <param name="Loops">Its long loops in the order in which it comes to them.</param>
    public sealed record WarpPath(long Steps, long[] Executed, IReadOnlyList<LongLoop> Loops);

    /// <summary>Walks the first warp of a block.</summary>
    public WarpPath Path(long number)
    {
        long steps = 0;
        long[] executed = new long[program.Steps.Length], rounds = new long[program.Steps.Length], first = new long[program.Steps.Length],
            last = new long[program.Steps.Length];
        List<(int Branch, bool Taken)> branches = [];
        using MachineWarp warp = (MachineWarp)Warps(number)[0];
        for (ExecutedStep step = default; warp.Next(ref step);)
        {
            if (program.Steps[step.Index] is { Target: >= 0, Source.Opcode: "BRA" or "CALL" })
                branches.Add((step.Index, step.Taken));
            if (++steps > MostSteps)
                throw new EmulatorException("the model of time finds no end of the kernel");
            executed[step.Index]++;
            if (!step.EndsRound)
                continue;
            rounds[step.Index]++;
            last[step.Index] = steps;
            if (first[step.Index] == 0)
                first[step.Index] = steps;
        }
        int[] candidates = [.. Enumerable.Range(0, rounds.Length).Where(b => rounds[b] >= FewRounds && Inside(b) >= LeastShare * steps)
            .OrderByDescending(Inside)];
        // The longest loop, and the others that a warp comes to before or behind it.
        List<int> chosen = [];
        foreach (int b in candidates)
            if (chosen.TrueForAll(other => last[other] < first[b] || last[b] < first[other]))
                chosen.Add(b);
        chosen.Sort((a, b) => first[a].CompareTo(first[b]));
        return new WarpPath(steps, executed, Loops(branches, chosen, rounds, [.. chosen.Select(Inside)]));

        long Inside(int b)
        {
            long inside = 0;
            for (int i = program.Steps[b].Target; i <= b; i++)
                inside += executed[i];
            return inside;
        }
    }

    static List<LongLoop> Loops(List<(int Branch, bool Taken)> walked, List<int> chosen, long[] rounds, long[] inside)
    {
        List<LongLoop> loops = [];
        List<(int, bool)> behind = [];
        foreach ((int branch, bool taken) in walked)
        {
            int loop = chosen.IndexOf(branch);
            if (loop < 0)
                behind.Add((branch, taken));
            else if (loops.Count <= loop)
                loops.Add(new LongLoop(branch, rounds[branch], inside[loop], behind = []));
            else
                behind.Clear();
        }
        return loops;
    }
}
