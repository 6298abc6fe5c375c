// A GPU as data: what its maker says it can do at most, and what the model of time takes it to do. gpus.json has the figures.
namespace HSENet.Ptx;

/// <summary>
/// What a GPU does in which time: nominal rates for bounds and occupancy, sustained clocks, attainable bandwidths and latencies for
/// predictions. Rates are of one multiprocessor and clock unless they say a second; latencies are clocks of the multiprocessors.
/// </summary>
public sealed record GpuModel
{
    internal GpuModel()
    {
    }

    /// <summary>All GPUs of the table.</summary>
    public static IReadOnlyList<GpuModel> All => GpuTable.Gpus;

    /// <summary>The GPU with a short name, in small or capital letters; null when the table has none.</summary>
    public static GpuModel? Find(string key) => All.FirstOrDefault(gpu => gpu.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>Short name: <c>h200</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Where its nominal figures stand.</summary>
    public required string Source { get; init; }

    /// <summary>Every figure of the table with its source.</summary>
    public required IReadOnlyList<GpuFigure> Figures { get; init; }

    /// <summary>What kernels are assembled for: 90 means sm_90.</summary>
    public required int Architecture { get; init; }

    /// <summary>The same as an assembler names it: <c>sm_90</c>.</summary>
    public string Target => $"sm_{Architecture}";

    /// <summary>Streaming multiprocessors.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>Warps that live on a multiprocessor at once.</summary>
    public required int WarpsPerMultiprocessor { get; init; }

    /// <summary>Blocks that live on a multiprocessor at once.</summary>
    public required int BlocksPerMultiprocessor { get; init; }

    /// <summary>32-bit registers of a multiprocessor.</summary>
    public required int RegistersPerMultiprocessor { get; init; }

    /// <summary>Shared memory of a multiprocessor, what the system keeps of it included.</summary>
    public required int SharedBytesPerMultiprocessor { get; init; }

    /// <summary>Shared memory that the system keeps of each block.</summary>
    public required int SystemSharedBytesPerBlock { get; init; }

    /// <summary>First-level cache and shared memory of a multiprocessor together, bytes.</summary>
    public required int L1Bytes { get; init; }

    /// <summary>Second-level cache, bytes.</summary>
    public required long L2Bytes { get; init; }

    /// <summary>Width of the bus to memory, bits.</summary>
    public required int BusBits { get; init; }

    /// <summary>Highest clock, 10⁹ a second: what f32 rates are given for.</summary>
    public required double BoostGigahertz { get; init; }

    /// <summary>The clock that the maker gives the tensor cores' rates for.</summary>
    public required double TensorBoostGigahertz { get; init; }

    /// <summary>The clock that is held while the tensor cores idle.</summary>
    public required double SustainedGigahertz { get; init; }

    /// <summary>The clock that is held at least, however busy the tensor cores are.</summary>
    public required double SustainedTensorGigahertz { get; init; }

    /// <summary>By how much the sustained clock would fall if the tensor cores did <see cref="TensorOperationsPerClock"/> all the time.</summary>
    public required double TensorDropGigahertz { get; init; }

    /// <summary>Instructions that the schedulers start.</summary>
    public required int IssuesPerClock { get; init; }

    /// <summary>f32 results.</summary>
    public required int F32LanesPerClock { get; init; }

    /// <summary>f64 results, without tensor cores.</summary>
    public required int F64LanesPerClock { get; init; }

    /// <summary>Instructions of lanes on f16 or bf16, or on pairs of them.</summary>
    public required int HalfLanesPerClock { get; init; }

    /// <summary>32-bit integer results.</summary>
    public required int IntegerLanesPerClock { get; init; }

    /// <summary>Exponentials, logarithms, reciprocals and roots.</summary>
    public required int SpecialLanesPerClock { get; init; }

    /// <summary>Dense operations of the tensor cores on f16 and bf16 with f32 sums, by the instruction that reaches most.</summary>
    public required double TensorOperationsPerClock { get; init; }

    /// <summary>The same by <c>mma</c>: on Hopper only <c>wgmma</c> reaches all.</summary>
    public required double MmaOperationsPerClock { get; init; }

    /// <summary>What f16 sums gain over f32 sums.</summary>
    public required int HalfSumsFactor { get; init; }

    /// <summary>What factors of 8 bits gain over those of 16 with f32 sums.</summary>
    public required int EightBitFactor { get; init; }

    /// <summary>Bandwidth of memory on paper, 10⁹ bytes a second.</summary>
    public required double MemoryGigabytesPerSecond { get; init; }

    /// <summary>Bandwidth that a copy reaches, bytes read and written.</summary>
    public required double AttainableMemoryGigabytesPerSecond { get; init; }

    /// <summary>Bytes that the second-level cache hands out in a clock to all; null where the maker does not say.</summary>
    public required double? Level2BytesPerClock { get; init; }

    /// <summary>Bytes that a multiprocessor takes from the second-level cache in a clock at most.</summary>
    public required int PortBytesPerClock { get; init; }

    /// <summary>The same when all multiprocessors ask.</summary>
    internal double AttainableL2BytesPerClock { get; init; }

    /// <summary>Clocks of the load-store unit for any request.</summary>
    internal int LoadStoreSlot { get; init; }

    /// <summary>Clocks of a scheduler's address unit for a request.</summary>
    internal int AddressUnit { get; init; }

    /// <summary>Requests that a scheduler may have waiting for the load-store unit.</summary>
    internal int Queue { get; init; }

    /// <summary>Clocks from issue to the load-store unit.</summary>
    internal int ToUnit { get; init; }

    /// <summary>Clocks from issue to a result from shared memory; 16-byte loads take two more.</summary>
    internal int SharedLatency { get; init; }

    /// <summary>Clocks from issue to a result from the first-level cache.</summary>
    internal int L1Latency { get; init; }

    /// <summary>Clocks from the load-store unit to a result from the second-level cache.</summary>
    internal int L2Latency { get; init; }

    /// <summary>Clocks from the load-store unit to a result from memory.</summary>
    internal int MemoryLatency { get; init; }

    /// <summary>Clocks to a special register, a loaded constant, a special function.</summary>
    internal int ConstantLatency { get; init; }

    /// <summary>Clocks after a barrier is complete.</summary>
    internal int BarrierClocks { get; init; }

    /// <summary>Clocks after a branch that is taken.</summary>
    internal int BranchClocks { get; init; }

    /// <summary>Clocks of an asynchronous copy beyond its load.</summary>
    internal int CopyClocks { get; init; }

    /// <summary>Clocks for which an unused share of a bandwidth may be saved.</summary>
    internal int BurstClocks { get; init; }

    /// <summary>By how much a latency beyond the first-level cache varies, as a share of it.</summary>
    internal double LatencySpread { get; init; }

    /// <summary>Microseconds from one launch to the next when launches follow each other.</summary>
    internal double LaunchMicroseconds { get; init; }

    /// <summary>Share of a launch's buffers that stays in the second-level cache for the same launch after it: all of them up to half of
    /// the cache, none where they do not fit.</summary>
    internal double KeptInLevel2(long bufferBytes) => Math.Clamp(2 - 2.0 * bufferBytes / L2Bytes, 0, 1);

    /// <summary>10¹² operations a second of the tensor cores on f16 and bf16 with f32 sums, on paper.</summary>
    public double TensorTera => Tera(TensorOperationsPerClock, TensorBoostGigahertz);

    /// <summary>10¹² operations a second of f32, a fused multiply-add counted as two, on paper.</summary>
    public double F32Tera => Tera(2 * F32LanesPerClock, BoostGigahertz);

    /// <summary>Operations of a multiprocessor's tensor cores in a clock by <c>mma</c>.</summary>
    /// <param name="factors">Type of the factors: <c>bf16</c>, <c>f16</c>, <c>tf32</c>, <c>s8</c>, <c>u8</c>.</param>
    /// <param name="halfSums">Whether sums are f16.</param>
    internal double MmaOperations(string factors, bool halfSums) => MmaOperationsPerClock * factors switch
    {
        "s8" or "u8" => EightBitFactor,
        "tf32" => 0.5,
        _ => halfSums ? HalfSumsFactor : 1,
    };

    /// <summary>10¹² operations a second of an <c>mma</c> on all multiprocessors.</summary>
    internal double MmaTera(PtxInstruction mma) =>
        Tera(MmaOperations(InstructionClass.MatrixType(mma), mma.Types[0].Word() == "f16"), TensorBoostGigahertz);

    /// <summary>Clocks of a scheduler's pipes for an instruction of a warp.</summary>
    internal double F32Clocks => PipeClocks(F32LanesPerClock);

    /// <inheritdoc cref="F32Clocks"/>
    internal double F64Clocks => PipeClocks(F64LanesPerClock);

    /// <inheritdoc cref="F32Clocks"/>
    internal double HalfClocks => PipeClocks(HalfLanesPerClock);

    /// <inheritdoc cref="F32Clocks"/>
    internal double IntegerClocks => PipeClocks(IntegerLanesPerClock);

    /// <inheritdoc cref="F32Clocks"/>
    internal double SpecialClocks => PipeClocks(SpecialLanesPerClock);

    /// <summary>Bytes a clock of memory for each multiprocessor, when all ask.</summary>
    internal double MemoryBytesPerClock => AttainableMemoryGigabytesPerSecond / SustainedGigahertz / Multiprocessors;

    /// <summary>The sustained clock while <c>mma</c> keeps the tensor cores busy for a share of the time, from 0 to 1. What the clock falls by is
    /// known for the instruction that reaches most; it falls with the operations, of which <c>mma</c> may do fewer.</summary>
    internal double Clock(double mmaBusy) => Math.Max(SustainedTensorGigahertz,
        SustainedGigahertz - TensorDropGigahertz * mmaBusy * MmaOperationsPerClock / TensorOperationsPerClock);

    double PipeClocks(int lanes) => 32.0 * IssuesPerClock / lanes;

    double Tera(double operationsPerClock, double gigahertz) => Multiprocessors * operationsPerClock * gigahertz / 1e3;
}

/// <summary>One number of a GPU.</summary>
/// <param name="Name">Its name in the table: <c>l2_latency</c>.</param>
/// <param name="Value">The number.</param>
/// <param name="Source">Where it stands or was measured, or that it was fitted or assumed.</param>
public sealed record GpuFigure(string Name, double Value, string Source);
