// The device's memory: what programs may name by an address, and copies between any two memories.
namespace HSENet.Ptx.Driver;

/// <summary>Whose a piece of memory is.</summary>
enum PieceKind
{
    /// <summary>Only kernels and copies reach it.</summary>
    Device,

    /// <summary>Allocated for the program, which reads and writes it itself.</summary>
    Host,

    /// <summary>The same, and moves between host and device.</summary>
    Managed,

    /// <summary>The program's own.</summary>
    Registered,

    /// <summary>A variable of a module.</summary>
    Variable,
}

/// <summary>Memory that a program may name by its address.</summary>
/// <param name="Allocation">How kernels see it.</param>
/// <param name="Start">First address; the host's too.</param>
/// <param name="Kind">Whose it is.</param>
sealed record Piece(EmulatorAllocation Allocation, ulong Start, PieceKind Kind)
{
    public ulong Bytes => (ulong)Allocation.Bytes;

    public bool OnHost => Kind is PieceKind.Host or PieceKind.Managed or PieceKind.Registered;

    /// <summary>What cuMemHostAlloc or cuMemHostRegister was told.</summary>
    public uint Flags { get; init; }

    public ulong Id { get; } = ++LastId;

    /// <summary>The pool that it was taken from.</summary>
    public MemoryPool? Pool { get; init; }

    /// <summary>Advice that was given: CU_MEM_ADVISE by number, and the place.</summary>
    public Dictionary<int, int> Advice { get; } = [];

    static ulong LastId;
}

static class DeviceMemory
{
    static readonly SortedList<ulong, Piece> Pieces = [];
    static readonly Dictionary<EmulatorModule, List<ulong>> Variables = [];
    static long Used;

    public static EmulatorMemory Memory { get; } = new();

    /// <summary>Bytes of memory: a quarter of the host's.</summary>
    public static long TotalBytes { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    public static long FreeBytes => TotalBytes - Volatile.Read(ref Used);

    /// <summary>Device memory, which nobody has written.</summary>
    public static ulong Allocate(ulong bytes, MemoryPool? pool = null)
    {
        if (bytes == 0)
            throw new DriverException(Result.InvalidValue);
        if (bytes > (ulong)FreeBytes)
            throw new DriverException(Result.OutOfMemory);
        EmulatorAllocation allocation = Memory.Allocate((long)bytes, $"allocation {Pieces.Count + 1}");
        pool?.Take(bytes);
        return Add(new Piece(allocation, allocation.Address, PieceKind.Device) { Pool = pool });
    }

    /// <summary>Memory that the host reaches, too.</summary>
    public static ulong Attach(nint pointer, ulong bytes, PieceKind kind, uint flags) =>
        Add(new Piece(Memory.Attach(pointer, (long)bytes, $"host memory {Pieces.Count + 1}", readOnly: false), (ulong)pointer, kind)
        { Flags = flags });

    static ulong Add(Piece piece)
    {
        Pieces[piece.Start] = piece;
        Used += piece.OnHost ? 0 : (long)piece.Bytes;
        return piece.Start;
    }

    /// <summary>Lets a program copy to and from a variable of a module.</summary>
    public static void Know(EmulatorModule module, EmulatorAllocation variable)
    {
        if (Pieces.ContainsKey(variable.Address))
            return;
        Pieces[variable.Address] = new Piece(variable, variable.Address, PieceKind.Variable);
        (Variables.TryGetValue(module, out List<ulong>? known) ? known : Variables[module] = []).Add(variable.Address);
    }

    public static void ForgetVariables(EmulatorModule module)
    {
        if (Variables.Remove(module, out List<ulong>? known))
            foreach (ulong address in known)
                Pieces.Remove(address);
    }

    public static Piece Release(ulong address)
    {
        if (!Pieces.TryGetValue(address, out Piece? piece) || piece.Kind == PieceKind.Variable)
            throw new DriverException(Result.InvalidValue, $"0x{address:x} is no allocation");
        Pieces.Remove(address);
        Used -= piece.OnHost ? 0 : (long)piece.Bytes;
        piece.Pool?.Give(piece.Bytes);
        piece.Allocation.Dispose();
        return piece;
    }

    /// <summary>The memory that a range lies in; null for one that is only the host's.</summary>
    public static Piece? Find(ulong address, ulong bytes)
    {
        int low = 0, high = Pieces.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = Pieces.GetKeyAtIndex(middle) <= address ? (middle + 1, high) : (low, middle);
        }
        if (low == 0)
            return null;
        Piece piece = Pieces.GetValueAtIndex(low - 1);
        ulong offset = address - piece.Start;
        if (offset >= piece.Bytes)
            return null;
        return piece.Bytes - offset >= bytes ? piece : throw new DriverException(Result.InvalidValue,
            $"{bytes} bytes at 0x{address:x} leave {piece.Allocation.Name} of {piece.Bytes} bytes");
    }

    /// <summary>Memory that must be the device's.</summary>
    public static Piece Need(ulong address, ulong bytes) => Find(address, bytes)
        ?? throw new DriverException(Result.InvalidValue, $"{bytes} bytes at 0x{address:x} are no memory of the device");

    /// <summary>Copies bytes between any two memories; those of the device are written then, unless the source's are not.</summary>
    public static unsafe void Copy(ulong to, ulong from, ulong bytes)
    {
        for (ulong done = 0; done < bytes;)
        {
            int part = (int)Math.Min(1 << 30, bytes - done);
            ReadOnlySpan<byte> source = new((void*)(from + done), part);
            if (Find(to + done, (ulong)part) is { OnHost: false } piece)
            {
                long place = (long)(to + done - piece.Start);
                if (Find(from + done, (ulong)part) is { OnHost: false } other)
                    other.Allocation.CopyTo((long)(from + done - other.Start), piece.Allocation, place, part);
                else
                    piece.Allocation.Write(source, place);
            }
            else
                source.CopyTo(new Span<byte>((void*)(to + done), part));
            done += (ulong)part;
        }
    }
}
