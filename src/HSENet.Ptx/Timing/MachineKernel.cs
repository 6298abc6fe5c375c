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

    /// <summary>The warp that stands for its block where paths are looked at.</summary>
    public int Leader { get; private set; }

    /// <summary>Whether paths cut all of their loops, however many there are in one another.</summary>
    public bool CutsAll { get; set; }

    /// <summary>The first warp of a block leads, unless the last one goes far further.</summary>
    public void FindLeader()
    {
        const double Further = 2;
        if (WarpsPerBlock == 1)
            return;
        long[] steps = [.. new[] { 0, WarpsPerBlock - 1 }.Select(w => Follow(State(grid.Count / 2), w, keepsBranches: false).Steps)];
        Leader = steps[1] > Further * steps[0] ? WarpsPerBlock - 1 : 0;
    }

    /// <summary>Walks the warp of a block that leads.</summary>
    public WarpWalk Walk(long number) => new(program, Follow(State(number), Leader, keepsBranches: true), CutsAll);

    /// <summary>Counts what all warps of a block issue, and how many instructions of it were gone through one by one.</summary>
    public (long[] Executed, long Walked) Count(long number)
    {
        long[] executed = new long[program.Steps.Length];
        long walked = 0;
        MachineBlock state = State(number);
        for (int w = 0; w < WarpsPerBlock; w++)
        {
            WarpWay way = Follow(state, w, keepsBranches: false);
            foreach (var (n, issued) in way.Executed().Index())
                executed[n] += issued;
            walked += way.Walked;
        }
        return (executed, walked);
    }

    /// <summary>The same, from the warp that leads alone.</summary>
    public (long[] Executed, long Walked) CountByLeader(long number)
    {
        WarpWay way = Follow(State(number), Leader, keepsBranches: false);
        return ([.. way.Executed().Select(issued => issued * WarpsPerBlock)], way.Walked);
    }

    WarpWay Follow(MachineBlock state, int index, bool keepsBranches)
    {
        using MachineWarp warp = new(program, state, index);
        WarpWay way = new(program.Steps.Length, keepsBranches);
        warp.Follow(way);
        return way;
    }

    MachineBlock State(long number) => new(grid.Position(number), block, grid, parameters, sharedBytes, memory);
}
