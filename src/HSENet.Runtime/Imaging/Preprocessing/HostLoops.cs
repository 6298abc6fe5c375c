// Bounds the loops that preprocessing runs on the host beside the device's kernels.
using HSENet.Kernels;

namespace HSENet.Runtime;

static class HostLoops
{
    /// <summary>As many threads as a host device has, every processor beside another device.</summary>
    public static int Threads(Device device) => device is HostDevice host ? host.Threads : Environment.ProcessorCount;

    /// <summary>What a loop beside the work of <paramref name="device"/> may take, and what ends it.</summary>
    public static ParallelOptions Beside(Device device, CancellationToken cancellation) => Of(Threads(device), cancellation);

    /// <summary>The same for so many threads.</summary>
    public static ParallelOptions Of(int threads, CancellationToken cancellation) =>
        new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
}
