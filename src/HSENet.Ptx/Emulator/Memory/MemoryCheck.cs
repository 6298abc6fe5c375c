// Checks of an access: from an address to a host pointer, or a finding.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Ptx;

/// <summary>
/// Every access of a kernel to global, shared and local memory goes through here. A group of eight lanes is checked at once where its
/// addresses are one after the other or all the same; when that fails for any reason, the caller repeats it lane by lane, so that the
/// right lane is named.
/// </summary>
static unsafe class MemoryCheck
{
    /// <summary>Whether all bytes are initialised.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AllInitialised(byte* shadow, uint bytes)
    {
        switch (bytes)
        {
            case 1: return *shadow == 0xff;
            case 2: return *(ushort*)shadow == 0xffff;
            case 4: return *(uint*)shadow == uint.MaxValue;
            case 8: return *(ulong*)shadow == ulong.MaxValue;
            case 16: return Vector128.EqualsAll(Vector128.Load(shadow), Vector128<byte>.AllBitsSet);
            default:
                Vector256<byte> all = Vector256.Load(shadow);
                for (uint at = 32; at < bytes; at += 32)
                    all &= Vector256.Load(shadow + at);
                return Vector256.EqualsAll(all, Vector256<byte>.AllBitsSet);
        }
    }

    /// <summary>Marks bytes initialised if all of them may be written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryMark(byte* shadow, uint bytes)
    {
        switch (bytes)
        {
            case 1: return Mark<byte>(ref *shadow, 0x01, 0xff);
            case 2: return Mark<ushort>(ref *(ushort*)shadow, 0x0101, 0xffff);
            case 4: return Mark(ref *(uint*)shadow, 0x01010101u, uint.MaxValue);
            case 8: return Mark(ref *(ulong*)shadow, 0x0101010101010101ul, ulong.MaxValue);
            case 16:
                if ((Vector128.Load(shadow) & Vector128<byte>.One) != Vector128<byte>.One)
                    return false;
                Vector128<byte>.AllBitsSet.Store(shadow);
                return true;
            default:
                Vector256<byte> all = Vector256.Load(shadow);
                for (uint at = 32; at < bytes; at += 32)
                    all &= Vector256.Load(shadow + at);
                if ((all & Vector256<byte>.One) != Vector256<byte>.One)
                    return false;
                for (uint at = 0; at < bytes; at += 32)
                    Vector256<byte>.AllBitsSet.Store(shadow + at);
                return true;
        }
    }

    /// <summary>Host address of a lane's access, or null after a finding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Lane<TSpace, TMode>(Warp w, Instruction* i, int lane, ulong address, uint bytes, bool store)
        where TSpace : ISpace where TMode : ICheckMode
    {
        MemoryRegion* region = TSpace.LikelyOfLane(w, i, lane);
        if (region->Contains(address, bytes, store))
        {
            ulong offset = address - region->Base;
            if (!TMode.Access || ((address & (bytes - 1)) == 0 && (region->Shadow == null || (store
                ? TryMark(region->Shadow + offset, bytes) : AllInitialised(region->Shadow + offset, bytes)))
                    && (!TMode.Races || region->Stamps == null || w.Block.Races!.Quick(w, i, lane, region, offset, bytes, store))))
                return region->Data + offset;
        }
        return Access<TSpace, TMode>(w, i, lane, address, bytes, store ? AccessKind.Store : AccessKind.Load);
    }

