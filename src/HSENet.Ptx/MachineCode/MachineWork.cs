// How often a launch executes each instruction of its machine code.
namespace HSENet.Ptx;

/// <summary>A kernel's machine code with the times that a launch executes it: those of some blocks all over the grid, taken for all.
/// <see cref="PtxTiming.Count(TimedLaunch, MachineListing)"/> finds them.</summary>
public sealed class MachineWork
{
    readonly double[] _executed;

    internal MachineWork(MachineListing listing, long instructionsOfWarp, double[] executed)
    {
        (Listing, InstructionsOfWarp, _executed) = (listing, instructionsOfWarp, executed);
        WarpInstructions = (long)Math.Round(executed.Sum());
    }

    /// <summary>The machine code.</summary>
    public MachineListing Listing { get; }

    /// <summary>Instructions that a warp of the first block executes.</summary>
    public long InstructionsOfWarp { get; }

    /// <summary>Instructions that all warps execute.</summary>
    public long WarpInstructions { get; }

    // Clocks of a pipe of one multiprocessor, when all instructions went through it.
    internal double Clocks(GpuModel gpu, TimedPipe pipe)
    {
        TimedInstruction[] program = TimedInstruction.Of(Listing, gpu);
        double clocks = 0;
        for (int n = 0; n < program.Length; n++)
            clocks += program[n].Pipe == pipe ? _executed[n] * program[n].PipeClocks : 0;
        return clocks / gpu.IssuesPerClock;
    }
}
