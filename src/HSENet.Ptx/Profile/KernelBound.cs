// What limits a kernel on a GPU: the least time that memory, tensor cores and the multiprocessors' pipes need.
namespace HSENet.Ptx;

/// <summary>
/// Least times of a launch when one resource alone counts, in microseconds, from a GPU's figures on paper: every multiprocessor busy, every
/// latency hidden. A kernel cannot be faster than the largest of them; it can be much slower.
/// </summary>
/// <param name="Memory">Bytes over the bandwidth of the GPU's memory.</param>
/// <param name="Tensor">Operations of mma over the rate of the tensor cores.</param>
/// <param name="Issue">The slowest of the multiprocessor's pipes.</param>
/// <param name="IssueLimit">Which pipe that is: <c>issue slots</c>, <c>f32</c>, <c>f64</c>, <c>load-store</c>.</param>
public sealed record KernelBound(double Memory, double Tensor, double Issue, string IssueLimit)
{
    /// <summary><c>memory</c>, <c>tensor</c> or <c>issue</c>.</summary>
    public string Name => Memory >= Tensor && Memory >= Issue ? "memory" : Tensor >= Issue ? "tensor" : "issue";

    /// <summary>The largest of the times.</summary>
    public double Microseconds => Math.Max(Memory, Math.Max(Tensor, Issue));

    internal static KernelBound Of(GpuModel gpu, LaunchProfile counts, long memoryBytes)
    {
        double tensor = 0, f32 = 0, f64 = 0;
        foreach ((int n, PtxInstruction i) in counts.Instructions.Index())
        {
            double operations = (double)LaunchProfile.MatrixOperations(i) * counts.WarpInstructions[n];
            if (operations > 0)
                tensor += operations / (InstructionClass.MatrixType(i) is "s8" or "u8" ? gpu.Tensor8Tera : gpu.Tensor16Tera) / 1e6;
            else if (InstructionClass.LaneOperations(i) is { Type: { } type })
                (type == "f64" ? ref f64 : ref f32) += counts.WarpInstructions[n];
        }
        // A request to shared memory passes once for each wavefront, one to global memory once for four sectors.
        double passes = (double)counts.SharedWavefronts.Sum() + counts.GlobalSectors.Sum() / (double)GpuModel.SectorsPerClock;
        (double Clocks, string Limit)[] pipes =
        [
            (counts.WarpInstructions.Sum() / (double)GpuModel.IssuesPerClock, "issue slots"),
            (f32 * 32 / gpu.F32LanesPerClock, "f32"),
            (f64 * 32 / gpu.F64LanesPerClock, "f64"),
            (passes, "load-store"),
        ];
        var (clocks, limit) = pipes.MaxBy(pipe => pipe.Clocks);
        double clocksPerMicrosecond = gpu.BoostGigahertz * 1e3 * gpu.Multiprocessors;
        return new KernelBound(memoryBytes / gpu.MemoryGigabytesPerSecond / 1e3, tensor, clocks / clocksPerMicrosecond, limit);
    }
}
