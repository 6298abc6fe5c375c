// Predicts how long a launch of PTX takes on a GPU, from its machine code.
namespace HSENet.Ptx;

/// <summary>Predictions of time, without a GPU.</summary>
public static class PtxTiming
{
    /// <summary>Counts the changes of the model since its first predictions, which bench/ladders/changes.json lists.</summary>
    public const int Version = 13;

    // Buffers of a predicted launch have addresses and no memory, apart by more than a page of the GPU.
    const ulong FirstAddress = 0x7_0000_0000, Apart = 1 << 21;

    /// <summary>Error on published measurements that were not fitted (bench/results/timing.md), as shares: the mean one, and the
    /// largest.</summary>
    /// <param name="fromPtx">Of estimates from PTX alone; else of predictions from machine code.</param>
    public static (double Mean, double Largest) Error(bool fromPtx) => fromPtx ? TimingErrors.Ptx : TimingErrors.MachineCode;

    /// <summary>Addresses for buffers of a launch that is looked at and not run: they depend on the sizes alone, in order.</summary>
    /// <param name="bytes">Size of each buffer.</param>
    public static IEnumerable<ulong> Places(IEnumerable<long> bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ulong next = FirstAddress;
        foreach (long size in bytes)
        {
            yield return next;
            next += ((ulong)size / Apart + 2) * Apart;
        }
    }

    /// <summary>Predicts a launch.</summary>
    /// <param name="ptx">The text that has the kernel.</param>
    /// <param name="launch">The launch; buffers without values are taken for zeros.</param>
    /// <param name="gpu">Where it would run.</param>
    /// <param name="listing">The kernel's machine code for the GPU's architecture.</param>
    /// <param name="registers">Registers of a thread; 0 for those of the listing.</param>
    /// <exception cref="PtxException">The text is not PTX or has no such kernel.</exception>
    /// <exception cref="PtxLaunchException">Parameters do not fit the kernel.</exception>
    /// <exception cref="EmulatorException">The launch cannot be made, or the model does not follow the code.</exception>
    public static TimingPrediction Predict(string ptx, PtxLaunchFile launch, GpuModel gpu, MachineListing listing, int registers = 0)
    {
        ArgumentNullException.ThrowIfNull(launch);
        return Predict(Placed(ptx, launch), gpu, listing, registers);
    }

    /// <summary>Predicts a launch whose parameters are laid out already.</summary>
    /// <inheritdoc cref="Predict(string, PtxLaunchFile, GpuModel, MachineListing, int)"/>
    public static TimingPrediction Predict(TimedLaunch launch, GpuModel gpu, MachineListing listing, int registers = 0) =>
        Predict(launch, [gpu], listing, registers)[0];

    /// <summary>Predicts a launch on several GPUs from the same machine code.</summary>
    /// <inheritdoc cref="Predict(string, PtxLaunchFile, GpuModel, MachineListing, int)"/>
    public static IReadOnlyList<TimingPrediction> Predict(TimedLaunch launch, IReadOnlyList<GpuModel> gpus, MachineListing listing,
        int registers = 0)
    {
        ArgumentNullException.ThrowIfNull(launch);
        ArgumentNullException.ThrowIfNull(gpus);
        ArgumentNullException.ThrowIfNull(listing);
        IReadOnlyDictionary<int, string> sources = PtxSourceLines.Of(PtxModule.Parse(launch.Ptx));
        try
        {
            MachineKernel kernel = Kernel(launch, listing, out long shared);
            kernel.FindLeader();
            BlockSurvey survey = BlockSurvey.Of(kernel, kernel.Walk(0));
            return [.. gpus.Select(gpu => Run(gpu) with { Sources = sources })];

            // Warps or blocks that go round loops in a loop far more often than those that show which loops are cut may take too long:
            // then all loops are.
            TimingPrediction Run(GpuModel gpu)
            {
                try
                {
                    return Time(gpu);
                }
                catch (EmulatorException e) when (e.Message == MachineKernel.NoEnd && !kernel.CutsAll)
                {
                    kernel.CutsAll = true;
                    return Time(gpu);
                }
                finally
                {
                    kernel.CutsAll = false; // another GPU may do without
                }
            }

            TimingPrediction Time(GpuModel gpu) => KernelTimer.Predict(kernel, kernel.Walk(0), survey, gpu,
                registers > 0 ? registers : listing.Registers, shared, launch.BufferBytes);
        }
        catch (NotSupportedException e)
        {
            throw new EmulatorException(e.Message);
        }
    }

