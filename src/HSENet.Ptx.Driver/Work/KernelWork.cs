// A launch: checked against the GPU and the function when it is given, run by the emulator.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

/// <summary>A module with the functions that were asked for; a library is one, too.</summary>
sealed class LoadedModule(EmulatorModule module)
{
    public EmulatorModule Module => module;

    /// <summary>Handles by name of the kernel.</summary>
    public Dictionary<string, nint> Functions { get; } = [];
}

/// <summary>A kernel and what was set for it.</summary>
sealed class Function(nint module, LoadedModule owner, EmulatorKernel kernel)
{
    const int MaxThreads = 1024;

    public nint Module => module;

    public LoadedModule Owner => owner;

    public EmulatorKernel Kernel => kernel;

    public int MaxDynamicSharedBytes { get; set; } = -1;

    public int CarveOut { get; set; } = -1;

    public KernelFacts Facts => KernelFacts.Of(owner.Module.Program, kernel.Name);

    public PtxFunction Entry => owner.Module.Program.Entries.First(entry => entry.Name == kernel.Name);

    public int Registers => Math.Clamp(Facts.EstimatedLiveRegisters, 1, 255);

    public int AllowedDynamicBytes => MaxDynamicSharedBytes >= 0
        ? MaxDynamicSharedBytes : DeviceAttributes.DefaultSharedBytes - kernel.StaticSharedBytes;

    /// <summary>Blocks that live on a multiprocessor at once; 0 where none fits.</summary>
    public int BlocksAtOnce(int threads, long dynamicShared) => threads < 1 || threads > kernel.MaxThreadsPerBlock
        || dynamicShared > AllowedDynamicBytes ? 0
        : Occupancy.Of(Device.Gpu, threads, Registers, kernel.StaticSharedBytes + dynamicShared).Blocks;

    /// <summary>Offset and size of every parameter in the buffer that a launch takes.</summary>
    public IEnumerable<(int Offset, int Bytes)> Parameters()
    {
        int at = 0;
        foreach (PtxVariable parameter in Entry.Parameters)
        {
            at = (at + parameter.Alignment - 1) / parameter.Alignment * parameter.Alignment;
            yield return (at, (int)parameter.Bytes);
            at += (int)parameter.Bytes;
        }
    }

    /// <summary>Refuses what a driver refuses.</summary>
    public void Check(Dim3 grid, Dim3 block, int shared, bool cooperative)
    {
        if (grid.X < 1 || grid.Y is < 1 or > 65535 || grid.Z is < 1 or > 65535 || block.X < 1 || block.Y < 1 || block.Z is < 1 or > 64
            || block.Count > MaxThreads)
            throw new DriverException(Result.InvalidValue, $"{kernel.Name}: a grid of {grid} blocks of {block} threads cannot be launched");
        if (block.Count > kernel.MaxThreadsPerBlock)
            throw new DriverException(Result.LaunchOutOfResources,
                $"{kernel.Name}: a block of {block} threads; it is compiled for {kernel.MaxThreadsPerBlock}");
        if (shared > AllowedDynamicBytes)
            throw new DriverException(Result.InvalidValue, $"{kernel.Name}: {shared} bytes of dynamic shared memory; "
                + $"{AllowedDynamicBytes} are allowed until cuFuncSetAttribute allows more");
        long most = cooperative ? (long)BlocksAtOnce((int)block.Count, shared) * Device.Gpu.Multiprocessors : long.MaxValue;
        if (grid.Count > most)
            throw new DriverException(Result.CooperativeLaunchTooLarge,
                $"{kernel.Name}: {grid.Count} blocks have to run together, {most} live on a {Device.Gpu.Name} at once");
    }
}

sealed unsafe class KernelWork : Work
{
    // CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE.
    const int BufferPointer = 1, BufferSize = 2;

    readonly byte[] _parameters;
    nint _list;

    public KernelWork(nint handle, Dim3 grid, Dim3 block, uint shared, byte** parameters, nint* extra, bool cooperative)
        : base(NodeKind.Kernel)
    {
        (Handle, Function) = (handle, Device.Get<Function>(handle));
        (Grid, Block, SharedBytes, Cooperative) = (grid, block, shared, cooperative);
        Function.Check(grid, block, (int)Math.Min(shared, int.MaxValue), cooperative);
        _parameters = Read(Function, parameters, extra);
    }

    public nint Handle { get; }

    public Function Function { get; }

    public Dim3 Grid { get; }

    public Dim3 Block { get; }

    public uint SharedBytes { get; }

    public bool Cooperative { get; }

    /// <summary>The addresses of the parameters' values, for a program that asks for them.</summary>
    public byte** ParameterList()
    {
        (int Offset, int Bytes)[] places = [.. Function.Parameters()];
        if (_list == 0)
        {
            // Lives as long as graphs may: a program keeps the address.
            _list = (nint)NativeMemory.Alloc((nuint)(places.Length * sizeof(nint) + _parameters.Length));
            Span<byte> values = new((byte*)_list + places.Length * sizeof(nint), _parameters.Length);
            _parameters.CopyTo(values);
            for (int n = 0; n < places.Length; n++)
                ((nint*)_list)[n] = _list + places.Length * sizeof(nint) + places[n].Offset;
        }
        return (byte**)_list;
    }

    public override void Run()
    {
        EmulatorResult result;
        try
        {
            result = new Emulator(DeviceMemory.Memory).Launch(Function.Kernel, Grid, Block, (int)SharedBytes, _parameters,
                Reports.Options(Cooperative));
        }
        catch (EmulatorException failure)
        {
            // A kernel that does not come to its end leaves the context unusable.
            Device.Failure = failure.Message.Contains("failed assertion", StringComparison.Ordinal) ? Result.Assert : Result.LaunchFailed;
            Reports.Write(this, failure);
            throw new DriverException(Device.Failure, failure.Message);
        }
        Reports.Write(Function.Kernel.Name, result);
    }

    // The parameters one after the other, from a list of their addresses or from a buffer that has them already.
    static byte[] Read(Function function, byte** parameters, nint* extra)
    {
        byte[] bytes = new byte[function.Kernel.ParameterBytes];
        if (parameters == null && extra != null)
        {
            byte* buffer = null;
            ulong size = 0;
            for (nint* word = extra; *word != 0; word += 2)
                if (*word == BufferPointer)
                    buffer = (byte*)word[1];
                else if (*word == BufferSize)
                    size = *(ulong*)word[1];
            new ReadOnlySpan<byte>(buffer, (int)Math.Min(size, (ulong)bytes.Length)).CopyTo(bytes);
            return bytes;
        }
        int number = 0;
        foreach ((int offset, int size) in function.Parameters())
            new ReadOnlySpan<byte>(parameters[number++], size).CopyTo(bytes.AsSpan(offset));
        return bytes;
    }
}
