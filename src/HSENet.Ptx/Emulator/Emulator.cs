// Launches kernels: checks the launch, spreads its blocks over the host's cores, merges what they found.
namespace HSENet.Ptx;

/// <summary>What all workers of a launch share.</summary>
readonly ref struct LaunchShape
{
    public required Dim3 Grid { get; init; }
    public required Dim3 Block { get; init; }
    public required int DynamicSharedBytes { get; init; }
    public required ReadOnlySpan<byte> Parameters { get; init; }
    public required RegionTable Regions { get; init; }
    public required EmulatorOptions Options { get; init; }

    /// <summary>Time of the race check; null when none is made.</summary>
    public LaunchOrder? Order { get; init; }

    /// <summary>Which launch of its memory it is, from 1.</summary>
    public uint Number { get; init; }
}

/// <summary>An emulated device: executes kernels on the allocations of a memory.</summary>
/// <param name="memory">What kernels reach, besides the variables of their modules.</param>
public sealed class Emulator(EmulatorMemory memory)
{
    /// <summary>Shared memory that a block may have at most, as on an H100.</summary>
    public const int MaxSharedBytes = 227 * 1024;

    const long MostLocalBytes = 1 << 28;

    /// <summary>The GPU that a cooperative launch has to fit.</summary>
    const string ResidentGpu = "h200";

    /// <summary>Idle blocks that are kept of a launch.</summary>
    const int MostPooled = 64;

    /// <summary>Instructions of warps for which it does not pay to wake other cores.</summary>
    const long SmallLaunch = 5_000;

    /// <summary>Runs a kernel to its end.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="block">Threads of a block.</param>
    /// <param name="dynamicSharedBytes">Bytes of the array that the kernel declares <c>.extern .shared</c>.</param>
    /// <param name="parameters">The parameters' bytes as the driver takes them: one after the other, each at its natural alignment.</param>
    /// <param name="options">What to check; null for <see cref="EmulatorOptions.Default"/>.</param>
    /// <exception cref="EmulatorException">Sizes or parameters do not fit the kernel, or it does not end.</exception>
    /// <exception cref="PtxException">The kernel has something that the emulator does not execute.</exception>
    public EmulatorResult Launch(
        EmulatorKernel kernel, Dim3 grid, Dim3 block, int dynamicSharedBytes, ReadOnlySpan<byte> parameters,
            EmulatorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        options ??= EmulatorOptions.Default;
        if (options is { SampledInstructions: > 0, Profile: true, Races: false, Cooperative: false, Observer: null, Blocks: null }
            && grid.Count > 1 && !kernel.Decoded(CheckLevel.Profile).Ordered)
            return Sample(kernel, grid, block, dynamicSharedBytes, parameters.ToArray(), options);
        if (!options.Races)
            return Run(kernel, grid, block, dynamicSharedBytes, parameters, options);
        lock (memory.RaceLock)
            return Run(kernel, grid, block, dynamicSharedBytes, parameters, options);
    }

    // By itself, so that other launches make no closure.
    EmulatorResult Sample(EmulatorKernel kernel, Dim3 grid, Dim3 block, int dynamicSharedBytes, byte[] parameters,
        EmulatorOptions options)
    {
        EmulatorResult sampled = BlockSample.Run(grid, kernel.Decoded(CheckLevel.Profile).DeclaredSharedBytes + dynamicSharedBytes > 0 ? 1
            : (int)((block.Count + 31) / 32), options.SampledInstructions, Threads(options), (blocks, warp) =>
            {
                EmulatorResult result = Run(kernel, grid, block, dynamicSharedBytes, parameters,
                    options with { Blocks = blocks, OnlyWarp = warp });
                // What the block's other warps would have written is no fault of this one.
                return warp != null && result.Findings.All(finding => finding.Kind == FindingKind.UninitialisedRead)
                    ? result with { Findings = [], FindingCount = 0 } : result;
            });
        // Nor is what blocks that did not run would have written a fault of the launches that follow.
        if (sampled.Profile!.BlocksRun < sampled.Profile.Blocks)
            memory.TrustAll();
        return sampled;
    }

    static int Threads(EmulatorOptions options) => options.Threads > 0 ? options.Threads : Environment.ProcessorCount;