    /// <summary>
    /// Host address of the first of eight lanes whose addresses follow each other (<paramref name="step"/> is the size of an access) or
    /// are all the same (0), or null when they do not or when some access is at fault.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Group<TSpace, TMode>(Warp w, Instruction* i, ulong* addresses, int first, uint bytes, bool store, out uint step)
        where TSpace : ISpace where TMode : ICheckMode
    {
        Vector512<ulong> difference = Vector512.Load(addresses + first) - Vector512.Create(addresses[first]);
        Vector512<ulong> follow = Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7) * bytes;
        uint span;
        if (difference == follow)
            (step, span) = (bytes, bytes * 8);
        else if (!store && difference == Vector512<ulong>.Zero)
            (step, span) = (0, bytes);
        else
        {
            step = 0;
            return null;
        }
        ulong address = addresses[first] + (ulong)i->Immediate;
        MemoryRegion* region = TSpace.Likely(w, i);
        if (!region->Contains(address, span, store))
        {
            ulong relative = address;
            region = TSpace.Find(w, i, first, ref relative);
            if (relative != address || region->Index == BlockState.LocalIndex || !region->Contains(address, span, store))
                return null; // local memory is another for each lane
        }
        ulong offset = address - region->Base;
        if (TMode.Access)
        {
            if ((address & (bytes - 1)) != 0)
                return null;
            if (region->Shadow != null && !(step == 0 ? AllInitialised(region->Shadow + offset, bytes)
                : store ? TryMark(region->Shadow + offset, bytes * 8) : AllInitialised(region->Shadow + offset, bytes * 8)))
                return null;
        }
        if (TMode.Races && region->Stamps != null && !w.Block.Races!.Group(w, i, region, offset, first, bytes, store, step == 0))
            return null;
        return region->Data + offset;
    }

    /// <summary>Reads a word for each of eight lanes wherever they are in the likely region; false, with nothing read, when some access is
    /// at fault.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryGather<TSpace, TMode>(Warp w, Instruction* i, ulong* addresses, uint* target) where TSpace : ISpace
        where TMode : ICheckMode
    {
        MemoryRegion* region = TSpace.Likely(w, i);
        ulong last = region->LoadBytes - 4;
        if (!Avx2.IsSupported || last > int.MaxValue)
            return false;
        Vector512<ulong> address = Vector512.Load(addresses) + Vector512.Create((ulong)i->Immediate);
        Vector512<ulong> offset = address - Vector512.Create(region->Base);
        if (Vector512.GreaterThanAny(offset, Vector512.Create(last))
            || (TMode.Access && (address & Vector512.Create(3ul)) != Vector512<ulong>.Zero))
            return false;
        Vector256<int> index = Vector256.Narrow(offset.GetLower(), offset.GetUpper()).AsInt32();
        if (TMode.Access && region->Shadow != null && Avx2.GatherVector256((int*)region->Shadow, index, 1) != Vector256<int>.AllBitsSet)
            return false;
        Avx2.GatherVector256((int*)region->Data, index, 1).Store((int*)target);
        return true;
    }

    /// <summary>The same for any kind of access, without a short way.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* Access<TSpace, TMode>(Warp w, Instruction* i, int lane, ulong address, uint bytes, AccessKind kind)
        where TSpace : ISpace where TMode : ICheckMode
    {
        bool store = kind != AccessKind.Load;
        ulong relative = address;
        MemoryRegion* region = TSpace.Find(w, i, lane, ref relative);
        BlockState block = w.Block;
        ulong offset = relative - region->Base;
        if (!region->Contains(relative, bytes, store))
        {
            block.Findings.OutOfBounds(w, i, lane, region, address, relative, bytes, store);
            return null;
        }
        if (!TMode.Access)
            return region->Data + offset;
        byte* shadow = region->Shadow == null ? null : region->Shadow + offset;
        bool misaligned = (relative & (bytes - 1)) != 0;
        if (misaligned && FitsItsArray(block, region, relative, bytes) && (shadow == null || !Has(shadow, bytes, MemoryRegion.Outside)))
        {
            block.Findings.Misaligned(w, i, lane, region, address, relative, bytes);
            misaligned = false; // the array may be better aligned than it says
        }
        if (misaligned || (shadow != null && !(kind == AccessKind.Store ? TryMark(shadow, bytes) : AllInitialised(shadow, bytes))))
        {
            Report<TMode>(w, i, lane, region, address, relative, bytes, kind);
            return null;
        }
        if (TMode.Races && region->Stamps != null)
            block.Races!.Lane(w, i, lane, region, offset, address, bytes, kind);
        return region->Data + offset;
    }

    // Says what is wrong with an access inside its region.
    static void Report<TMode>(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong address, ulong relative, uint bytes,
        AccessKind kind)
        where TMode : ICheckMode
    {
        FindingCollector findings = w.Block.Findings;
        bool store = kind != AccessKind.Load;
        byte* shadow = region->Shadow == null ? null : region->Shadow + (relative - region->Base);
        if (shadow != null && region->Index < 0 && Has(shadow, bytes, MemoryRegion.Outside))
            findings.OutOfBounds(w, i, lane, region, address, relative, bytes, store);
        else if ((relative & (bytes - 1)) != 0 && !FitsItsArray(w.Block, region, relative, bytes))
            findings.Misaligned(w, i, lane, region, address, relative, bytes);
        else if (Has(shadow, bytes, MemoryRegion.CopyPending))
            findings.CopyPending(w, i, lane, region, address, relative, bytes, store);
        else
        {
            findings.Uninitialised(w, i, lane, region, address, relative, bytes);
            // Who writes these bytes later, with nothing between, races with this read.
            if (TMode.Races && region->Stamps != null && kind == AccessKind.Load)
                w.Block.Races!.Lane(w, i, lane, region, relative - region->Base, address, bytes, kind);
        }
    }

    // The access would be aligned if its array was, which is what hardware may have done.
    static bool FitsItsArray(BlockState block, MemoryRegion* region, ulong relative, uint bytes) => region->Index < 0
        && block.Findings.ArrayAt(region, relative) is { } array && ((relative - (ulong)array.Offset) & (bytes - 1)) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Mark<T>(ref T states, T writable, T initialised) where T : unmanaged, IBinaryInteger<T>
    {
        if ((states & writable) != writable)
            return false;
        states = initialised;
        return true;
    }

    static bool Has(byte* shadow, uint bytes, byte state) => new ReadOnlySpan<byte>(shadow, (int)bytes).Contains(state);
}
