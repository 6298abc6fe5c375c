// Modules from PTX text, functions, launches, occupancy; streams and events, on which everything is done at once.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadData")]
    static int ModuleLoadData(nint* module, byte* image) => Device.Call("cuModuleLoadData", () => *module = Load(image));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadDataEx")]
    static int ModuleLoadDataEx(nint* module, byte* image, uint options, int* names, void** values) =>
        Device.Call("cuModuleLoadDataEx", () =>
        {
            // CU_JIT_INFO_LOG_BUFFER (3) and CU_JIT_ERROR_LOG_BUFFER (5) come with their sizes behind them (4, 6).
            for (uint n = 0; n < options; n++)
                if (names[n] is 4 or 6)
                    values[n] = null;
                else if (names[n] is 3 or 5 && values[n] != null)
                    *(byte*)values[n] = 0;
            *module = Load(image);
        });

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoad")]
    static int ModuleLoad(nint* module, byte* path) => Device.Call("cuModuleLoad", () =>
        *module = Device.Add(new LoadedModule(EmulatorModule.Load(File.ReadAllText(Device.Text(path))))));

    static nint Load(byte* image)
    {
        if (image[0] == 0x7f && image[1] == 'E' || *(uint*)image == 0xba55ed50)
            throw new DriverException(Result.NoBinaryForGpu, "the image is machine code; the emulator takes PTX text");
        return Device.Add(new LoadedModule(EmulatorModule.Load(Device.Text(image))));
    }

    [UnmanagedCallersOnly(EntryPoint = "cuModuleUnload")]
    static int ModuleUnload(nint module) => Device.Call("cuModuleUnload", () =>
    {
        EmulatorModule program = Device.Get<LoadedModule>(module).Module;
        Device.ForgetVariables(program);
        Device.Remove<LoadedModule>(module);
        program.Dispose();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetFunction")]
    static int ModuleGetFunction(nint* function, nint module, byte* name) => Device.Call("cuModuleGetFunction", () =>
    {
        LoadedModule owner = Device.Get<LoadedModule>(module);
        string text = Device.Text(name);
        if (!owner.Module.Kernels.TryGetValue(text, out EmulatorKernel? kernel))
            throw new DriverException(Result.NotFound, $"the module has no kernel '{text}'");
        *function = Device.Add(new Function(owner, kernel));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetGlobal_v2")]
    static int ModuleGetGlobal(ulong* address, ulong* bytes, nint module, byte* name) => Device.Call("cuModuleGetGlobal", () =>
    {
        EmulatorModule program = Device.Get<LoadedModule>(module).Module;
        string text = Device.Text(name);
        EmulatorAllocation variable = program.Variable(text)
            ?? throw new DriverException(Result.NotFound, $"the module has no variable '{text}'");
        Device.Know(program, variable);
        if (address != null)
            *address = variable.Address;
        if (bytes != null)
            *bytes = (ulong)variable.Bytes;
    });

    // CU_FUNC_ATTRIBUTE: threads of a block, shared, constant and local bytes, registers, versions, cache, dynamic shared bytes, carve-out.
    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetAttribute")]
    static int FuncGetAttribute(int* value, int attribute, nint function) => Device.Call("cuFuncGetAttribute", () =>
    {
        Function found = Device.Get<Function>(function);
        *value = attribute switch
        {
            0 => found.Kernel.MaxThreadsPerBlock,
            1 => found.Kernel.StaticSharedBytes,
            3 => (int)Facts(found).LocalBytes,
            4 => Registers(found),
            5 or 6 => Device.Gpu.Architecture,
            8 => AllowedDynamic(found),
            2 or 7 => 0,
            9 => -1,
            _ => throw new DriverException(Result.InvalidValue),
        };
    });

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetAttribute")]
    static int FuncSetAttribute(nint function, int attribute, int value) => Device.Call("cuFuncSetAttribute", () =>
    {
        Function found = Device.Get<Function>(function);
        if (attribute == 9)
            return; // how shared memory and first-level cache are parted
        if (attribute != 8 || value < 0 || value > MostShared - found.Kernel.StaticSharedBytes)
            throw new DriverException(Result.InvalidValue);
        found.MaxDynamicSharedBytes = value;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetCacheConfig")]
    static int FuncSetCacheConfig(nint function, int config) => Device.Call("cuFuncSetCacheConfig", () => Device.Get<Function>(function));

    static int MostShared => Device.Gpu.SharedBytesPerMultiprocessor - Device.Gpu.SystemSharedBytesPerBlock;

    static int AllowedDynamic(Function function) => function.MaxDynamicSharedBytes >= 0
        ? function.MaxDynamicSharedBytes : Device.DefaultSharedBytes - function.Kernel.StaticSharedBytes;

    static KernelFacts Facts(Function function) => KernelFacts.Of(function.Owner.Module.Program, function.Kernel.Name);

    static int Registers(Function function) => Math.Clamp(Facts(function).EstimatedLiveRegisters, 1, 255);

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxActiveBlocksPerMultiprocessor")]
    static int OccupancyBlocks(int* blocks, nint function, int threads, ulong shared) => Device.Call("cuOccupancyMaxActiveBlocks", () =>
        *blocks = BlocksOf(Device.Get<Function>(function), threads, (long)shared));

    static int BlocksOf(Function function, int threads, long shared) => threads < 1 || threads > function.Kernel.MaxThreadsPerBlock ? 0
        : Occupancy.Of(Device.Gpu, threads, Registers(function), function.Kernel.StaticSharedBytes + shared).Blocks;

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxPotentialBlockSize")]
    static int OccupancyBlockSize(
        int* grid, int* block, nint function, delegate* unmanaged<int, ulong> sharedOf, ulong shared, int most) =>
        Device.Call("cuOccupancyMaxPotentialBlockSize", () =>
        {
            Function found = Device.Get<Function>(function);
            int limit = most > 0 ? Math.Min(most, found.Kernel.MaxThreadsPerBlock) : found.Kernel.MaxThreadsPerBlock;
            (int best, *block, *grid) = (0, 0, 0);
            for (int threads = limit; threads > 0; threads -= threads % 32 == 0 ? 32 : threads % 32)
            {
                int blocks = BlocksOf(found, threads, (long)(sharedOf != null ? sharedOf(threads) : shared));
                if (blocks * threads > best)
                    (best, *block, *grid) = (blocks * threads, threads, blocks * Device.Gpu.Multiprocessors);
            }
        });

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchKernel")]
    static int LaunchKernel(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared,
        nint stream, byte** parameters, nint* extra) =>
            Device.Call("cuLaunchKernel", () => Launch(function, new Dim3((int)gridX, (int)gridY,
            (int)gridZ), new Dim3((int)blockX, (int)blockY, (int)blockZ), (int)shared, parameters, extra, cooperative: false));

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchCooperativeKernel")]
    static int LaunchCooperative(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared,
        nint stream, byte** parameters) => Device.Call("cuLaunchCooperativeKernel", () => Launch(function, new Dim3((int)gridX, (int)gridY,
            (int)gridZ), new Dim3((int)blockX, (int)blockY, (int)blockZ), (int)shared, parameters, null, cooperative: true));

    static void Launch(nint handle, Dim3 grid, Dim3 block, int shared, byte** parameters, nint* extra, bool cooperative)
    {
        Function function = Device.Get<Function>(handle);
        if (shared > AllowedDynamic(function))
            throw new DriverException(Result.InvalidValue, $"{function.Kernel.Name}: {shared} bytes of dynamic shared memory; "
                + $"{AllowedDynamic(function)} are allowed until cuFuncSetAttribute allows more");
        Reports.Write(function.Kernel.Name, new Emulator(Device.Memory).Launch(function.Kernel, grid, block, shared,
            Parameters(function, parameters, extra), Reports.Options(cooperative)));
    }

    // The parameters one after the other, from a list of their addresses or from a buffer that has them already.
    static byte[] Parameters(Function function, byte** parameters, nint* extra)
    {
        byte[] bytes = new byte[function.Kernel.ParameterBytes];
        if (parameters == null && extra != null)
        {
            byte* buffer = null;
            ulong size = 0;
            for (nint* word = extra; *word != 0; word += 2)
                if (*word == 1)
                    buffer = (byte*)word[1];
                else if (*word == 2)
                    size = *(ulong*)word[1];
            new ReadOnlySpan<byte>(buffer, (int)Math.Min(size, (ulong)bytes.Length)).CopyTo(bytes);
            return bytes;
        }
        int at = 0, number = 0;
        PtxFunction entry = function.Owner.Module.Program.Entries.First(entry => entry.Name == function.Kernel.Name);
        foreach (PtxVariable parameter in entry.Parameters)
        {
            at = (at + parameter.Alignment - 1) / parameter.Alignment * parameter.Alignment;
            new ReadOnlySpan<byte>(parameters[number++], (int)parameter.Bytes).CopyTo(bytes.AsSpan(at));
            at += (int)parameter.Bytes;
        }
        return bytes;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreate")]
    static int StreamCreate(nint* stream, uint flags) => Device.Call("cuStreamCreate", () => *stream = Device.Add(new object()));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreateWithPriority")]
    static int StreamCreateWithPriority(nint* stream, uint flags, int priority) =>
        Device.Call("cuStreamCreateWithPriority", () => *stream = Device.Add(new object()));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamDestroy_v2")]
    static int StreamDestroy(nint stream) => Device.Call("cuStreamDestroy", () => Device.Remove<object>(stream));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamSynchronize")]
    static int StreamSynchronize(nint stream) => Device.Call("cuStreamSynchronize", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamQuery")]
    static int StreamQuery(nint stream) => Device.Call("cuStreamQuery", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWaitEvent")]
    static int StreamWaitEvent(nint stream, nint moment, uint flags) => Device.Call("cuStreamWaitEvent", () => Device.Get<Moment>(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuEventCreate")]
    static int EventCreate(nint* moment, uint flags) => Device.Call("cuEventCreate", () => *moment = Device.Add(new Moment()));

    [UnmanagedCallersOnly(EntryPoint = "cuEventDestroy_v2")]
    static int EventDestroy(nint moment) => Device.Call("cuEventDestroy", () => Device.Remove<Moment>(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuEventRecord")]
    static int EventRecord(nint moment, nint stream) =>
        Device.Call("cuEventRecord", () => Device.Get<Moment>(moment).Ticks = Stopwatch.GetTimestamp());

    [UnmanagedCallersOnly(EntryPoint = "cuEventSynchronize")]
    static int EventSynchronize(nint moment) => Device.Call("cuEventSynchronize", () => Device.Get<Moment>(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuEventQuery")]
    static int EventQuery(nint moment) => Device.Call("cuEventQuery", () => Device.Get<Moment>(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuEventElapsedTime")]
    static int EventElapsedTime(float* milliseconds, nint start, nint end) => Device.Call("cuEventElapsedTime", () =>
    {
        (long from, long to) = (Device.Get<Moment>(start).Ticks, Device.Get<Moment>(end).Ticks);
        if (from < 0 || to < 0)
            throw new DriverException(Result.InvalidHandle, "an event was not recorded");
        *milliseconds = (float)Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
    });
}
