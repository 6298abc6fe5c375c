// What a GPU's multiprocessor does in how many clocks: the parameters of the model of time.
namespace HSENet.Ptx;

/// <summary>
/// Parameters of one GPU. Clocks are the multiprocessor's. Where a figure comes from stands in <see cref="TimingGpus"/>.
/// </summary>
sealed record TimingGpu
{
    /// <summary>The figures on paper: multiprocessors, warps, shared memory, bandwidth.</summary>
    public required GpuModel Model { get; init; }

    /// <summary>The machine code that it runs.</summary>
    public required string Architecture { get; init; }

    /// <summary>Sustained clock when the tensor cores idle, and by how much it falls when they are busy all the time; 10⁹ a
    /// second.</summary>
    public required double Gigahertz { get; init; }

    /// <inheritdoc cref="Gigahertz"/>
    public double TensorDrop { get; init; }

    /// <summary>The lowest that load brings it to.</summary>
    public double LeastGigahertz { get; init; }

    /// <summary>Clocks of the load-store unit for any request.</summary>
    public required int Slot { get; init; }

    /// <summary>Clocks of a scheduler's address unit for a request.</summary>
    public required int AddressUnit { get; init; }

    /// <summary>Requests that a scheduler may have waiting for the load-store unit.</summary>
    public int Queue { get; init; } = 5;

    /// <summary>Clocks from issue to the load-store unit.</summary>
    public int ToUnit { get; init; } = 10;

    /// <summary>Clocks from issue to a result from shared memory; 16-byte loads take two more.</summary>
    public int SharedLatency { get; init; } = 24;

    /// <summary>Clocks from issue to a result from the first-level cache.</summary>
    public int L1Latency { get; init; } = 32;

    /// <summary>Clocks from the load-store unit to a result from the second-level cache, and from memory.</summary>
    public required int L2Latency { get; init; }

    /// <inheritdoc cref="L2Latency"/>
    public required int MemoryLatency { get; init; }

    /// <summary>First-level cache and shared memory together, bytes.</summary>
    public required int L1Bytes { get; init; }

    /// <summary>Second-level cache, bytes.</summary>
    public required long L2Bytes { get; init; }

    /// <summary>Bytes a clock that the second-level cache gives a multiprocessor when all ask, and when few do.</summary>
    public required double L2Share { get; init; }

    /// <inheritdoc cref="L2Share"/>
    public double L2Burst { get; init; } = 64;

    /// <summary>Share of the memory's bandwidth that a copy reaches.</summary>
    public double MemoryReached { get; init; } = 0.92;

    /// <summary>Clocks for which an unused share of a bandwidth may be saved.</summary>
    public int BurstClocks { get; init; } = 4000;

    /// <summary>Clocks of a scheduler's pipes for an instruction of a warp.</summary>
    public double FloatClocks { get; init; } = 1;

    /// <inheritdoc cref="FloatClocks"/>
    public double IntegerClocks { get; init; } = 2;

    /// <inheritdoc cref="FloatClocks"/>
    public double HalfClocks { get; init; } = 1;

    /// <inheritdoc cref="FloatClocks"/>
    public double DoubleClocks { get; init; } = 64;

    /// <inheritdoc cref="FloatClocks"/>
    public double SpecialClocks { get; init; } = 8;

    /// <summary>Operations that a scheduler's tensor core does in a clock with factors of 16 bits, by mma.sync.</summary>
    public required double TensorOperations { get; init; }

    /// <summary>Clocks to a special register, a loaded constant, a special function.</summary>
    public int ConstantLatency { get; init; } = 26;

    /// <summary>Clocks after a barrier is complete, after a branch that is taken, and of an asynchronous copy beyond its load.</summary>
    public int BarrierClocks { get; init; } = 12;

    /// <inheritdoc cref="BarrierClocks"/>
    public int BranchClocks { get; init; } = 8;

    /// <inheritdoc cref="BarrierClocks"/>
    public int CopyClocks { get; init; } = 10;

    /// <summary>By how much a latency beyond the first-level cache varies, as a share of it.</summary>
    public double Spread { get; init; } = 0.2;

    /// <summary>Microseconds from one launch to the next when launches follow each other.</summary>
    public double LaunchMicroseconds { get; init; } = 2;

    /// <summary>Where each parameter comes from, in the words of a table.</summary>
    public required IReadOnlyList<(string What, string Source)> Sources { get; init; }

    /// <summary>Bytes a clock of memory for each multiprocessor.</summary>
    public double MemoryShare => Model.MemoryGigabytesPerSecond * MemoryReached / Gigahertz / Model.Multiprocessors;

    /// <summary>The clock at a load of the tensor cores from 0 to 1.</summary>
    public double Clock(double tensorLoad) => Math.Max(LeastGigahertz, Gigahertz - TensorDrop * tensorLoad);
}
