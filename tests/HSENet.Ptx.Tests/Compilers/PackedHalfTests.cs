// set on pairs of halves for every value of 16 bits, and cvt.pack for every number near its limits, against the manual's words.
namespace HSENet.Ptx.Tests;

public class PackedHalfTests
{
    const int Count = 1 << 16;

    static readonly string[] Comparisons =
        ["eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"];

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Set_compares_both_halves_of_every_value(string type)
    {
        Func<ushort, float> value = type == "f16" ? bits => (float)BitConverter.UInt16BitsToHalf(bits)
            : bits => BitConverter.UInt32BitsToSingle((uint)bits << 16);
        uint one = type == "f16" ? 0x3c00u : 0x3f80u;
        // Thread n compares (n, f(n)) with (f(n), 40503 n): every value stands in each half.
        string code = string.Join('\n', Comparisons.Select((comparison, n) => $"""
            set.{comparison}.{type}x2.{type}x2 %r5, %r2, %r4; st.global.u32 [%rd2+{8L * n * Count}], %r5;
            set.{comparison}.u32.{type}x2 %r6, %r2, %r4; st.global.u32 [%rd2+{(8L * n + 4) * Count}], %r6;
            """));
        using Kernel kernel = Kernel.Of($$"""
            mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r1, %r1, 256, %r2; ld.param.u64 %rd1, [p0];
            mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd2, %rd1;
            mul.lo.u32 %r3, %r1, 25173; add.u32 %r3, %r3, 13849; and.b32 %r3, %r3, 65535; mul.lo.u32 %r7, %r1, 40503;
            and.b32 %r7, %r7, 65535; shl.b32 %r2, %r3, 16; or.b32 %r2, %r2, %r1; shl.b32 %r4, %r7, 16; or.b32 %r4, %r4, %r3;
            {{code}}
            """);
        EmulatorAllocation results = kernel.Memory.Allocate(8L * Comparisons.Length * Count, "results");
        Assert.Empty(kernel.Launch(Count / 256, 256, null, results).Findings);
        uint[] found = Kernel.Values<uint>(results);
        for (int n = 0; n < Comparisons.Length; n++)
            for (int thread = 0; thread < Count; thread++)
            {
                ushort other = (ushort)(thread * 25173 + 13849), third = (ushort)(thread * 40503);
                bool low = Holds(Comparisons[n], value((ushort)thread), value(other)),
                    high = Holds(Comparisons[n], value(other), value(third));
                Assert.Equal((low ? one : 0) | (high ? one << 16 : 0), found[2 * n * Count + thread]);
                Assert.Equal((low ? 0xffffu : 0) | (high ? 0xffff0000u : 0), found[(2 * n + 1) * Count + thread]);
            }
    }

    static bool Holds(string comparison, float a, float b) => comparison switch
    {
        "num" => !float.IsNaN(a) && !float.IsNaN(b),
        "nan" => float.IsNaN(a) || float.IsNaN(b),
        [.., 'u'] when comparison.Length == 3 => float.IsNaN(a) || float.IsNaN(b) || Holds(comparison[..2], a, b),
        "eq" => a == b,
        "ne" => a != b && !float.IsNaN(a) && !float.IsNaN(b),
        "lt" => a < b,
        "le" => a <= b,
        "gt" => a > b,
        _ => a >= b,
    };

    [Theory]
    [InlineData("u8", 0, 255)]
    [InlineData("s8", -128, 127)]
    [InlineData("u16", 0, 65535)]
    [InlineData("s16", -32768, 32767)]
    public void Pack_cuts_every_number_to_its_range(string type, int least, int most)
    {
        int bits = most - least > 255 ? 16 : 8;
        string pack = bits == 16 ? $"cvt.pack.sat.{type}.s32 %r5, %r1, %r3;" : $"cvt.pack.sat.{type}.s32.b32 %r5, %r1, %r3, %r4;";
        // Four numbers of a thread apart by 65,536: from -131,072 to 131,071.
        using Kernel kernel = Kernel.Of($$"""
            mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r1, %r1, 256, %r2; ld.param.u64 %rd1, [p0];
            mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd2, %rd1; mov.u32 %r4, %r1; sub.s32 %r1, %r1, 131072; neg.s32 %r3, %r1;
            {{pack}} st.global.u32 [%rd2], %r5;
            """);
        EmulatorAllocation results = kernel.Memory.Allocate(16L * Count, "results");
        Assert.Empty(kernel.Launch(Count / 64, 256, null, results).Findings);
        uint[] found = Kernel.Values<uint>(results);
        uint mask = (1u << bits) - 1;
        for (int n = 0; n < found.Length; n++)
        {
            uint first = (uint)Math.Clamp(n - 131072, least, most) & mask, second = (uint)Math.Clamp(131072 - n, least, most) & mask;
            Assert.Equal(first << bits | second | (bits == 16 ? 0 : (uint)n << 16), found[n]);
        }
    }
}
