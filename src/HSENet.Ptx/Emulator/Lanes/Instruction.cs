// One decoded instruction: the method that executes it and the rows that it works on.
global using unsafe Execute = delegate*<HSENet.Ptx.Warp, HSENet.Ptx.Instruction*, uint, void>;

namespace HSENet.Ptx;

/// <summary>
/// Decoded once, executed for the lanes of a mask. A register is a row of 32 lanes of raw bits, 4 or 8 bytes each; constants and special
/// registers are rows that are filled beforehand, a predicate is one word of 32 bits. So every operand is a byte offset into the warp's
/// rows.
/// </summary>
unsafe struct Instruction
{
    /// <summary>Executes the instruction for the lanes of a mask.</summary>
    public Execute Execute;

    /// <summary>What <see cref="Execute"/> calls, with fewer lanes, when a predicate guards the instruction.</summary>
    public Execute Guarded;

    /// <summary>An offset of an address, or what else the method needs to know.</summary>
    public long Immediate;

    /// <summary>Destination and sources.</summary>
    public int D, A, B, C;

    /// <summary>All further operands, or null.</summary>
    public int* More;

    /// <summary>Predicate that guards the instruction, when <see cref="Guarded"/> is set.</summary>
    public int Guard;

    /// <summary>Index of the statement in the kernel's list.</summary>
    public int Statement;

    /// <summary>Number of the instruction among those that access memory: its place in caches of blocks.</summary>
    public int Slot;

    /// <summary>True when the guard is negated.</summary>
    public bool GuardNegated;

    /// <summary>How the memory model sees an access.</summary>
    public MemoryOrder Order;
}
