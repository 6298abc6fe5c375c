// What the checker says about one access of one thread.
namespace HSENet.Ptx;

/// <summary>A fault of a kernel that the checker saw.</summary>
/// <param name="Kind">One of <see cref="FindingKind"/>.</param>
/// <param name="Kernel">Name of the entry.</param>
/// <param name="Line">Line of the PTX text, from 1; 0 when the statement was made by a pass.</param>
/// <param name="Block">Position of the block in the grid.</param>
/// <param name="Thread">Position of the thread in its block.</param>
/// <param name="Address">Address as the kernel computed it; an offset for shared and local memory; 0 where there is none.</param>
/// <param name="Allocation">Name of the allocation, array or variable that is concerned, or the nearest one; empty where there is
/// none.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record EmulatorFinding(
    string Kind, string Kernel, int Line, Dim3 Block, Dim3 Thread, ulong Address, string Allocation, string Message)
{
    /// <summary>Place in the compiler's source, such as <c>kernel.cu:21</c>, where the PTX names it (<see cref="PtxSourceLines"/>); else
    /// null.</summary>
    public string? Source { get; init; }

    /// <summary>One line with everything.</summary>
    public override string ToString() =>
        $"{Kernel}: line {Line}{(Source == null ? "" : $" ({Source})")}: {Kind}: block {Block} thread {Thread}: {Message}";
}

/// <summary>The names of the kinds of findings.</summary>
public static class FindingKind
{
    /// <summary>An access outside every allocation, array or variable, or a write to read-only memory.</summary>
    public const string OutOfBounds = "out-of-bounds";

    /// <summary>An address that is no multiple of the access's size, or an array whose declared alignment does not promise it.</summary>
    public const string Misaligned = "misaligned";

    /// <summary>A read of bytes that nobody wrote.</summary>
    public const string UninitialisedRead = "uninitialised-read";

    /// <summary>Two threads at the same bytes, one of them writing, with nothing that orders them.</summary>
    public const string Race = "race";

    /// <summary>A note, no fault: a race but for the order that the ticket of an atomic gives, which no fence follows. The CUDA guide
    /// writes its last block so; see <see cref="EmulatorResult.Notes"/>.</summary>
    public const string UnfencedTicket = "unfenced-ticket";

    /// <summary>A barrier that not all threads reach, or that is reached in divergent code.</summary>
    public const string Barrier = "barrier";

    /// <summary>A shuffle, vote or matrix instruction without all the lanes that it needs.</summary>
    public const string MissingLanes = "missing-lanes";

    /// <summary>Data of an asynchronous copy that is used before the copy was waited for.</summary>
    public const string AsyncCopy = "async-copy";
}
