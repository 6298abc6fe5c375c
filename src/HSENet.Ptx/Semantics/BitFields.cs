// PTX's instructions on bits: shifts, funnel shifts, fields, masks, counts, byte permutations and logic of three operands
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>How prmt reads its selector.</summary>
enum PermuteMode { Default, Forward4, Backward4, Replicate8, EdgeClampLeft, EdgeClampRight, Replicate16 }

/// <summary>Operands and results are bits of the instruction's width, 16, 32 or 64; above them results are zero.</summary>
static class BitFields
{
    /// <summary>Counts above the width give 0.</summary>
    public static ulong ShiftLeft(int bits, ulong a, uint count) => count >= bits ? 0 : a << (int)count & Mask(bits);

    /// <summary>Counts above the width give 0, or the sign in every bit.</summary>
    public static ulong ShiftRight(IntegerFormat type, ulong a, uint count)
    {
        int shift = (int)Math.Min(count, (uint)type.Bits - (type.Signed ? 1u : 0));
        return shift == 64 ? 0 : type.Signed ? (ulong)(type.Extend(a) >> shift) & type.Mask : (a & type.Mask) >> shift;
    }

    /// <summary>shf.l: the upper half of b:a shifted left; the count wraps at 32, or is at most 32 with <paramref name="clamp"/>.</summary>
    public static uint FunnelLeft(uint a, uint b, uint count, bool clamp) =>
        (uint)((((ulong)b << 32 | a) << FunnelCount(count, clamp)) >> 32);

    /// <summary>shf.r: the lower half of b:a shifted right.</summary>
    public static uint FunnelRight(uint a, uint b, uint count, bool clamp) => (uint)(((ulong)b << 32 | a) >> FunnelCount(count, clamp));

    static int FunnelCount(uint count, bool clamp) => (int)(clamp ? Math.Min(count, 32) : count & 31);

    /// <summary>
    /// bfe: <paramref name="length"/> bits from <paramref name="start"/>, of both the low 8 bits count. Bits beyond the operand, and above
    /// the field in a signed type, are the field's highest bit.
    /// </summary>
    public static ulong Extract(IntegerFormat type, ulong a, uint start, uint length)
    {
        int first = (int)(start & 255), count = (int)(length & 255), last = type.Bits - 1;
        bool fill = type.Signed && count != 0 && (a >> Math.Min(first + count - 1, last) & 1) != 0;
        ulong field = first > last ? 0 : (a & type.Mask) >> first;
        ulong inside = Mask(Math.Min(count, Math.Max(0, type.Bits - first)));
        return ((field & inside) | (fill ? ~inside : 0)) & type.Mask;
    }

    /// <summary>bfi: <paramref name="b"/> with the low bits of <paramref name="a"/> in place of a field; what would lie beyond the operand
    /// is dropped.</summary>
    public static ulong Insert(int bits, ulong a, ulong b, uint start, uint length)
    {
        int first = (int)(start & 255), count = (int)(length & 255);
        if (first >= bits)
            return b;
        ulong field = Mask(Math.Min(count, bits - first)) << first;
        return (b & ~field) | (a << first & field);
    }

    /// <summary>bfind: position of the highest bit that differs from the sign, or its distance from the top; all ones if there is
    /// none.</summary>
    public static uint FindHighest(IntegerFormat type, ulong a, bool shiftAmount)
    {
        ulong value = type.Signed && type.Extend(a) < 0 ? ~a & type.Mask : a & type.Mask;
        if (value == 0)
            return uint.MaxValue;
        int position = 63 - BitOperations.LeadingZeroCount(value);
        return (uint)(shiftAmount ? type.Bits - 1 - position : position);
    }

    /// <summary>fns: position of the n-th set bit from a base, upward for positive n, downward for negative; 0 asks for the base's own
    /// bit.</summary>
    public static uint FindNth(uint mask, uint start, int n)
    {
        if (start > 31)
            return uint.MaxValue;
        int left = Math.Max(Math.Abs((long)n), 1) > 32 ? 33 : Math.Max(Math.Abs(n), 1), step = n < 0 ? -1 : 1;
        for (int position = (int)start; position is >= 0 and < 32; position += step)
        {
            if ((mask >> position & 1) != 0 && --left == 0)
                return (uint)position;
            if (n == 0)
                break;
        }
        return uint.MaxValue;
    }

    public static ulong Reverse(int bits, ulong a)
    {
        ulong result = 0;
        for (int i = 0; i < bits; i++)
            result |= (a >> i & 1) << (bits - 1 - i);
        return result;
    }

    public static uint CountLeadingZeros(int bits, ulong a) => (uint)(BitOperations.LeadingZeroCount(a & Mask(bits)) - (64 - bits));

    public static uint CountOnes(int bits, ulong a) => (uint)BitOperations.PopCount(a & Mask(bits));

    /// <summary>bmsk: ones from bit <paramref name="start"/> on, <paramref name="width"/> of them; both wrap at 32 or end at the
    /// top.</summary>
    public static uint Ones(uint start, uint width, bool clamp)
    {
        if (!clamp)
            (start, width) = (start & 31, width & 31);
        ulong ones = Mask((int)Math.Min(width, 32));
        return start > 31 ? 0 : (uint)(ones << (int)start);
    }

    /// <summary>szext: the low <paramref name="width"/> bits, sign- or zero-extended; the width wraps at 32, or 32 and more mean all of
    /// them.</summary>
    public static uint Extend(bool signed, uint a, uint width, bool clamp)
    {
        int count = (int)(clamp ? Math.Min(width, 32) : width & 31);
        return count == 0 ? 0 : (uint)new IntegerFormat(count, signed).Extend(a);
    }

    /// <summary>lop3: bit by bit the entry of an 8-entry table at 4a + 2b + c.</summary>
    public static uint Logic(uint a, uint b, uint c, uint table)
    {
        uint result = 0;
        for (int entry = 0; entry < 8; entry++)
            if ((table >> entry & 1) != 0)
                result |= ((entry & 4) != 0 ? a : ~a) & ((entry & 2) != 0 ? b : ~b) & ((entry & 1) != 0 ? c : ~c);
        return result;
    }

    /// <summary>prmt: four bytes chosen from the eight of b:a, the lowest being number 0.</summary>
    public static uint Permute(uint a, uint b, uint selector, PermuteMode mode)
    {
        ulong source = (ulong)b << 32 | a;
        int first = (int)selector & 3;
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            int nibble = (int)(selector >> (4 * i)) & 15;
            int index = mode switch
            {
                PermuteMode.Default => nibble & 7,
                PermuteMode.Forward4 => first + i,
                PermuteMode.Backward4 => (first - i) & 7,
                PermuteMode.Replicate8 => first,
                PermuteMode.EdgeClampLeft => Math.Max(first, i),
                PermuteMode.EdgeClampRight => Math.Min(first, i),
                PermuteMode.Replicate16 => 2 * (first & 1) + (i & 1),
                _ => throw new ArgumentOutOfRangeException(nameof(mode)),
            };
            uint value = (uint)(source >> (8 * index)) & 255;
            // The highest bit of a nibble replicates the byte's sign
            if (mode == PermuteMode.Default && (nibble & 8) != 0)
                value = (value & 128) != 0 ? 255u : 0;
            result |= value << (8 * i);
        }
        return result;
    }

    static ulong Mask(int bits) => bits >= 64 ? ulong.MaxValue : (1UL << bits) - 1;
}
