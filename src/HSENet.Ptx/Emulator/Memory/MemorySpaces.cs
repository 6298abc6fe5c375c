// Which region an address belongs to, by the state space of the instruction.
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>Generic addresses: the two windows lie where no host pointer can.</summary>
static class GenericAddress
{
    public const ulong SharedWindow = 1ul << 56, LocalWindow = 2ul << 56, WindowMask = 0xffff_fffful;

    public static bool InShared(ulong address) => (address & ~WindowMask) == SharedWindow;

    public static bool InLocal(ulong address) => (address & ~WindowMask) == LocalWindow;
}

/// <summary>A state space, as a type argument of accesses.</summary>
unsafe interface ISpace
{
    static abstract string Name { get; }

    static abstract bool IsShared { get; }

    /// <summary>The region that the instruction's accesses are likely in.</summary>
    static abstract MemoryRegion* Likely(Warp w, Instruction* i);

    /// <summary>The region that a lane's access is likely in.</summary>
    static abstract MemoryRegion* LikelyOfLane(Warp w, Instruction* i, int lane);

    /// <summary>The region of one lane's address, which becomes relative to it when the region is not global.</summary>
    static abstract MemoryRegion* Find(Warp w, Instruction* i, int lane, ref ulong address);
}

readonly unsafe struct GlobalSpace : ISpace
{
    public static string Name => "global";
    public static bool IsShared => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* Likely(Warp w, Instruction* i) => w.Block.Hints[i->Slot];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* LikelyOfLane(Warp w, Instruction* i, int lane) => Likely(w, i);

    public static MemoryRegion* Find(Warp w, Instruction* i, int lane, ref ulong address) =>
        w.Block.Hints[i->Slot] = w.Block.Regions.Find(address);
}

readonly unsafe struct SharedSpace : ISpace
{
    public static string Name => "shared";
    public static bool IsShared => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* Likely(Warp w, Instruction* i) => w.Block.Shared;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* LikelyOfLane(Warp w, Instruction* i, int lane) => w.Block.Shared;

    public static MemoryRegion* Find(Warp w, Instruction* i, int lane, ref ulong address)
    {
        if (GenericAddress.InShared(address))
            address &= GenericAddress.WindowMask; // what cvta gave is accepted where an offset is meant, as hardware does
        return w.Block.Shared;
    }
}

readonly unsafe struct LocalSpace : ISpace
{
    public static string Name => "local";
    public static bool IsShared => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* Likely(Warp w, Instruction* i) => w.Block.Regions.Empty;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* LikelyOfLane(Warp w, Instruction* i, int lane) => w.LocalRegions + lane;

    public static MemoryRegion* Find(Warp w, Instruction* i, int lane, ref ulong address)
    {
        if (GenericAddress.InLocal(address))
            address &= GenericAddress.WindowMask;
        return w.LocalRegions + lane;
    }
}

readonly unsafe struct GenericSpace : ISpace
{
    public static string Name => "generic";
    public static bool IsShared => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* Likely(Warp w, Instruction* i) => w.Block.Hints[i->Slot];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MemoryRegion* LikelyOfLane(Warp w, Instruction* i, int lane) => Likely(w, i);

    public static MemoryRegion* Find(Warp w, Instruction* i, int lane, ref ulong address)
    {
        if (GenericAddress.InShared(address))
            return SharedSpace.Find(w, i, lane, ref address);
        if (ParameterSpace.Contains(address))
            return ParameterSpace.Find(w, i, lane, ref address);
        return GenericAddress.InLocal(address) ? LocalSpace.Find(w, i, lane, ref address) : GlobalSpace.Find(w, i, lane, ref address);
    }
}
