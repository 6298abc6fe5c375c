// What a program may ask of the device: the named GPU's limits.
namespace HSENet.Ptx.Driver;

static class DeviceAttributes
{
    /// <summary>Shared memory of a block that needs no permission.</summary>
    public const int DefaultSharedBytes = 48 * 1024;

    public const string BusId = "0000:01:00.0";

    /// <summary>Shared memory of a block with permission.</summary>
    public static int MostSharedBytes => Device.Gpu.SharedBytesPerMultiprocessor - Device.Gpu.SystemSharedBytesPerBlock;

    /// <summary>The value of a CUdevice_attribute; what is not here is 0: the device does not have it.</summary>
    public static int Of(int attribute) => attribute switch
    {
        1 or 2 or 3 => 1024,
        4 => 64,
        5 => int.MaxValue,
        6 or 7 => 65535,
        8 => DefaultSharedBytes,
        9 => 65536,
        10 => 32,
        11 => int.MaxValue,
        12 or 82 => Device.Gpu.RegistersPerMultiprocessor,
        13 => (int)(Device.Gpu.BoostGigahertz * 1e6),
        14 => 512,
        // Overlap, mapped host memory, concurrent kernels, engines, unified addresses, priorities, caches, managed memory (concurrently),
        // registered pointers, waits for values, cooperative launches, registered host memory, pools.
        15 or 19 or 31 or 40 or 41 or 78 or 79 or 80 or 83 or 89 or 90 or 91 or 95 or 99 or 115 or 122 => 1,
        16 => Device.Gpu.Multiprocessors,
        33 => 1,
        36 => (int)(Device.Gpu.MemoryGigabytesPerSecond * 1e6 / (Device.Gpu.BusBits / 4.0)), // kHz, of which each moves two bits
        37 => Device.Gpu.BusBits,
        38 => (int)Device.Gpu.L2Bytes,
        39 => 32 * Device.Gpu.WarpsPerMultiprocessor,
        51 => 32,
        75 => Device.Gpu.Architecture / 10,
        76 => Device.Gpu.Architecture % 10,
        81 => Device.Gpu.SharedBytesPerMultiprocessor,
        87 => Device.Gpu.F32LanesPerClock / Device.Gpu.F64LanesPerClock,
        97 => MostSharedBytes,
        106 => Device.Gpu.BlocksPerMultiprocessor,
        111 => Device.Gpu.SystemSharedBytesPerBlock,
        _ => 0,
    };
}