    EmulatorResult Run(
        EmulatorKernel kernel, Dim3 grid, Dim3 block, int dynamicSharedBytes, ReadOnlySpan<byte> parameters, EmulatorOptions options)
    {
        CheckLevel level = options switch
        {
            { Races: true, Profile: true } => CheckLevel.All,
            { Races: true } => CheckLevel.Races,
            { Profile: true } => CheckLevel.Profile,
            { Checks: true } => CheckLevel.Access,
            _ => CheckLevel.Bounds,
        };
        if (level == CheckLevel.Bounds)
            memory.TrustAll();
        DecodedKernel decoded = kernel.Decoded(level);
        Check(kernel, decoded, grid, block, dynamicSharedBytes, parameters);
        LaunchOrder? order = options.Races ? new LaunchOrder(memory.RaceClock + 1, grid.Count) : null;
        LaunchShape shape = new()
        {
            Grid = grid,
            Block = block,
            DynamicSharedBytes = dynamicSharedBytes,
            Parameters = parameters,
            Options = options,
            Regions = memory.Regions(kernel.Module.Variables, options.Races),
            Order = order,
            Number = Interlocked.Increment(ref memory.Launches),
        };
        long blocks = options.Blocks?.Count ?? grid.Count;
        if (options.Cooperative)
            CheckResident(kernel, decoded, grid, block, dynamicSharedBytes);
        int workers = options.Cooperative ? (int)blocks
            : (int)Math.Min(blocks, Threads(options));
        if (!options.Cooperative && (decoded.Ordered || options.Races || options.Observer != null
            || decoded.InstructionsPerBlock < SmallLaunch / blocks))
            workers = 1;
        if (options.Races && kernel.Module.Variables != null)
            shape.Regions.ClearStamps(); // the module's variables may carry the times of another memory
        LaunchRun run = new(decoded, blocks, options);
        BlockState[] states = new BlockState[workers];
        for (int i = 0; i < workers; i++)
        {
            states[i] = Take(decoded, (int)((block.Count + 31) / 32));
            states[i].Prepare(shape);
        }
        try
        {
            if (options.Cooperative)
                run.WorkTogether(states);
            else if (workers == 1)
                run.Work(states[0]);
            else
                Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, i => run.Work(states[i]));
        }
        finally
        {
            // Also of a launch that was given up: what it touched is older than all that the next one does.
            memory.RaceClock = order?.Clock ?? memory.RaceClock;
        }
        run.ThrowIfFailed();
        EmulatorResult result = run.Result(states, block.Count);
        decoded.InstructionsPerBlock = result.WarpInstructions / blocks;
        for (int i = 0; i < workers && i < MostPooled; i++)
            decoded.Pool.Add(states[i]);
        GC.KeepAlive(shape.Regions);
        return result;
    }

    // The driver refuses a cooperative launch whose blocks do not live on the GPU at once.
    static void CheckResident(EmulatorKernel kernel, DecodedKernel decoded, Dim3 grid, Dim3 block, int dynamicSharedBytes)
    {
        GpuModel gpu = GpuModel.Find(ResidentGpu)!;
        int registers = KernelFacts.Of(kernel.Module.Program, kernel.Name).EstimatedLiveRegisters;
        Occupancy occupancy = Occupancy.Of(gpu, block.Count, registers, decoded.DeclaredSharedBytes + dynamicSharedBytes);
        long most = (long)occupancy.Blocks * gpu.Multiprocessors;
        if (grid.Count > most)
            throw new EmulatorException($"{kernel.Name}: a cooperative launch of {grid.Count} blocks: {most} blocks live on a {gpu.Name} "
                + $"at once ({occupancy.Limit})");
    }

    static BlockState Take(DecodedKernel kernel, int warps)
    {
        // A pooled block of another size is dropped: a kernel is nearly always launched with one.
        while (kernel.Pool.TryTake(out BlockState? state))
            if (state.Warps.Length == warps)
                return state;
        return new BlockState(kernel, warps);
    }

    static void Check(EmulatorKernel kernel, DecodedKernel decoded, Dim3 grid, Dim3 block, int dynamicSharedBytes,
        ReadOnlySpan<byte> parameters)
    {
        string name = kernel.Name;
        if (EmulatorKernel.GridFault(grid) is { } gridFault)
            throw new EmulatorException($"{name}: {gridFault}");
        if (block.X < 1 || block.Y < 1 || block.Z is < 1 or > 64 || block.Count > kernel.MaxThreadsPerBlock)
            throw new EmulatorException($"{name}: a block of {block} threads cannot be launched; it may have {kernel.MaxThreadsPerBlock}");
        if (kernel.LaunchFault(block) is { } fault)
            throw new EmulatorException($"{name}: {fault}");
        if (parameters.Length != decoded.ParameterBytes)
            throw new EmulatorException($"{name} takes {decoded.ParameterBytes} bytes of parameters, got {parameters.Length}");
        if ((long)decoded.LocalBytes * block.Count > MostLocalBytes)
            throw new EmulatorException($"{name}: {block.Count} threads with {decoded.LocalBytes} bytes of local memory are more than "
                + $"the emulator holds");
        int declared = decoded.DeclaredSharedBytes;
        if (dynamicSharedBytes < 0 || dynamicSharedBytes > MaxSharedBytes - declared)
            throw new EmulatorException($"{name}: {dynamicSharedBytes} bytes of dynamic and {declared} of static shared memory are not 0 "
                + $"to {MaxSharedBytes}");
    }
}
