// Attributes of functions, and how many of their blocks live on the GPU at once.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetAttribute")]
    static int FuncGetAttribute(int* value, int attribute, nint function) => Device.Call("cuFuncGetAttribute", () =>
        *value = Get(Device.Get<Function>(function), attribute));

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetAttribute")]
    static int FuncSetAttribute(nint function, int attribute, int value) => Device.Call("cuFuncSetAttribute", () =>
        Set(Device.Get<Function>(function), attribute, value));

    // CU_FUNC_ATTRIBUTE: threads of a block, shared, constant and local bytes, registers, versions, cache, dynamic shared bytes, carve-out;
    // cluster sizes.
    static int Get(Function function, int attribute) => attribute switch
    {
        0 => function.Kernel.MaxThreadsPerBlock,
        1 => function.Kernel.StaticSharedBytes,
        3 => (int)function.Facts.LocalBytes,
        4 => function.Registers,
        5 or 6 => Device.Gpu.Architecture,
        8 => function.AllowedDynamicBytes,
        2 or 7 or (>= 10 and <= 15) => 0,
        9 => function.CarveOut,
        _ => throw new DriverException(Result.InvalidValue),
    };

    static void Set(Function function, int attribute, int value)
    {
        switch (attribute)
        {
            case 8 when value >= 0 && value <= DeviceAttributes.MostSharedBytes - function.Kernel.StaticSharedBytes:
                function.MaxDynamicSharedBytes = value;
                break;
            case 9 when value is >= -1 and <= 100:
                function.CarveOut = value;
                break;
            case 10 or 11 or 12 when value <= 1:
            case 14 or 15:
                break; // clusters of one block, whose bounds and order are of no consequence
            default:
                throw new DriverException(Result.InvalidValue,
                    $"{function.Kernel.Name}: {value} cannot be the value of attribute {attribute}");
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetCacheConfig")]
    static int FuncSetCacheConfig(nint function, int config) => Device.Call("cuFuncSetCacheConfig", () => Device.Get<Function>(function));

    [UnmanagedCallersOnly(EntryPoint = "cuFuncSetSharedMemConfig")]
    static int FuncSetSharedMemConfig(nint function, int config) =>
        Device.Call("cuFuncSetSharedMemConfig", () => Device.Get<Function>(function));

    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetModule")]
    static int FuncGetModule(nint* module, nint function) =>
        Device.Call("cuFuncGetModule", () => *module = Device.Get<Function>(function).Module);

    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetName")]
    static int FuncGetName(byte** name, nint function) =>
        Device.Call("cuFuncGetName", () => *name = Device.Kept(Device.Get<Function>(function).Kernel.Name));

    [UnmanagedCallersOnly(EntryPoint = "cuFuncGetParamInfo")]
    static int FuncGetParameter(nint function, ulong index, ulong* offset, ulong* bytes) =>
        Device.Call("cuFuncGetParamInfo", () => PutParameter(function, index, offset, bytes));

    static void PutParameter(nint function, ulong index, ulong* offset, ulong* bytes)
    {
        (int Offset, int Bytes)[] parameters = [.. Device.Get<Function>(function).Parameters()];
        if (index >= (ulong)parameters.Length)
            throw new DriverException(Result.InvalidValue);
        *offset = (ulong)parameters[index].Offset;
        if (bytes != null)
            *bytes = (ulong)parameters[index].Bytes;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuFuncIsLoaded")]
    static int FuncIsLoaded(int* state, nint function) => Device.Call("cuFuncIsLoaded", () =>
    {
        Device.Get<Function>(function);
        *state = 1;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuFuncLoad")]
    static int FuncLoad(nint function) => Device.Call("cuFuncLoad", () => Device.Get<Function>(function));

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxActiveBlocksPerMultiprocessor")]
    static int OccupancyBlocks(int* blocks, nint function, int threads, ulong shared) =>
        Device.Call("cuOccupancyMaxActiveBlocksPerMultiprocessor", () =>
            *blocks = Device.Get<Function>(function).BlocksAtOnce(threads, (long)shared));

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags")]
    static int OccupancyBlocksWithFlags(int* blocks, nint function, int threads, ulong shared, uint flags) =>
        Device.Call("cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", () =>
            *blocks = Device.Get<Function>(function).BlocksAtOnce(threads, (long)shared));

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxPotentialBlockSize")]
    static int OccupancyBlockSize(int* grid, int* block, nint function, delegate* unmanaged<int, ulong> sharedOf, ulong shared, int most) =>
        Device.Call("cuOccupancyMaxPotentialBlockSize", () => BestBlock(grid, block, function, sharedOf, shared, most));

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxPotentialBlockSizeWithFlags")]
    static int OccupancyBlockSizeWithFlags(
        int* grid, int* block, nint function, delegate* unmanaged<int, ulong> sharedOf, ulong shared, int most, uint flags) =>
        Device.Call("cuOccupancyMaxPotentialBlockSizeWithFlags", () => BestBlock(grid, block, function, sharedOf, shared, most));

    static void BestBlock(int* grid, int* block, nint function, delegate* unmanaged<int, ulong> sharedOf, ulong shared, int most)
    {
        Function found = Device.Get<Function>(function);
        int limit = most > 0 ? Math.Min(most, found.Kernel.MaxThreadsPerBlock) : found.Kernel.MaxThreadsPerBlock;
        (int best, *block, *grid) = (0, 0, 0);
        for (int threads = limit; threads > 0; threads -= threads % 32 == 0 ? 32 : threads % 32)
        {
            int blocks = found.BlocksAtOnce(threads, (long)(sharedOf != null ? sharedOf(threads) : shared));
            if (blocks * threads > best)
                (best, *block, *grid) = (blocks * threads, threads, blocks * Device.Gpu.Multiprocessors);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyAvailableDynamicSMemPerBlock")]
    static int OccupancyShared(ulong* bytes, nint function, int blocks, int threads) =>
        Device.Call("cuOccupancyAvailableDynamicSMemPerBlock", () =>
        {
            Function found = Device.Get<Function>(function);
            if (blocks < 1 || found.BlocksAtOnce(threads, 0) < blocks)
                throw new DriverException(Result.InvalidValue);
            int each = Device.Gpu.SharedBytesPerMultiprocessor / blocks - Device.Gpu.SystemSharedBytesPerBlock
                - found.Kernel.StaticSharedBytes;
            *bytes = (ulong)Math.Clamp(each, 0, found.AllowedDynamicBytes);
        });

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxPotentialClusterSize")]
    static int OccupancyClusterSize(int* size, nint function, LaunchConfig* config) =>
        Device.Call("cuOccupancyMaxPotentialClusterSize", () =>
        {
            Device.Get<Function>(function);
            *size = 1;
        });

    [UnmanagedCallersOnly(EntryPoint = "cuOccupancyMaxActiveClusters")]
    static int OccupancyClusters(int* clusters, nint function, LaunchConfig* config) =>
        Device.Call("cuOccupancyMaxActiveClusters", () =>
        {
            _ = LaunchAttributes.Read(config);
            *clusters = Device.Gpu.Multiprocessors
                * Device.Get<Function>(function).BlocksAtOnce((int)config->Block.Count, config->SharedBytes);
        });
}
