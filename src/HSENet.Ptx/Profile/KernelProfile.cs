// A launch's counters summed up: what the kernel did, what it costs a GPU's memory and pipes, and what bounds it.
namespace HSENet.Ptx;

/// <summary>The profile of one launch on a named GPU. Counted in the emulator; nothing of it was measured on hardware.</summary>
public sealed class KernelProfile
{
    internal const int SectorBytes = 32;

    KernelProfile(KernelFacts facts, LaunchProfile counts, GpuModel gpu, long dynamicSharedBytes, long? bufferBytes,
        double? usefulOperations, int? registers, MachineWork? machine)
    {
        (Facts, Counts, Gpu) = (facts, counts, gpu);
        SharedBytesPerBlock = facts.StaticSharedBytes + dynamicSharedBytes;
        WarpInstructions = counts.WarpInstructions.Sum();
        LaneInstructions = counts.ActiveLanes.Sum();
        SortedDictionary<string, long> classes = new(StringComparer.Ordinal), operations = new(StringComparer.Ordinal),
            tensor = new(StringComparer.Ordinal);
        foreach ((int n, PtxInstruction instruction) in counts.Instructions.Index())
        {
            if (counts.WarpInstructions[n] == 0)
                continue;
            Add(classes, InstructionClass.Of(instruction), counts.WarpInstructions[n]);
            if (InstructionClass.LaneOperations(instruction) is { Type: { } type, Operations: int perLane })
                Add(operations, type, perLane * counts.ActiveLanes[n]);
            if (LaunchProfile.MatrixOperations(instruction) is > 0 and long perWarp)
                Add(tensor, InstructionClass.MatrixType(instruction), perWarp * counts.WarpInstructions[n]);
            if (instruction.Opcode is "bar" or "barrier" && !instruction.Has("warp"))
                Barriers += counts.WarpInstructions[n];
            if (instruction.Opcode is "bra" or "brx" && instruction.Predicate != null)
                Branches += counts.WarpInstructions[n];
        }
        (InstructionsByClass, OperationsByType, TensorOperationsByType) = (classes, operations, tensor);
        GlobalRequests = counts.GlobalRequests.Sum();
        GlobalSectors = counts.GlobalSectors.Sum();
        GlobalBytesAsked = counts.GlobalBytes.Sum();
        SharedRequests = counts.SharedRequests.Sum();
        SharedWavefronts = counts.SharedWavefronts.Sum();
        BankConflicts = SharedWavefronts - counts.SharedIdealWavefronts.Sum();
        LocalRequests = counts.LocalRequests.Sum();
        DivergentBranches = counts.DivergentBranches.Sum();
        MemoryBytes = Math.Min(GlobalBytesMoved, bufferBytes ?? long.MaxValue);
        Occupancy = Occupancy.Of(gpu, counts.Threads, registers ?? facts.EstimatedLiveRegisters, SharedBytesPerBlock);
        AssembledRegisters = registers;
        Spread = GridSpread.Of(gpu, counts, Occupancy);
        Machine = machine;
        Bound = KernelBound.Of(gpu, counts, Spread, MemoryBytes, bufferBytes ?? MemoryBytes, null);
        MachineBound = machine == null ? null : KernelBound.Of(gpu, counts, Spread, MemoryBytes, bufferBytes ?? MemoryBytes, machine);
        UsefulOperations = usefulOperations;
    }

    /// <summary>What can be said of the kernel without running it.</summary>
    public KernelFacts Facts { get; }

    /// <summary>The counters by instruction.</summary>
    public LaunchProfile Counts { get; }

    /// <summary>The GPU that occupancy and bound are of.</summary>
    public GpuModel Gpu { get; }

    /// <summary>Instructions that warps executed.</summary>
    public long WarpInstructions { get; }

    /// <summary>The same, counted once for each active lane.</summary>
    public long LaneInstructions { get; }

    /// <summary>Active lanes of an instruction on average, as a share of 32.</summary>
    public double LaneShare => Ratio(LaneInstructions, 32 * WarpInstructions);

    /// <summary>Instructions of warps by class.</summary>
    public IReadOnlyDictionary<string, long> InstructionsByClass { get; }

    /// <summary>Floating-point operations outside of tensor cores by type; a fused multiply-add is two.</summary>
    public IReadOnlyDictionary<string, long> OperationsByType { get; }

    /// <summary>Operations of tensor cores by the type of the factors, 2·m·n·k for an mma.</summary>
    public IReadOnlyDictionary<string, long> TensorOperationsByType { get; }

    /// <summary>All operations, of tensor cores and of others.</summary>
    public long Operations => OperationsByType.Values.Sum() + TensorOperationsByType.Values.Sum();

    /// <summary>Operations that the result needs, whatever the kernel; null when that is not known.</summary>
    public double? UsefulOperations { get; }

