// Instructions on bits against definitions that look at one bit at a time, with counts and positions over the width
namespace HSENet.Ptx.Tests;

public class BitFieldsTests
{
    static readonly uint[] Counts =
        [0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 255, 256, 257, 0x7fffffff, 0x80000000, 0xffffffff];

    static bool Bit(ulong value, long index) => index is >= 0 and < 64 && (value >> (int)index & 1) != 0;

    static ulong FromBits(int width, Func<int, bool> bit)
    {
        ulong result = 0;
        for (int i = 0; i < width; i++)
            result |= bit(i) ? 1UL << i : 0;
        return result;
    }

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    public void Shifts_over_the_width_leave_zeros_or_signs(int bits)
    {
        foreach (ulong a in IntegerSamples.Of(new(bits, false), 20))
            foreach (uint count in Counts)
            {
                Assert.Equal(FromBits(bits, i => i >= count && Bit(a, i - count)), BitFields.ShiftLeft(bits, a, count));
                Assert.Equal(FromBits(bits, i => i + (long)count < bits && Bit(a, i + count)),
                    BitFields.ShiftRight(new(bits, false), a, count));
                Assert.Equal(FromBits(bits, i => Bit(a, Math.Min(i + (long)count, bits - 1))),
                    BitFields.ShiftRight(new(bits, true), a, count));
            }
    }

    [Fact]
    public void Funnel_shifts_wrap_or_clamp_their_count()
    {
        foreach (ulong pair in IntegerSamples.Of(new(64, false), 50))
            foreach (uint count in Counts)
                foreach (bool clamp in new[] { false, true })
                {
                    int shift = clamp ? (int)Math.Min(32, count) : (int)(count % 32);
                    uint a = (uint)pair, b = (uint)(pair >> 32);
                    Assert.Equal(FromBits(32, i => Bit(pair, i + 32 - shift)), BitFields.FunnelLeft(a, b, count, clamp));
                    Assert.Equal(FromBits(32, i => Bit(pair, i + shift)), BitFields.FunnelRight(a, b, count, clamp));
                }
    }