    /// <summary>Counts what a launch executes of its machine code, without timing it.</summary>
    /// <param name="ptx">The text that has the kernel.</param>
    /// <param name="launch">The launch; buffers without values are taken for zeros.</param>
    /// <param name="listing">The kernel's machine code.</param>
    /// <returns>Null where the model does not follow the code.</returns>
    /// <exception cref="PtxException">The text is not PTX or has no such kernel.</exception>
    /// <exception cref="PtxLaunchException">Parameters do not fit the kernel.</exception>
    public static MachineWork? Count(string ptx, PtxLaunchFile launch, MachineListing listing)
    {
        ArgumentNullException.ThrowIfNull(launch);
        return Count(Placed(ptx, launch), listing);
    }

    /// <summary>Counts what a launch whose parameters are laid out already executes of its machine code.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="listing">The kernel's machine code.</param>
    /// <returns>Null where the model does not follow the code.</returns>
    /// <exception cref="PtxException">The text is not PTX or has no such kernel.</exception>
    public static MachineWork? Count(TimedLaunch launch, MachineListing listing)
    {
        ArgumentNullException.ThrowIfNull(launch);
        ArgumentNullException.ThrowIfNull(listing);
        try
        {
            MachineKernel kernel = Kernel(launch, listing, out _);
            WarpWalk walk = kernel.Walk(0);
            return new MachineWork(listing, walk.Steps, BlockSurvey.Of(kernel, walk).Executed);
        }
        catch (Exception e) when (e is NotSupportedException or EmulatorException)
        {
            return null;
        }
    }

