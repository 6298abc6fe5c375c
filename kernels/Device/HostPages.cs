// Large allocations of the host device, on pages of 2 MB where the system has them.
using System.Runtime.InteropServices;

namespace HSENet.Kernels;

/// <summary>
/// Weights are read once per token, gigabytes of them: on pages of 4 KB each run of a row misses the translation buffer, and the
/// hardware's prefetch ends at every page.
/// </summary>
static unsafe partial class HostPages
{
    const int Alignment = 256, LargeAlignment = 2 << 20;
    const int AdviceLargePages = 14; // MADV_HUGEPAGE

    // Half a large page is wasted at most: below this size that is too big a share.
    const long LargeFrom = 8 << 20;

    /// <summary>Memory that <see cref="NativeMemory.AlignedFree"/> frees.</summary>
    /// <exception cref="OutOfMemoryException">The system has none.</exception>
    public static nint Allocate(long bytes)
    {
        if (bytes < LargeFrom || !OperatingSystem.IsLinux())
            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        nint address = (nint)NativeMemory.AlignedAlloc((nuint)bytes, LargeAlignment);
        // Whole pages only: what follows the last one belongs to others. A refusal leaves small pages, which are right, only slower.
        _ = Advise(address, (nuint)(bytes / LargeAlignment * LargeAlignment), AdviceLargePages);
        return address;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
