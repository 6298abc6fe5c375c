// Integer arithmetic of PTX: add to rem, their high, wide, 24-bit, carrying and saturating forms, sums of differences, byte and half-word
// dot products
namespace HSENet.Ptx;

/// <summary>Operands are bits of the type; results are its bits, above them zero.</summary>
static class IntegerArithmetic
{
    public static ulong Add(IntegerFormat type, ulong a, ulong b, bool saturate)
    {
        Int128 sum = type.Value(a) + type.Value(b);
        return saturate ? type.Clamp(sum) : type.Wrap(sum);
    }

    public static ulong Subtract(IntegerFormat type, ulong a, ulong b, bool saturate)
    {
        Int128 difference = type.Value(a) - type.Value(b);
        return saturate ? type.Clamp(difference) : type.Wrap(difference);
    }

    /// <summary>add.cc, addc and addc.cc: the carry out is 1 when the unsigned sum does not fit.</summary>
    public static (ulong Sum, uint Carry) AddWithCarry(int bits, ulong a, ulong b, uint carry)
    {
        UInt128 sum = (UInt128)a + b + carry;
        return ((ulong)sum & new IntegerFormat(bits, false).Mask, (uint)(sum >> bits));
    }

    /// <summary>sub.cc, subc and subc.cc: the borrow out is 1 when the unsigned difference is negative.</summary>
    public static (ulong Difference, uint Borrow) SubtractWithBorrow(int bits, ulong a, ulong b, uint borrow)
    {
        Int128 difference = (Int128)a - b - borrow;
        return ((ulong)difference & new IntegerFormat(bits, false).Mask, difference < 0 ? 1u : 0u);
    }

    public static ulong MultiplyLow(IntegerFormat type, ulong a, ulong b) => a * b & type.Mask;

    public static ulong MultiplyHigh(IntegerFormat type, ulong a, ulong b)
    {
        // 128 bits hold every signed product; the unsigned ones of 64 bits need all of an unsigned type
        if (!type.Signed)
            return (ulong)((UInt128)(a & type.Mask) * (b & type.Mask) >> type.Bits);
        return (ulong)(type.Value(a) * type.Value(b) >> type.Bits) & type.Mask;
    }

    /// <summary>The whole product, twice as wide as the operands: 16 or 32 bits.</summary>
    public static ulong MultiplyWide(IntegerFormat type, ulong a, ulong b) =>
        new IntegerFormat(2 * type.Bits, type.Signed).Wrap(type.Value(a) * type.Value(b));

    /// <summary>mul24: of the 48-bit product of the operands' low 24 bits the upper or the lower 32.</summary>
    public static ulong Multiply24(bool signed, bool high, ulong a, ulong b)
    {
        IntegerFormat type = new(24, signed);
        return (ulong)(type.Extend(a) * type.Extend(b) >> (high ? 16 : 0)) & uint.MaxValue;
    }

    /// <summary>
    /// div. By zero, which PTX leaves open: all bits one, as GPUs give. The smallest number divided by -1 is itself.
    /// </summary>
    public static ulong Divide(IntegerFormat type, ulong a, ulong b) =>
        type.Value(b) == 0 ? type.Mask : type.Wrap(type.Value(a) / type.Value(b));

    /// <summary>rem: the sign is the dividend's. By zero, which PTX leaves open: all bits one, as GPUs give.</summary>
    public static ulong Remainder(IntegerFormat type, ulong a, ulong b) =>
        type.Value(b) == 0 ? type.Mask : type.Wrap(type.Value(a) % type.Value(b));

    /// <summary>The smallest number stays itself.</summary>
    public static ulong Abs(IntegerFormat type, ulong a) => type.Wrap(Int128.Abs(type.Value(a)));

    public static ulong Negate(IntegerFormat type, ulong a) => (0 - a) & type.Mask;

    /// <param name="type">The operands' type.</param>
    /// <param name="a">An operand.</param>
    /// <param name="b">An operand.</param>
    /// <param name="relu">.relu: a negative result becomes 0.</param>
    public static ulong Min(IntegerFormat type, ulong a, ulong b, bool relu = false) =>
        type.Wrap(Relu(Int128.Min(type.Value(a), type.Value(b)), relu));

    /// <summary>Parameters as in <see cref="Min"/>.</summary>
    public static ulong Max(IntegerFormat type, ulong a, ulong b, bool relu = false) =>
        type.Wrap(Relu(Int128.Max(type.Value(a), type.Value(b)), relu));

    /// <summary>sad: c + |a - b|.</summary>
    public static ulong SumOfAbsoluteDifference(IntegerFormat type, ulong a, ulong b, ulong c) =>
        type.Wrap(type.Value(c) + Int128.Abs(type.Value(a) - type.Value(b)));

    /// <summary>dp4a: c plus the dot product of four bytes; <paramref name="c"/> and the result wrap.</summary>
    public static ulong DotBytes(bool signedA, bool signedB, ulong a, ulong b, ulong c)
    {
        long sum = (long)c;
        for (int i = 0; i < 4; i++)
            sum += new IntegerFormat(8, signedA).Extend(a >> (8 * i)) * new IntegerFormat(8, signedB).Extend(b >> (8 * i));
        return (uint)sum;
    }

    /// <summary>dp2a: c plus the dot product of the two half-words of a with the lower (.lo) or upper (.hi) two bytes of b.</summary>
    public static ulong DotHalfWords(bool signedA, bool signedB, bool high, ulong a, ulong b, ulong c)
    {
        long sum = (long)c;
        for (int i = 0; i < 2; i++)
            sum += new IntegerFormat(16, signedA).Extend(a >> (16 * i)) * new IntegerFormat(8, signedB)
                .Extend(b >> (8 * i + (high ? 16 : 0)));
        return (uint)sum;
    }

    public static bool Compare(IntegerFormat type, Comparison comparison, ulong a, ulong b)
    {
        int order = type.Value(a).CompareTo(type.Value(b));
        return comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Less => order < 0,
            Comparison.LessOrEqual => order <= 0,
            Comparison.Greater => order > 0,
            Comparison.GreaterOrEqual => order >= 0,
            _ => throw new ArgumentOutOfRangeException(nameof(comparison)),
        };
    }

    static Int128 Relu(Int128 value, bool relu) => relu && value < 0 ? 0 : value;
}
