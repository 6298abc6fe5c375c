// Carry chains: additions, differences and products of numbers wider than a register, against whole numbers.
namespace HSENet.Ptx.Tests;

public class CarryChainTests
{
    static readonly ulong[] Edges =
    [
        0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000,
        0xffff_ffff_0000_0000, 0xffff_ffff_ffff_fffe, ulong.MaxValue, 0x0123_4567_89ab_cdef,
    ];

    [Fact]
    public void Words_are_added_and_subtracted_with_carry() => ForPairs("""
        add.cc.u32 %r20, %r1, %r5; addc.cc.u32 %r21, %r2, %r6; addc.cc.s32 %r22, %r3, %r7; addc.u32 %r23, %r4, %r8;
        sub.cc.u32 %r24, %r1, %r5; subc.cc.s32 %r25, %r2, %r6; subc.cc.u32 %r26, %r3, %r7; subc.u32 %r27, %r4, %r8;
        """, (a, b) => (a + b, a - b));

    [Fact]
    public void Words_are_multiplied_with_carry() => ForPairs("""
        // The product of the low 64 bits of a and b, in words, and the same with a signed high word that is only added.
        mul.lo.u32 %r20, %r1, %r5;
        mul.hi.u32 %r21, %r1, %r5;
        mad.lo.cc.u32 %r21, %r1, %r6, %r21;
        madc.hi.u32 %r22, %r1, %r6, 0;
        mad.lo.cc.u32 %r21, %r2, %r5, %r21;
        madc.hi.cc.u32 %r22, %r2, %r5, %r22;
        addc.u32 %r23, 0, 0;
        mad.lo.cc.u32 %r22, %r2, %r6, %r22;
        madc.hi.u32 %r23, %r2, %r6, %r23;
        mov.b64 %rd20, {%r1, %r2}; mov.b64 %rd21, {%r5, %r6};
        mul.lo.u64 %rd22, %rd20, %rd21;
        mad.hi.cc.u64 %rd23, %rd20, %rd21, 0;
        mov.b64 {%r24, %r25}, %rd22; mov.b64 {%r26, %r27}, %rd23;
        """, (a, b) => ((UInt128)(ulong)a * (ulong)b, (UInt128)(ulong)a * (ulong)b));

    [Fact]
    public void Registers_of_64_bits_carry_too() => ForPairs("""
        mov.b64 %rd10, {%r1, %r2}; mov.b64 %rd11, {%r3, %r4}; mov.b64 %rd12, {%r5, %r6}; mov.b64 %rd13, {%r7, %r8};
        add.cc.u64 %rd20, %rd10, %rd12; addc.s64 %rd21, %rd11, %rd13;
        sub.cc.s64 %rd22, %rd10, %rd12; subc.u64 %rd23, %rd11, %rd13;
        mov.b64 {%r20, %r21}, %rd20; mov.b64 {%r22, %r23}, %rd21; mov.b64 {%r24, %r25}, %rd22; mov.b64 {%r26, %r27}, %rd23;
        """, (a, b) => (a + b, a - b));

    [Fact]
    public void A_signed_high_product_is_added_with_carry()
    {
        ForPairs("mad.hi.cc.s32 %r20, %r1, %r5, %r2; addc.u32 %r21, 0, 0; mov.u32 %r22, 0; mov.u32 %r23, 0;"
            + "mov.u32 %r24, 0; mov.u32 %r25, 0; mov.u32 %r26, 0; mov.u32 %r27, 0;",
            (a, b) => ((uint)((long)(int)(uint)a * (int)(uint)b >> 32) + (UInt128)(uint)(a >> 32), 0));
    }

    [Fact]
    public void A_guard_leaves_the_carry_of_other_lanes()
    {
        using Kernel kernel = Kernel.Of("""
            mov.u32 %r1, %tid.x; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 0;
            add.cc.u32 %r3, -1, 1;
            @%p1 add.cc.u32 %r3, 0, 0;
            addc.u32 %r4, 0, 0;
            ld.param.u64 %rd1, [p0]; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd1, %rd1, %rd2; st.global.u32 [%rd1], %r4;
            """);
        EmulatorAllocation result = kernel.Memory.Allocate(128, "result");
        kernel.Launch(1, 32, null, result);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane % 2), Kernel.Values<int>(result));
    }

    // a in %r1 to %r4, b in %r5 to %r8; two results of 128 bits from %r20 and %r24 on.
    static void ForPairs(string body, Func<UInt128, UInt128, (UInt128, UInt128)> expected)
    {
        (UInt128 A, UInt128 B)[] pairs = [.. from high in Edges from low in Edges from other in Edges
            select (new UInt128(high, low), new UInt128(low ^ other, other))];
        using Kernel kernel = Kernel.Of($$"""
            mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r1, %r1, 128, %r2; setp.ge.u32 %p1, %r1, {{pairs.Length}}; @%p1 ret;
            mul.wide.u32 %rd1, %r1, 32; ld.param.u64 %rd2, [p0]; ld.param.u64 %rd3, [p1];
            add.u64 %rd2, %rd2, %rd1; add.u64 %rd3, %rd3, %rd1;
            ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd2]; ld.global.v4.u32 {%r5, %r6, %r7, %r8}, [%rd2+16];
            {{body}}
            st.global.v4.u32 [%rd3], {%r20, %r21, %r22, %r23}; st.global.v4.u32 [%rd3+16], {%r24, %r25, %r26, %r27};
            """, 2);
        EmulatorAllocation results = kernel.Memory.Allocate(pairs.Length * 32L, "results");
        kernel.Launch((pairs.Length + 127) / 128, 128, null, kernel.Buffer("pairs", pairs), results);
        UInt128[] found = new UInt128[2 * pairs.Length];
        results.Read<UInt128>(found);
        for (int i = 0; i < pairs.Length; i++)
            Assert.Equal(expected(pairs[i].A, pairs[i].B), (found[2 * i], found[2 * i + 1]));
    }
}