    [Theory]
    [InlineData(32, false)]
    [InlineData(32, true)]
    [InlineData(64, false)]
    [InlineData(64, true)]
    public void Extracted_fields_are_filled_with_their_highest_bit(int bits, bool signed)
    {
        foreach (ulong a in IntegerSamples.Of(new(bits, false), 10))
            foreach (uint start in Counts)
                foreach (uint length in Counts)
                {
                    int first = (int)(start % 256), count = (int)(length % 256);
                    bool fill = signed && count != 0 && Bit(a, Math.Min(first + count - 1, bits - 1));
                    ulong expected = FromBits(bits, i => i < count && first + i < bits ? Bit(a, first + i) : fill);
                    Assert.Equal(expected, BitFields.Extract(new(bits, signed), a, start, length));
                }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Inserted_fields_end_at_the_top(int bits)
    {
        foreach (ulong a in IntegerSamples.Of(new(bits, false), 5))
            foreach (uint start in Counts)
                foreach (uint length in Counts)
                {
                    ulong b = ~a * 0x9e3779b97f4a7c15 & new IntegerFormat(bits, false).Mask;
                    int first = (int)(start % 256), count = (int)(length % 256);
                    Assert.Equal(FromBits(bits, i => i >= first && i < first + count ? Bit(a, i - first) : Bit(b, i)),
                        BitFields.Insert(bits, a, b, start, length));
                }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Counts_and_searches_look_at_every_bit(int bits)
    {
        foreach (ulong a in IntegerSamples.Of(new(bits, false), 100))
        {
            int highest = Enumerable.Range(0, bits).LastOrDefault(i => Bit(a, i), -1);
            int differing = Enumerable.Range(0, bits).LastOrDefault(i => Bit(a, i) != Bit(a, bits - 1), -1);
            Assert.Equal((uint)(bits - 1 - highest), BitFields.CountLeadingZeros(bits, a));
            Assert.Equal((uint)Enumerable.Range(0, bits).Count(i => Bit(a, i)), BitFields.CountOnes(bits, a));
            Assert.Equal(FromBits(bits, i => Bit(a, bits - 1 - i)), BitFields.Reverse(bits, a));
            Assert.Equal((uint)highest, BitFields.FindHighest(new(bits, false), a, false));
            Assert.Equal(highest < 0 ? uint.MaxValue : (uint)(bits - 1 - highest), BitFields.FindHighest(new(bits, false), a, true));
            Assert.Equal((uint)differing, BitFields.FindHighest(new(bits, true), a, false));
            Assert.Equal(differing < 0 ? uint.MaxValue : (uint)(bits - 1 - differing), BitFields.FindHighest(new(bits, true), a, true));
        }
    }

    [Fact]
    public void The_nth_set_bit_is_counted_from_the_base_in_either_direction()
    {
        uint[] masks = [0, 1, 0x80000000, 0xffffffff, 0xa5a5a5a5, 0x00f00f00];
        foreach (uint mask in masks)
            for (uint start = 0; start < 34; start++)
                for (int n = -34; n <= 34; n++)
                {
                    int[] upward = [.. Enumerable.Range((int)start, Math.Max(0, 32 - (int)start)).Where(i => Bit(mask, i))];
                    int[] downward = [.. Enumerable.Range(0, start < 32 ? (int)start + 1 : 0).Where(i => Bit(mask, i)).Reverse()];
                    uint expected = uint.MaxValue;
                    if (n == 0)
                        expected = start < 32 && Bit(mask, start) ? start : uint.MaxValue;
                    else if (n > 0 && upward.Length >= n)
                        expected = (uint)upward[n - 1];
                    else if (n < 0 && downward.Length >= -n)
                        expected = (uint)downward[-n - 1];
                    Assert.Equal(expected, BitFields.FindNth(mask, start, n));
                }
        Assert.Equal(uint.MaxValue, BitFields.FindNth(uint.MaxValue, 0, int.MinValue));
    }

    [Fact]
    public void Masks_and_extensions_wrap_or_clamp()
    {
        foreach (uint start in Counts)
            foreach (uint width in Counts)
                foreach (bool clamp in new[] { false, true })
                {
                    long first = clamp ? start : start % 32, count = clamp ? width : width % 32;
                    Assert.Equal(FromBits(32, i => i >= first && i < first + count), BitFields.Ones(start, width, clamp));
                    int kept = (int)Math.Min(count, 32);
                    Assert.Equal(FromBits(32, i => i < kept && Bit(0x9abcdef5, i)), BitFields.Extend(false, 0x9abcdef5, width, clamp));
                    Assert.Equal(FromBits(32, i => kept != 0 && Bit(0x9abcdef5, Math.Min(i, kept - 1))),
                        BitFields.Extend(true, 0x9abcdef5, width, clamp));
                }
    }

    [Fact]
    public void Every_table_of_three_operands_is_looked_up_bit_by_bit()
    {
        for (uint table = 0; table < 256; table++)
        {
            uint a = 0xf0f0f0f0 ^ table, b = 0xccccffff, c = 0xaaaa1234;
            Assert.Equal(FromBits(32, i => Bit(table, (Bit(a, i) ? 4 : 0) + (Bit(b, i) ? 2 : 0) + (Bit(c, i) ? 1 : 0))),
                BitFields.Logic(a, b, c, table));
        }
        Assert.Equal(0x12345678u & 0x0ff00ff0, BitFields.Logic(0x12345678, 0x0ff00ff0, 0xdeadbeef, 0xc0)); // a & b
    }

    /// <summary>The manual's tables, byte 3 first, as digits into the eight bytes of b:a.</summary>
    [Theory]
    [InlineData("Forward4", "3210", "4321", "5432", "6543")]
    [InlineData("Backward4", "5670", "6701", "7012", "0123")]
    [InlineData("Replicate8", "0000", "1111", "2222", "3333")]
    [InlineData("EdgeClampLeft", "3210", "3211", "3222", "3333")]
    [InlineData("EdgeClampRight", "0000", "1110", "2210", "3210")]
    [InlineData("Replicate16", "1010", "3232", "1010", "3232")]
    public void Permutations_follow_the_tables_of_their_mode(string mode, params string[] selections)
    {
        for (uint selector = 0; selector < 8; selector++)
        {
            string digits = selections[selector % 4];
            uint expected = digits.Aggregate(0u, (word, digit) => word << 8 | (uint)(0x11 * (digit - '0')));
            Assert.Equal(expected, BitFields.Permute(0x33221100, 0x77665544, selector, Enum.Parse<PermuteMode>(mode)));
        }
    }

    [Fact]
    public void The_default_permutation_chooses_bytes_or_their_signs()
    {
        Assert.Equal(0x00775544u, BitFields.Permute(0x33221100, 0x77665544, 0x0754, PermuteMode.Default));
        Assert.Equal(0xffffff80u, BitFields.Permute(0x80, 0, 0x8880, PermuteMode.Default));
        Assert.Equal(0x0000007fu, BitFields.Permute(0x7f, 0, 0xffff8880, PermuteMode.Default));
    }
}