    /// <summary>10¹² useful operations a second if the launch took no longer than its bound; executed ones where useful ones are not
    /// known.</summary>
    public double TeraPerSecondAtBound => Bound.Microseconds == 0 ? 0 : (UsefulOperations ?? Operations) / Bound.Microseconds / 1e6;

    /// <summary>Share of the operations that tensor cores do, 0 to 1.</summary>
    public double TensorShare => Ratio(TensorOperationsByType.Values.Sum(), Operations);

    /// <summary>Accesses of warps to global memory.</summary>
    public long GlobalRequests { get; }

    /// <summary>Sectors of 32 bytes of all these accesses.</summary>
    public long GlobalSectors { get; }

    /// <summary>Sectors of an access; 4 is what 32 lanes with neighbouring 4-byte words need.</summary>
    public double SectorsPerRequest => Ratio(GlobalSectors, GlobalRequests);

    /// <summary>Bytes of those sectors: what comes to the multiprocessors when no cache in them helps.</summary>
    public long GlobalBytesMoved => GlobalSectors * SectorBytes;

    /// <summary>Bytes that the lanes asked for, the ideal of accesses in which no two lanes read the same.</summary>
    public long GlobalBytesAsked { get; }

    /// <summary>Bytes that memory has to give or take at least: the buffers' own when every byte is moved once, or fewer if the kernel
    /// moves fewer.</summary>
    public long MemoryBytes { get; }

    /// <summary>Accesses of warps to shared memory.</summary>
    public long SharedRequests { get; }

    /// <summary>Passes that they need.</summary>
    public long SharedWavefronts { get; }

    /// <summary>Passes that bank conflicts add.</summary>
    public long BankConflicts { get; }

    /// <summary>Accesses of warps to local memory.</summary>
    public long LocalRequests { get; }

    /// <summary>Shared memory of a block, static and dynamic.</summary>
    public long SharedBytesPerBlock { get; }

    /// <summary>Barriers of blocks, counted once for each warp that comes.</summary>
    public long Barriers { get; }

    /// <summary>Conditional branches of warps.</summary>
    public long Branches { get; }

    /// <summary>How often lanes of a warp parted.</summary>
    public long DivergentBranches { get; }

    /// <summary>Registers of a thread as an assembler gave them; null where only the estimate of <see cref="Facts"/> is known.</summary>
    public int? AssembledRegisters { get; }

    /// <summary>What the launch executes of its machine code; null where only PTX is known.</summary>
    public MachineWork? Machine { get; }

    /// <summary>Occupancy from registers and shared memory.</summary>
    public Occupancy Occupancy { get; }

    /// <summary>How the blocks spread over the GPU.</summary>
    public GridSpread Spread { get; }

    /// <summary>Operations for each byte of <see cref="MemoryBytes"/>.</summary>
    public double ArithmeticIntensity => Ratio(Operations, MemoryBytes);

    /// <summary>What limits the kernel on the GPU, with each instruction of PTX taken for one of the machine.</summary>
    public KernelBound Bound { get; }

    /// <summary>The same with the instructions of machine code; null where only PTX is known.</summary>
    public KernelBound? MachineBound { get; }

    /// <summary>Instructions with bank conflicts, the worst first.</summary>
    public IEnumerable<(PtxInstruction Instruction, long Requests, long Conflicts)> ConflictsByInstruction => Counts.Instructions
        .Select((instruction, n) => (instruction, Counts.SharedRequests[n], Counts.SharedWavefronts[n] - Counts.SharedIdealWavefronts[n]))
        .Where(row => row.Item3 > 0).OrderByDescending(row => row.Item3);

    /// <summary>Sums up a launch.</summary>
    /// <param name="module">The module that was launched.</param>
    /// <param name="entryName">The entry.</param>
    /// <param name="counts">What the emulator counted.</param>
    /// <param name="gpu">The GPU to compare with.</param>
    /// <param name="dynamicSharedBytes">Dynamic shared memory of the launch.</param>
    /// <param name="bufferBytes">Bytes of all buffers that the kernel may reach, or null when that is not known.</param>
    /// <param name="usefulOperations">Operations that the result needs, or null when that is not known.</param>
    /// <param name="registers">Registers of a thread as an assembler gave them, or null for an estimate.</param>
    /// <param name="machine">What the launch executes of its machine code, or null.</param>
    /// <exception cref="PtxException">The module has no such entry.</exception>
    public static KernelProfile Of(PtxModule module, string entryName, LaunchProfile counts, GpuModel gpu, long dynamicSharedBytes = 0,
        long? bufferBytes = null, double? usefulOperations = null, int? registers = null, MachineWork? machine = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(gpu);
        return new KernelProfile(KernelFacts.Of(module, entryName), counts, gpu, dynamicSharedBytes, bufferBytes,
            usefulOperations, registers, machine);
    }

    static void Add(SortedDictionary<string, long> sums, string key, long value) => sums[key] = sums.GetValueOrDefault(key) + value;

    static double Ratio(long value, long of) => of == 0 ? 0 : (double)value / of;
}
