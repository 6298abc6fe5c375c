// atom and red on vectors, and minima and maxima of halves.
using System.Numerics;

namespace HSENet.Ptx;

readonly struct MinHalf : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Min(FloatFormat.Half, a, b);
}

readonly struct MaxHalf : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Max(FloatFormat.Half, a, b);
}

readonly struct MinBrain : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Min(FloatFormat.BFloat16, a, b);
}

readonly struct MaxBrain : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Max(FloatFormat.BFloat16, a, b);
}

readonly struct MinHalves : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Both<MinHalf>(a, b);
}

readonly struct MaxHalves : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Both<MaxHalf>(a, b);
}

readonly struct MinBrains : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Both<MinBrain>(a, b);
}

readonly struct MaxBrains : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => HalfExtremes.Both<MaxBrain>(a, b);
}

static class HalfExtremes
{
    public static uint Min(FloatFormat format, uint a, uint b) =>
        (uint)FloatComparison.Min(format, a & 0xffff, b & 0xffff, false, false, false);

    public static uint Max(FloatFormat format, uint a, uint b) =>
        (uint)FloatComparison.Max(format, a & 0xffff, b & 0xffff, false, false, false);

    public static uint Both<TOp>(uint a, uint b) where TOp : IBinary<uint, uint, uint> =>
        TOp.Of(a & 0xffff, b & 0xffff) | TOp.Of(a >> 16, b >> 16) << 16;
}

unsafe partial class Decoder
{
    // Each element is an atomic of its own (PTX ISA, atom); results are written last, since they may be where operands are.
    void DecodeAtomicVector(Execute execute, IReadOnlyList<PtxOperand> results, int address, long offset, IReadOnlyList<PtxOperand> values,
        PtxType type)
    {
        Emit(&AtomicVectors.CheckAlignment, a: address, b: type.Bytes() * values.Count, immediate: offset);
        int[] old = [.. values.Select(_ => _rows.Scratch(RowKind.Bits32))];
        for (int n = 0; n < values.Count; n++)
            Emit(execute, old[n], address, Source(values[n], RowKind.Bits32), 0, offset + n * type.Bytes(), accessesMemory: true);
        for (int n = 0; n < results.Count; n++)
            if (results[n] is not PtxSink)
                Emit(&LaneVectors.Unary<Copy32>, Destination(results[n], RowKind.Bits32), old[n]);
    }
}

static unsafe class AtomicVectors
{
    /// <summary>B is the size of the whole vector, which its address must be a multiple of.</summary>
    public static void CheckAlignment(Warp w, Instruction* i, uint mask)
    {
        ulong* addresses = (ulong*)(w.Rows + i->A);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            ulong address = addresses[lane] + (ulong)i->Immediate;
            if (address % (uint)i->B != 0)
                w.Block.Findings.Add(w, i, lane, FindingKind.Misaligned, address, "", $"address 0x{address:x} is no multiple of {i->B}");
        }
    }
}

/// <summary>discard.L2: nobody may read the bytes before they are written again.</summary>
static unsafe class DiscardedBytes
{
    public const int Count = 128;

    public static void Execute(Warp w, Instruction* i, uint mask)
    {
        ulong* addresses = (ulong*)(w.Rows + i->A);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            ulong address = addresses[lane] + (ulong)i->Immediate;
            bool checks = w.Block.Kernel.Level != CheckLevel.Bounds;
            byte* p = checks ? MemoryCheck.Access<GlobalSpace, AccessChecks>(w, i, lane, address, Count, AccessKind.Store)
                : MemoryCheck.Access<GlobalSpace, BoundsOnly>(w, i, lane, address, Count, AccessKind.Store);
            MemoryRegion* region = w.Block.Regions.Find(address);
            if (p != null && checks && region->Shadow != null)
                new Span<byte>(region->Shadow + (address - region->Base), Count).Fill(MemoryRegion.Uninitialised);
        }
    }
}
