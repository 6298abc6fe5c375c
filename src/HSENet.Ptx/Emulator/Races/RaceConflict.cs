// What the race check found out about one access.
namespace HSENet.Ptx;

/// <summary>What an access does, for the race check.</summary>
enum AccessKind
{
    Load,
    Store,

    /// <summary>Reads and writes at once, ordered with all other atomics of the word.</summary>
    Atomic,
}

/// <summary>How the memory model sees an access.</summary>
[Flags]
enum MemoryOrder : byte
{
    Weak = 0,

    /// <summary>Other threads may wait for it: atomic, volatile, relaxed, acquire, release.</summary>
    Strong = 1,

    /// <summary>Its scope is the device or more, not the block.</summary>
    Device = 2,
    Volatile = 4,
    Acquire = 8,
    Release = 16,

    /// <summary>Through the path that takes memory for unchanging.</summary>
    NonCoherent = 32,

    /// <summary>An atomic that gives nothing back.</summary>
    NoResult = 64,
    Atomic = 128,
}

/// <summary>An earlier access that is not ordered before the one that is made.</summary>
/// <param name="Block">Number of the block that made it.</param>
/// <param name="Thread">Number of the thread in it.</param>
/// <param name="Wrote">It was a write.</param>
/// <param name="ByTicket">It would be ordered if the atomic that drew a ticket was followed by a fence.</param>
readonly record struct RaceConflict(long Block, int Thread, bool Wrote, bool ByTicket);
