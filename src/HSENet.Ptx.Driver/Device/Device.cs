// The one emulated device: its handles, contexts, and what every call has around it.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

/// <summary>A context; memory and modules are the device's, whichever context is current.</summary>
sealed class Context(uint flags)
{
    public uint Flags { get; set; } = flags;

    /// <summary>CUlimit: stack, printf's buffer, heap, depth and number of launches by kernels, cache lines, cache that persists.</summary>
    public Dictionary<int, ulong> Limits { get; } =
        new() { [0] = 1024, [1] = 1 << 20, [2] = 8 << 20, [3] = 2, [4] = 2048, [5] = 128, [6] = 0 };
}

static class Device
{
    static readonly Lock AllLock = new();
    static readonly Dictionary<nint, object> Handles = [];
    static nint NextHandle = 0x1000;

    [ThreadStatic]
    static Stack<nint>? OwnContexts;

    public static bool Initialised { get; set; }

    /// <summary>What a kernel failed with; every call gives it until the context is made anew, as a driver does.</summary>
    public static Result Failure { get; set; }

    /// <summary>The GPU whose limits the device has: HSENET_PTX_GPU, h200 where nothing is said.</summary>
    public static GpuModel Gpu { get; } = GpuModel.Find(Environment.GetEnvironmentVariable("HSENET_PTX_GPU") ?? "h200")
        ?? throw new DriverException(Result.InvalidDevice,
            $"HSENET_PTX_GPU is none of {string.Join(", ", GpuModel.All.Select(gpu => gpu.Key))}");

    public static nint PrimaryContext { get; } = Add(new Context(0));

    /// <summary>How often the primary context is held.</summary>
    public static int PrimaryHolds { get; set; }

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
            {
                if (needsContext && Failure != Result.Success)
                    throw new DriverException(Failure);
                action();
            }
            return 0;
        }
        catch (Exception failure)
        {
            Result result = failure switch
            {
                DriverException driver => driver.Result,
                PtxException => Result.NotSupported, // an instruction that is not known, in a module that was read
                EmulatorException => Result.InvalidValue,
                FileNotFoundException or DirectoryNotFoundException => Result.FileNotFound,
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

    public static T Get<T>(nint handle) where T : class => Find<T>(handle)
        ?? throw new DriverException(Result.InvalidHandle, $"0x{handle:x} is no {typeof(T).Name.ToLowerInvariant()}");

    public static T? Find<T>(nint handle) where T : class => Handles.GetValueOrDefault(handle) as T;

    public static IEnumerable<T> All<T>() => Handles.Values.OfType<T>();

    public static T Remove<T>(nint handle) where T : class
    {
        T removed = Get<T>(handle);
        Handles.Remove(handle);
        return removed;
    }

    public static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>Writes a text with its final zero, as far as it fits.</summary>
    public static unsafe void Put(string text, byte* to, int length)
    {
        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(text).Take(Math.Max(0, length - 1)), 0];
        bytes.AsSpan().CopyTo(new Span<byte>(to, length));
    }

    static readonly Dictionary<string, nint> Texts = [];

    /// <summary>A text that stays where it is, for programs that are handed its address.</summary>
    public static unsafe byte* Kept(string text)
    {
        lock (AllLock)
            return (byte*)(Texts.TryGetValue(text, out nint kept) ? kept : Texts[text] = Marshal.StringToCoTaskMemUTF8(text));
    }
}
