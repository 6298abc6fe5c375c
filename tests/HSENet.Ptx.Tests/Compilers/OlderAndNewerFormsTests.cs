// Forms of old targets and of new ones: votes without .sync, elected lanes, vectors of atomics, packed conversions, special registers.
namespace HSENet.Ptx.Tests;

public class OlderAndNewerFormsTests
{
    const string Store = "mul.wide.u32 %rd2, %r1, 4; ld.param.u64 %rd1, [p0]; add.u64 %rd1, %rd1, %rd2; st.global.u32 [%rd1], %r9;";

    [Theory]
    [InlineData("vote.ballot.b32 %r9, %p1;", 0x55u)]
    [InlineData("vote.any.pred %p2, %p1; selp.u32 %r9, 1, 0, %p2;", 1u)]
    [InlineData("vote.all.pred %p2, %p1; selp.u32 %r9, 1, 0, %p2;", 0u)]
    [InlineData("shfl.idx.b32 %r9, %r1, 6, 0x1f;", 6u)]
    public void Votes_and_shuffles_without_sync_are_of_the_lanes_that_are_here(string instruction, uint expected)
    {
        string body = $"""
            mov.u32 %r1, %tid.x; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 0; mov.u32 %r9, 99;
            setp.ge.u32 %p3, %r1, 8; @%p3 bra done;
            {instruction}
            done:
            """ + Store;
        string text = $".version 6.0\n.target sm_52\n.address_size 64\n.visible .entry k(.param .u64 p0)\n{{\n.reg .pred %p<9>; "
            + $".reg .b32 %r<20>; .reg .b64 %rd<9>;\n{body}\nret;\n}}";
        using Kernel kernel = new(text);
        EmulatorAllocation result = kernel.Memory.Allocate(128, "result");
        Assert.Empty(kernel.Launch(1, 32, null, result).Findings);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 8 ? expected : 99u), Kernel.Values<uint>(result));
        using Kernel newer = new(text.Replace("sm_52", "sm_70"));
        Assert.Contains("before sm_70", Assert.Throws<PtxException>(() => newer.Launch(1, 32, null, result)).Message);
    }

    [Fact]
    public void The_lowest_lane_of_a_mask_is_elected()
    {
        using Kernel kernel = Kernel.Of("""
            mov.u32 %r1, %tid.x; mov.u32 %r9, 99; setp.lt.u32 %p1, %r1, 4; @%p1 bra done;
            elect.sync %r9|%p2, 0xfffffff0;
            @%p2 add.u32 %r9, %r9, 100;
            done:
            """ + Store);
        EmulatorAllocation result = kernel.Memory.Allocate(128, "result");
        Assert.Empty(kernel.Launch(1, 32, null, result).Findings);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 4 ? 99 : lane == 4 ? 104 : 4), Kernel.Values<int>(result));
    }

    [Fact]
    public void A_conversion_takes_registers_that_are_wider_than_its_types()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.u64 %rd2, 0x1234567880000001;
            cvt.s64.s32 %rd3, %rd2; cvt.u64.u32 %rd4, %rd2; cvt.s32.s8 %rd5, %rd2; mov.u64 %rd6, 0xff; cvt.s32.s8 %rd6, %rd6;
            st.global.v2.u64 [%rd1], {%rd3, %rd4}; st.global.v2.u64 [%rd1+16], {%rd5, %rd6};
            """);
        EmulatorAllocation x = kernel.Memory.Allocate(32, "x");
        Assert.Empty(kernel.Launch(1, 1, null, x).Findings);
        Assert.Equal([unchecked((long)0xffffffff80000001), 0x80000001, 1, -1], Kernel.Values<long>(x));
    }

    [Fact]
    public void Each_element_of_a_vector_is_an_atomic()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.f32 %f1, 0f3F800000; mov.f32 %f2, 0f40000000; mov.u64 %rd9, 0;
            atom.global.v2.f32.add {%f2, %f3}, [%rd1], {%f1, %f2};
            red.global.add.L2::cache_hint.v4.f32 [%rd1], {%f1, %f1, %f1, %f1}, %rd9;
            mov.b32 %r1, 0x3c004000; mov.b32 %r2, 0xbc003800;
            red.global.min.noftz.v2.f16x2 [%rd1+16], {%r1, %r2};
            mov.b16 %rs1, 0x4000; mov.b16 %rs2, 0x4080;
            red.global.max.noftz.v2.bf16 [%rd1+24], {%rs1, %rs2};
            st.global.v2.f32 [%rd1+32], {%f2, %f3};
            """.Replace("atom.global.v2.f32.add", "atom.global.add.v2.f32"));
        byte[] halves = [0, 0x38, 0, 0x38, 0, 0x38, 0, 0x38]; // 0.5
        EmulatorAllocation values = kernel.Memory.Allocate(40, "values");
        values.Write<float>([1, 2, 3, 4]);
        values.Write<byte>(halves, 16);
        values.Write<byte>([0x40, 0x40, 0x40, 0x40], 24); // 3 as bf16
        values.Write<int>([0], 28);
        Assert.Empty(kernel.Launch(1, 1, null, values).Findings);
        float[] found = Kernel.Values<float>(values);
        Assert.Equal([3, 5, 4, 5], found[..4]);
        Assert.Equal([1, 2], found[8..]);
        byte[] bytes = Kernel.Values<byte>(values);
        Assert.Equal([0, 0x38, 0, 0x38, 0, 0x38, 0, 0xbc], bytes[16..24]);
        Assert.Equal([0x40, 0x40, 0x80, 0x40], bytes[24..28]);
    }

    [Fact]
    public void A_vector_of_atomics_must_be_aligned()
    {
        using Kernel kernel = Kernel.Of("ld.param.u64 %rd1, [p0]; mov.f32 %f1, 0f3F800000; red.global.add.v2.f32 [%rd1+4], {%f1, %f1};");
        Assert.Equal(FindingKind.Misaligned, kernel.Launch(1, 1, null, kernel.Buffer("x", 1f, 2f, 3f)).Findings.Single().Kind);
    }

    [Fact]
    public void What_is_discarded_is_not_read()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0];
            prefetch.global.L2::evict_last [%rd1]; applypriority.global.L2::evict_normal [%rd1], 128;
            discard.global.L2 [%rd1], 128; st.global.u32 [%rd1], 1; ld.global.u32 %r1, [%rd1]; ld.global.u32 %r2, [%rd1+4];
            """);
        EmulatorAllocation x = kernel.Memory.Allocate(256, "x");
        x.Write<int>(new int[40]);
        EmulatorFinding finding = kernel.Launch(1, 1, null, x).Findings.Single();
        Assert.Equal(FindingKind.UninitialisedRead, finding.Kind);
        Assert.Contains("byte 4 of x", finding.Message);
    }

    [Theory]
    [InlineData("createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %rd3, 0.5;")]
    [InlineData("createpolicy.range.global.L2::evict_first.b64 %rd3, [%rd1], 4, 8;")]
    [InlineData("createpolicy.cvt.L2.b64 %rd3, 1;")]
    public void A_cache_policy_changes_no_value(string create)
    {
        using Kernel kernel = Kernel.Of($"""
            ld.param.u64 %rd1, [p0]; {create}
            ld.global.L2::cache_hint.u32 %r1, [%rd1], %rd3; atom.global.add.L2::cache_hint.u32 %r2, [%rd1], 5, %rd3;
            add.u32 %r1, %r1, %r2; st.global.L2::cache_hint.u32 [%rd1+4], %r1, %rd3;
            """);
        EmulatorAllocation x = kernel.Buffer("x", 7, 0);
        Assert.Empty(kernel.Launch(1, 1, null, x).Findings);
        Assert.Equal([12, 14], Kernel.Values<int>(x));
    }

    [Fact]
    public void Every_launch_has_a_number_and_special_registers_have_64_bits()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.u64 %rd2, %gridid; st.global.u64 [%rd1], %rd2; mov.u32 %r1, %envreg3; mov.u64 %rd3, %pm0_64;
            cvt.u64.u32 %rd4, %r1; add.u64 %rd3, %rd3, %rd4; st.global.u64 [%rd1+8], %rd3;
            """);
        EmulatorAllocation x = kernel.Memory.Allocate(16, "x");
        kernel.Launch(1, 1, null, x);
        ulong first = Kernel.Values<ulong>(x)[0];
        kernel.Launch(1, 1, null, x);
        Assert.Equal([first + 1, 0], Kernel.Values<ulong>(x));
    }

    [Theory]
    [InlineData("and")]
    [InlineData("or")]
    [InlineData("xor")]
    public void Packed_halves_are_set_with_a_predicate(string combination)
    {
        ulong[] values = [0, 0x3c00, 0x3c003c00, 0x3c000000, 0xbc003c00, 0x7e007c00, 0x80000000];
        (ulong A, ulong B, ulong P)[] all = [.. from a in values from b in values from p in new ulong[] { 0, 1 } select (a, b, p)];
        ulong[] found = LaneKernel.Run($"set.lt.{combination}.f16x2.f16x2", ["f16x2"], ["f16x2", "f16x2", "pred"],
            [[.. all.Select(t => t.A)], [.. all.Select(t => t.B)], [.. all.Select(t => t.P)]])[0];
        for (int i = 0; i < all.Length; i++)
            for (int half = 0; half < 32; half += 16)
            {
                bool less = FloatComparison.Compare(FloatFormat.Half, Comparison.Less, all[i].A >> half & 0xffff, all[i].B >> half & 0xffff,
                    false), p = all[i].P != 0;
                bool expected = combination == "and" ? less && p : combination == "or" ? less || p : less != p;
                Assert.Equal(expected ? 0x3c00ul : 0, found[i] >> half & 0xffff);
            }
    }

    [Theory]
    [InlineData("u16", 0, 65535, false)]
    [InlineData("s16", -32768, 32767, false)]
    [InlineData("u8", 0, 255, true)]
    [InlineData("s8", -128, 127, true)]
    [InlineData("u4", 0, 15, true)]
    [InlineData("s4", -8, 7, true)]
    [InlineData("u2", 0, 3, true)]
    [InlineData("s2", -2, 1, true)]
    public void Two_numbers_are_cut_and_packed(string type, int least, int most, bool shifts)
    {
        int[] edges = [0, 1, -1, 2, 3, least, least - 1, least + 1, most, most - 1, most + 1, int.MinValue, int.MaxValue];
        (int A, int B, uint C)[] all = [.. from a in edges from b in edges from c in new[] { 0u, 0x89abcdefu } select (a, b, c)];
        ulong[][] operands =
            [[.. all.Select(t => (ulong)(uint)t.A)], [.. all.Select(t => (ulong)(uint)t.B)], [.. all.Select(t => (ulong)t.C)]];
        ulong[] found = shifts ? LaneKernel.Run($"cvt.pack.sat.{type}.s32.b32", ["b32"], ["s32", "s32", "b32"], operands)[0]
            : LaneKernel.Run($"cvt.pack.sat.{type}.s32", ["b32"], ["s32", "s32"], operands[..2])[0];
        int bits = int.Parse(type[1..]);
        for (int i = 0; i < all.Length; i++)
        {
            uint mask = (1u << bits) - 1, low = (uint)Math.Clamp(all[i].B, least, most) & mask,
                high = (uint)Math.Clamp(all[i].A, least, most) & mask;
            Assert.Equal(low | high << bits | (shifts ? all[i].C << 2 * bits : 0), (uint)found[i]);
        }
    }
}
