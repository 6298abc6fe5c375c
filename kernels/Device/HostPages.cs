// Large allocations of the host device, on pages of 2 MB where the system has them.
using System.Runtime.InteropServices;

namespace HSENet.Kernels;

/// <summary>
/// Weights are read once per token, gigabytes of them: on pages of 4 KB each run of a row misses the translation buffer, and the
/// hardware's prefetch ends at every page. What is large is mapped by itself, so that the system has it back when it is freed: glibc's
/// allocator keeps freed blocks of up to 32 MB, and the memory of a service that reads study after study is several times what it uses.
/// </summary>
static unsafe partial class HostPages
{
    const int Alignment = 256, LargePage = 2 << 20;
    const long MappedFrom = 1 << 20;

    // Half a large page is wasted at most: below this size that is too big a share.
    const long LargeFrom = 8 << 20;

    const int ReadWrite = 3, PrivateAnonymous = 0x22, AdviceLargePages = 14; // Linux: PROT_*, MAP_*, MADV_HUGEPAGE

    /// <summary>Memory that <see cref="Free"/> gives back.</summary>
    /// <exception cref="OutOfMemoryException">The system has none.</exception>
    public static nint Allocate(long bytes)
    {
        if (!IsMapped(bytes))
            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        long alignment = bytes < LargeFrom ? Environment.SystemPageSize : LargePage;
        nint whole = Map(0, (nuint)(bytes + alignment), ReadWrite, PrivateAnonymous, -1, 0);
        if (whole == -1)
            throw new OutOfMemoryException();
        nint address = (nint)((whole + alignment - 1) / alignment * alignment);
        Unmap(whole, address);
        Unmap(End(address, bytes), whole + (nint)(bytes + alignment));
        // Whole pages only: what follows the last one belongs to others. A refusal leaves small pages, which are right, only slower.
        if (alignment == LargePage)
            _ = Advise(address, (nuint)(bytes / LargePage * LargePage), AdviceLargePages);
        return address;
    }

    /// <summary>Gives back what <see cref="Allocate"/> gave for so many bytes.</summary>
    public static void Free(nint address, long bytes)
    {
        if (IsMapped(bytes))
            Unmap(address, End(address, bytes));
        else
            NativeMemory.AlignedFree((void*)address);
    }

    static bool IsMapped(long bytes) => bytes >= MappedFrom && OperatingSystem.IsLinux();

    static nint End(nint address, long bytes)
    {
        nint page = Environment.SystemPageSize;
        return (nint)((address + bytes + page - 1) / page * page);
    }

    static void Unmap(nint from, nint to)
    {
        if (from < to)
            _ = Unmap(from, (nuint)(to - from));
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
