// How many blocks live on a multiprocessor at once, and what keeps out the next one.
namespace HSENet.Ptx;

/// <summary>Occupancy that follows from the registers, the shared memory and the size of a block.</summary>
/// <param name="Blocks">Blocks on a multiprocessor; 0 when not even one fits.</param>
/// <param name="Warps">Warps on a multiprocessor.</param>
/// <param name="Share">Warps as a share of what the multiprocessor could hold, 0 to 1.</param>
/// <param name="Limit">What keeps out the next block: <c>registers</c>, <c>shared memory</c>, <c>warps</c>, <c>blocks</c>.</param>
public sealed record Occupancy(int Blocks, int Warps, double Share, string Limit)
{
    const int RegisterStep = 8; // registers of a thread come in eights
    const int Quarters = 4; // a multiprocessor's registers lie in four parts, a warp's in one of them
    const int SharedStep = 128;

    /// <summary>The occupancy of a kernel.</summary>
    public static Occupancy Of(GpuModel gpu, long threads, int registers, long sharedBytes)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        int warps = (int)((threads + 31) / 32);
        int perWarp = 32 * Math.Max(1, (registers + RegisterStep - 1) / RegisterStep) * RegisterStep;
        long sharedPerBlock = (sharedBytes + gpu.SystemSharedBytesPerBlock + SharedStep - 1) / SharedStep * SharedStep;
        (long Blocks, string Limit)[] limits =
        [
            (gpu.WarpsPerMultiprocessor / warps, "warps"),
            (gpu.BlocksPerMultiprocessor, "blocks"),
            (Quarters * (gpu.RegistersPerMultiprocessor / Quarters / perWarp) / warps, "registers"),
            (gpu.SharedBytesPerMultiprocessor / sharedPerBlock, "shared memory"),
        ];
        var (blocks, limit) = limits.MinBy(entry => entry.Blocks);
        int resident = (int)blocks * warps;
        return new Occupancy((int)blocks, resident, (double)resident / gpu.WarpsPerMultiprocessor, limit);
    }
}