    /// <summary>Estimates a launch from PTX alone, where no machine code is at hand: the emulator runs the blocks of one multiprocessor,
    /// and a few rules stand in for an assembler. Much rougher than from machine code.</summary>
    /// <param name="ptx">The text that has the kernel.</param>
    /// <param name="launch">The launch; buffers without values are taken for zeros.</param>
    /// <param name="gpu">Where it would run.</param>
    /// <exception cref="PtxException">The text is not PTX, has no such kernel, or has something that the emulator does not
    /// execute.</exception>
    /// <exception cref="PtxLaunchException">Parameters do not fit the kernel.</exception>
    /// <exception cref="EmulatorException">The launch cannot be made, or the model does not know the GPU.</exception>
    public static TimingPrediction Estimate(string ptx, PtxLaunchFile launch, GpuModel gpu)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        ArgumentNullException.ThrowIfNull(launch);
        ArgumentNullException.ThrowIfNull(gpu);
        PtxFunction entry = Entry(PtxModule.Parse(ptx), launch.Kernel);
        using EmulatorMemory memory = new();
        using ZeroedMemory zeros = new();
        Dictionary<string, EmulatorAllocation> buffers = [];
        foreach (PtxLaunchBuffer buffer in launch.Buffers)
            buffers[buffer.Name] = buffer.Values != null ? memory.Allocate<byte>(buffer.Values, buffer.Name)
                : memory.Attach(zeros.Allocate(buffer.Bytes), buffer.Bytes, buffer.Name, readOnly: false);
        byte[] parameters = PtxLaunch.Parameters(launch, entry.Parameters, name => buffers[name].Address);
        return Estimate(new TimedLaunch(ptx, launch.Kernel, launch.Grid, launch.Block, launch.DynamicSharedBytes, parameters,
            launch.Buffers.Sum(buffer => buffer.Bytes), null), memory, gpu);
    }

    /// <summary>Estimates a launch whose parameters are laid out already.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="memory">The memory that its parameters point to; the launch writes to it.</param>
    /// <param name="gpu">Where it would run.</param>
    /// <param name="registers">Registers of a thread; 0 for an estimate of them, too.</param>
    /// <inheritdoc cref="Estimate(string, PtxLaunchFile, GpuModel)"/>
    public static TimingPrediction Estimate(TimedLaunch launch, EmulatorMemory memory, GpuModel gpu, int registers = 0)
    {
        ArgumentNullException.ThrowIfNull(launch);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(gpu);
        using EmulatorModule module = EmulatorModule.Load(launch.Ptx);
        KernelFacts facts = KernelFacts.Of(module.Program, launch.Kernel);
        TimingPrediction estimate = PtxEstimate.Predict(module.Kernel(launch.Kernel), new Emulator(memory), launch, gpu,
            registers > 0 ? registers : facts.EstimatedLiveRegisters, facts.StaticSharedBytes + launch.DynamicSharedBytes);
        return estimate with { Sources = PtxSourceLines.Of(module.Program) };
    }

    static MachineKernel Kernel(TimedLaunch launch, MachineListing listing, out long shared)
    {
        PtxModule module = PtxModule.Parse(launch.Ptx);
        if ((EmulatorKernel.GridFault(launch.Grid) ?? EmulatorKernel.BlockFault(Entry(module, launch.Kernel), launch.Block)) is { } fault)
            throw new EmulatorException($"{launch.Kernel}: {fault}");
        shared = KernelFacts.Of(module, launch.Kernel).StaticSharedBytes + launch.DynamicSharedBytes;
        MachineProgram program = new(listing);
        return new MachineKernel(program, launch.Grid, launch.Block, launch.Parameters, program.SharedStart + (int)shared, launch.Memory);
    }

    static TimedLaunch Placed(string ptx, PtxLaunchFile launch)
    {
        PtxFunction entry = Entry(PtxModule.Parse(ptx), launch.Kernel);
        (ulong Start, PtxLaunchBuffer Buffer)[] buffers = [.. Places(launch.Buffers.Select(buffer => buffer.Bytes)).Zip(launch.Buffers)];
        byte[] parameters = PtxLaunch.Parameters(launch, entry.Parameters,
            name => buffers.First(buffer => buffer.Buffer.Name == name).Start);
        return new TimedLaunch(ptx, launch.Kernel, launch.Grid, launch.Block, launch.DynamicSharedBytes, parameters,
            launch.Buffers.Sum(buffer => buffer.Bytes), address => Read(buffers, address));
    }

    static PtxFunction Entry(PtxModule module, string kernel) => module.Entries.FirstOrDefault(entry => entry.Name == kernel)
        ?? throw new PtxException(0, $"there is no kernel '{kernel}'");

    static uint Read((ulong Start, PtxLaunchBuffer Buffer)[] buffers, ulong address)
    {
        foreach ((ulong start, PtxLaunchBuffer buffer) in buffers)
        {
            if (buffer.Values == null || address < start || address >= start + (ulong)buffer.Values.Length)
                continue;
            uint value = 0;
            for (int b = 0; b < 4 && address - start + (ulong)b < (ulong)buffer.Values.Length; b++)
                value |= (uint)buffer.Values[(int)(address - start) + b] << 8 * b;
            return value;
        }
        return 0;
    }
}

/// <summary>A launch whose time is to be predicted.</summary>
/// <param name="Ptx">The text that has the kernel.</param>
/// <param name="Kernel">Name of the entry.</param>
/// <param name="Grid">Blocks.</param>
/// <param name="Block">Threads of a block.</param>
/// <param name="DynamicSharedBytes">Dynamic shared memory.</param>
/// <param name="Parameters">The parameters' bytes as the driver takes them.</param>
/// <param name="BufferBytes">Bytes of all buffers.</param>
/// <param name="Memory">Reads four bytes of global memory as it is before the launch; null for zeros.</param>
public sealed record TimedLaunch(string Ptx, string Kernel, Dim3 Grid, Dim3 Block, int DynamicSharedBytes, byte[] Parameters,
    long BufferBytes, Func<ulong, uint>? Memory);
