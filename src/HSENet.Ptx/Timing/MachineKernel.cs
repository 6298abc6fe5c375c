// A kernel's machine code with a launch: makes the streams of its warps, and finds the loop in which it spends its time.
namespace HSENet.Ptx;

/// <summary>A launch of machine code.</summary>
sealed class MachineKernel(MachineProgram program, Dim3 grid, Dim3 block, byte[] parameters, int sharedBytes, Func<ulong, uint>? memory)
{
    const int FewRounds = 8;
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

    /// <summary>What a warp does on its own.</summary>
    /// <param name="Steps">Instructions that it issues.</param>
    /// <param name="Branch">Index of the branch that ends the main loop; -1 for none.</param>
    /// <param name="Rounds">How often that branch is taken.</param>
    /// <param name="StepsPerRound">Instructions of a round.</param>
    /// <param name="Executed">How often it issues each instruction.</param>
    /// <param name="Afterwards">Branches that it comes to behind the main loop.</param>
    public sealed record WarpPath(long Steps, int Branch, long Rounds, double StepsPerRound, long[] Executed,
        IReadOnlyList<(int Branch, bool Taken)> Afterwards);

    /// <summary>Walks the first warp of a block. The main loop is the outermost one with enough rounds that has half of the
    /// instructions.</summary>
    public WarpPath Path(long number)
    {
        long steps = 0;
        long[] executed = new long[program.Steps.Length], rounds = new long[program.Steps.Length];
        using MachineWarp warp = (MachineWarp)Warps(number)[0];
        for (ExecutedStep step = default; warp.Next(ref step);)
        {
            if (++steps > MostSteps)
                throw new EmulatorException("the model of time finds no end of the kernel");
            executed[step.Index]++;
            rounds[step.Index] += step.EndsRound ? 1 : 0;
        }
        int chosen = -1;
        long best = 0;
        for (int b = 0; b < rounds.Length; b++)
        {
            if (rounds[b] < FewRounds)
                continue;
            long inside = 0;
            for (int i = program.Steps[b].Target; i <= b; i++)
                inside += executed[i];
            if (inside > best)
                (chosen, best) = (b, inside);
        }
        return chosen < 0 || best < steps / 2 ? new WarpPath(steps, -1, 0, 0, executed, [])
            : new WarpPath(steps, chosen, rounds[chosen], best / (double)(rounds[chosen] + 1), executed, Afterwards(number, chosen));
    }

    List<(int, bool)> Afterwards(long number, int branch)
    {
        List<(int, bool)> found = [];
        using MachineWarp warp = (MachineWarp)Warps(number)[0];
        for (ExecutedStep step = default; warp.Next(ref step);)
            if (step.Index == branch)
                found.Clear();
            else if (program.Steps[step.Index].Target >= 0 && program.Steps[step.Index].Source.Opcode is "BRA" or "CALL")
                found.Add((step.Index, step.Taken));
        return found;
    }
}
