// A kernel's machine code with a launch: makes the streams of its warps.
namespace HSENet.Ptx;

/// <summary>A launch of machine code.</summary>
sealed class MachineKernel(MachineProgram program, Dim3 grid, Dim3 block, byte[] parameters, int sharedBytes, Func<ulong, uint>? memory)
{
    /// <summary>Instructions after which a warp counts as endless.</summary>
    public const long MostSteps = 200_000_000;

    /// <inheritdoc cref="MostSteps"/>
    public const string NoEnd = "the model of time finds no end of the kernel";

    public MachineProgram Program => program;
    public Dim3 Grid => grid;
    public Dim3 Block => block;
    public int WarpsPerBlock => (int)((block.Count + 31) / 32);

    /// <summary>The warps of a block; perhaps they leave a loop early.</summary>
    public IReadOnlyList<IWarpStream> Warps(long number, LoopCut? cut = null)
    {
        MachineBlock state = State(number);
        return [.. Enumerable.Range(0, WarpsPerBlock).Select(w =>
            (IWarpStream)new MachineWarp(program, state, w) { Cut = cut })];
    }

    /// <summary>Walks the first warp of a block.</summary>
    public WarpWalk Walk(long number)
    {
        using MachineWarp warp = new(program, State(number), 0);
        WarpWay way = new(program.Steps.Length, keepsBranches: true);
        warp.Follow(way);
        return new WarpWalk(program, way);
    }

    /// <summary>Counts what all warps of a block issue.</summary>
    public long[] Count(long number)
    {
        long[] executed = new long[program.Steps.Length];
        MachineBlock state = State(number);
        for (int w = 0; w < WarpsPerBlock; w++)
        {
            using MachineWarp warp = new(program, state, w);
            WarpWay way = new(program.Steps.Length, keepsBranches: false);
            warp.Follow(way);
            foreach (var (n, issued) in way.Executed().Index())
                executed[n] += issued;
        }
        return executed;
    }

    MachineBlock State(long number) => new(grid.Position(number), block, grid, parameters, sharedBytes, memory);
}
