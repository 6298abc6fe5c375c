// A launch described as data: which kernel, how many threads, which buffers and parameters, which buffers come back.
namespace HSENet.Ptx;

/// <summary>A launch file that cannot be read, or does not fit its kernel. The message is one line and says where.</summary>
public sealed class PtxLaunchException(string message) : HseNetException(message);

/// <summary>A launch of one kernel, as <c>hsenet ptx run</c> reads it from JSON.</summary>
public sealed record PtxLaunchFile
{
    /// <summary>Name of the entry.</summary>
    public required string Kernel { get; init; }

    /// <summary>Blocks.</summary>
    public required Dim3 Grid { get; init; }

    /// <summary>Threads of a block.</summary>
    public required Dim3 Block { get; init; }

    /// <summary>Bytes of dynamic shared memory.</summary>
    public int DynamicSharedBytes { get; init; }

    /// <summary>All blocks run together and may wait for each other.</summary>
    public bool Cooperative { get; init; }

    /// <summary>Global memory.</summary>
    public IReadOnlyList<PtxLaunchBuffer> Buffers { get; init; } = [];

    /// <summary>Variables of the module in <c>.global</c> or <c>.const</c>: to fill before the launch, when they have values, or to read
    /// after it.</summary>
    public IReadOnlyList<PtxLaunchBuffer> Symbols { get; init; } = [];

    /// <summary>The kernel's parameters in order.</summary>
    public IReadOnlyList<PtxLaunchParameter> Parameters { get; init; } = [];

    /// <summary>Names of the buffers and symbols whose values are the result.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Reads a launch file; files that it names are looked for beside it.</summary>
    /// <exception cref="PtxLaunchException">It cannot be read, or something in it is wrong.</exception>
    public static PtxLaunchFile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new PtxLaunchException($"{path}: {failure.Message}");
        }
        return Parse(text, Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Reads the text of a launch file; <paramref name="folder"/> is where files that it names are.</summary>
    /// <exception cref="PtxLaunchException">Something in it is wrong.</exception>
    public static PtxLaunchFile Parse(string json, string folder)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(folder);
        return LaunchFileReader.Read(json, folder);
    }
}

/// <summary>A buffer in global memory.</summary>
/// <param name="Name">Its name in findings and outputs.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Values">The elements' bytes, or null for memory that nobody wrote.</param>
public sealed record PtxLaunchBuffer(string Name, PtxType Type, long Count, byte[]? Values)
{
    /// <summary>Size in bytes.</summary>
    public long Bytes => Count * Type.Bytes();
}

/// <summary>A parameter, or a field of one.</summary>
public abstract record PtxLaunchParameter;

/// <summary>The address of a buffer.</summary>
public sealed record PtxLaunchAddress(string Buffer) : PtxLaunchParameter;

/// <summary>Bytes as they are: a number, or a parameter that is laid out already (<paramref name="Alignment"/> 1).</summary>
public sealed record PtxLaunchValue(byte[] Bytes, int Alignment) : PtxLaunchParameter;

/// <summary>A struct, laid out as C does it: each field at a multiple of its alignment, the whole padded to the largest.</summary>
public sealed record PtxLaunchStruct(IReadOnlyList<PtxLaunchParameter> Fields) : PtxLaunchParameter;
