// How often a launch executes each instruction of its machine code.
namespace HSENet.Ptx;

/// <summary>A kernel's machine code with the times that a launch executes it: those of one warp's way through it, taken for all warps.
/// <see cref="PtxTiming.Count(TimedLaunch, MachineListing)"/> finds them.</summary>
public sealed class MachineWork
{
    readonly long[] _executed;

    internal MachineWork(MachineListing listing, long[] executed, long warps)
    {
        (Listing, _executed) = (listing, executed);
        InstructionsOfWarp = executed.Sum();
        WarpInstructions = InstructionsOfWarp * warps;
    }

    /// <summary>The machine code.</summary>
    public MachineListing Listing { get; }

    /// <summary>Instructions that a warp executes.</summary>
    public long InstructionsOfWarp { get; }

    /// <summary>Instructions that all warps execute.</summary>
    public long WarpInstructions { get; }

    // Clocks of a pipe of one multiprocessor, when all instructions went through it.
    internal double Clocks(GpuModel gpu, TimedPipe pipe)
    {
        TimedInstruction[] program = TimedInstruction.Of(Listing, gpu);
        double ofWarp = 0;
        for (int n = 0; n < program.Length; n++)
            ofWarp += program[n].Pipe == pipe ? _executed[n] * program[n].PipeClocks : 0;
        return InstructionsOfWarp == 0 ? 0 : ofWarp * (WarpInstructions / (double)InstructionsOfWarp) / gpu.IssuesPerClock;
    }
}
