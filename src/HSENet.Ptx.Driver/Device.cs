// The one emulated device: its memory, its handles, and what every call has around it.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

/// <summary>Memory that a program may name by its address.</summary>
/// <param name="Allocation">How kernels see it.</param>
/// <param name="Start">First address; the host's too.</param>
/// <param name="OnHost">Whether the program reads and writes it itself.</param>
sealed record Piece(EmulatorAllocation Allocation, ulong Start, bool OnHost)
{
    public ulong Bytes => (ulong)Allocation.Bytes;
}

/// <summary>A module with the functions that were asked for.</summary>
sealed record LoadedModule(EmulatorModule Module);

/// <summary>A kernel; what was set for it.</summary>
sealed record Function(LoadedModule Owner, EmulatorKernel Kernel)
{
    public int MaxDynamicSharedBytes { get; set; } = -1;
}

/// <summary>A point in time; everything is done when it is recorded.</summary>
sealed class Moment
{
    public long Ticks { get; set; } = -1;
}

static class Device
{
    /// <summary>Shared memory of a block that needs no permission.</summary>
    public const int DefaultSharedBytes = 48 * 1024;

    static readonly Lock AllLock = new();
    static readonly Dictionary<nint, object> Handles = [];
    static readonly SortedList<ulong, Piece> Pieces = [];
    static readonly Dictionary<EmulatorModule, List<ulong>> Variables = [];
    static nint NextHandle = 0x1000;
    static long Used;

    [ThreadStatic]
    static Stack<nint>? OwnContexts;

    public static bool Initialised { get; set; }

    public static EmulatorMemory Memory { get; } = new();

    /// <summary>The GPU whose limits the device has: HSENET_PTX_GPU, h200 where nothing is said.</summary>
    public static GpuModel Gpu { get; } = GpuModel.Find(Environment.GetEnvironmentVariable("HSENET_PTX_GPU") ?? "h200")
        ?? throw new DriverException(Result.InvalidDevice,
            $"HSENET_PTX_GPU is none of {string.Join(", ", GpuModel.All.Select(gpu => gpu.Key))}");

    /// <summary>Bytes of memory: a quarter of the host's.</summary>
    public static long TotalBytes { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    public static long FreeBytes => TotalBytes - Volatile.Read(ref Used);

    public static nint PrimaryContext { get; } = Add(new object());

    public static Stack<nint> Contexts => OwnContexts ??= new Stack<nint>();

    /// <summary>Does a call: every failure is a result, and one that the program cannot see the reason of says it on stderr.</summary>
    public static int Call(string name, Action action, bool needsContext = true)
    {
        try
        {
            if (!Initialised)
                throw new DriverException(Result.NotInitialized);
            if (needsContext && Contexts.Count == 0)
                throw new DriverException(Result.InvalidContext);
            lock (AllLock)
                action();
            return 0;
        }
        catch (Exception failure)
        {
            Result result = failure switch
            {
                DriverException driver => driver.Result,
                PtxException => Result.InvalidPtx,
                EmulatorException => Result.LaunchFailed,
                OutOfMemoryException => Result.OutOfMemory,
                _ => Result.Unknown,
            };
            if (failure.Message.Length > 0)
                Console.Error.WriteLine($"hsenet: {name}: {failure.Message}");
            return (int)result;
        }
    }

    public static int Missing(string name)
    {
        Console.Error.WriteLine($"hsenet: {name} is not supported by the emulated driver");
        return (int)Result.NotSupported;
    }

    public static nint Add(object value)
    {
        lock (AllLock)
        {
            Handles[NextHandle += 16] = value;
            return NextHandle;
        }
    }

    public static T Get<T>(nint handle) where T : class => Handles.GetValueOrDefault(handle) as T
        ?? throw new DriverException(Result.InvalidHandle, $"0x{handle:x} is no {typeof(T).Name.ToLowerInvariant()}");

    public static void Remove<T>(nint handle) where T : class
    {
        Get<T>(handle);
        Handles.Remove(handle);
    }

    /// <summary>Device memory, which nobody has written.</summary>
    public static ulong Allocate(ulong bytes)
    {
        if (bytes == 0)
            throw new DriverException(Result.InvalidValue);
        if (bytes > (ulong)FreeBytes)
            throw new DriverException(Result.OutOfMemory);
        EmulatorAllocation allocation = Memory.Allocate((long)bytes, $"allocation {Pieces.Count + 1}");
        return Add(new Piece(allocation, allocation.Address, OnHost: false));
    }

    /// <summary>Memory that the host reaches, too: pinned, managed or registered.</summary>
    public static unsafe ulong Attach(nint pointer, ulong bytes) =>
        Add(new Piece(Memory.Attach(pointer, (long)bytes, $"host memory {Pieces.Count + 1}", readOnly: false), (ulong)pointer,
            OnHost: true));

    public static ulong Add(Piece piece)
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
        Pieces[variable.Address] = new Piece(variable, variable.Address, OnHost: false);
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
        if (!Pieces.Remove(address, out Piece? piece))
            throw new DriverException(Result.InvalidValue, $"0x{address:x} is no allocation");
        Used -= piece.OnHost ? 0 : (long)piece.Bytes;
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

    /// <summary>Copies bytes between any two memories and marks those of the device as written.</summary>
    public static unsafe void Copy(ulong to, ulong from, ulong bytes)
    {
        for (ulong done = 0; done < bytes;)
        {
            int part = (int)Math.Min(1 << 30, bytes - done);
            ReadOnlySpan<byte> source = new((void*)(from + done), part);
            if (Find(to + done, (ulong)part) is { OnHost: false } piece)
                piece.Allocation.Write(source, (long)(to + done - piece.Start));
            else
                source.CopyTo(new Span<byte>((void*)(to + done), part));
            done += (ulong)part;
        }
    }

    public static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>Writes a text with its final zero, as far as it fits.</summary>
    public static unsafe void Put(string text, byte* to, int length)
    {
        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(text).Take(Math.Max(0, length - 1)), 0];
        bytes.AsSpan().CopyTo(new Span<byte>(to, length));
    }
}
