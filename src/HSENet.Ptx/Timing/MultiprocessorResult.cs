// What a run of the blocks of one multiprocessor gave.
namespace HSENet.Ptx;

sealed class MultiprocessorResult(int instructions)
{
    /// <summary>Clocks from the first start to the last end.</summary>
    public long Cycles { get; set; }

    /// <summary>Start and end of each block.</summary>
    public List<(long Start, long End)> Blocks { get; } = [];

    /// <summary>When the rounds of each long loop ended, for each warp of each block; a negative number where the warp left the
    /// loop.</summary>
    public List<(int Block, List<long>[] Ends)> RoundEnds { get; } = [];

    /// <summary>Instructions issued.</summary>
    public long Issued { get; set; }

    /// <summary>Clocks that warps waited, for each instruction and reason.</summary>
    public long[,] Stalls { get; } = new long[instructions, StallReasons.Count];

    /// <summary>How often each instruction issued.</summary>
    public long[] Executed { get; } = new long[instructions];

    /// <summary>For each instruction the clocks of the load-store unit and of the tags of the first-level cache, and the bytes from and to the second-level cache and
    /// memory.</summary>
    public double[] UnitClocks { get; } = new double[instructions];

    /// <inheritdoc cref="UnitClocks"/>
    public double[] TagClocks { get; } = new double[instructions];

    /// <inheritdoc cref="UnitClocks"/>
    public double[] L2Bytes { get; } = new double[instructions];

    /// <inheritdoc cref="UnitClocks"/>
    public double[] MemoryBytes { get; } = new double[instructions];

    /// <summary>Clocks that warps lived, all together.</summary>
    public long WarpCycles { get; set; }

    /// <summary>Sectors that loads asked the first-level cache for, and found there.</summary>
    public long L1Sectors { get; set; }

    /// <inheritdoc cref="L1Sectors"/>
    public long L1Hits { get; set; }

    /// <summary>Adds what other blocks did.</summary>
    public void Add(MultiprocessorResult other)
    {
        (Cycles, Issued, WarpCycles) = (Cycles + other.Cycles, Issued + other.Issued, WarpCycles + other.WarpCycles);
        (L1Sectors, L1Hits) = (L1Sectors + other.L1Sectors, L1Hits + other.L1Hits);
        Blocks.AddRange(other.Blocks);
        RoundEnds.AddRange(other.RoundEnds);
        for (int i = 0; i < Executed.Length; i++)
        {
            Executed[i] += other.Executed[i];
            UnitClocks[i] += other.UnitClocks[i];
            TagClocks[i] += other.TagClocks[i];
            L2Bytes[i] += other.L2Bytes[i];
            MemoryBytes[i] += other.MemoryBytes[i];
            for (int r = 0; r < StallReasons.Count; r++)
                Stalls[i, r] += other.Stalls[i, r];
        }
    }
}
