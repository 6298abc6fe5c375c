// Parts of the machine that no matrix product reaches: atomics, module variables, special registers, barriers with results, launch errors.
namespace HSENet.Ptx.Tests;

public class MachineTests
{
    static readonly EmulatorOptions Everything = new() { Races = true, Profile = true };

    [Theory]
    [InlineData("add.u32", 10, 1, 42)]
    [InlineData("exch.b32", 10, 7, 7)]
    [InlineData("min.u32", 10, 3, 3)]
    [InlineData("max.s32", -10, -3, -3)]
    [InlineData("and.b32", 15, 6, 6)]
    [InlineData("or.b32", 8, 6, 14)]
    [InlineData("xor.b32", 8, 6, 8)]
    [InlineData("inc.u32", 0, 4, 2)]
    [InlineData("dec.u32", 2, 4, 0)]
    public void Atomics_of_a_warp_go_lane_by_lane(string operation, int start, int operand, int expected)
    {
        foreach (string space in new[] { "global", "shared", "" })
        {
            string dotted = space.Length > 0 ? $".{space}" : "";
            using Kernel kernel = Kernel.Of($"""
                .shared .align 4 .b8 tile[4];
                ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x;
                {(space == "shared" ? "mov.u64 %rd1, tile;" : "")}
                {(space == "shared" ? $"setp.eq.u32 %p1, %r1, 0; @%p1 st.shared.u32 [tile], {start}; bar.sync 0;" : "")}
                atom{dotted}.{operation} %r2, [%rd1], {operand};
                bar.sync 0;
                ld{dotted}.u32 %r3, [%rd1];
                ld.param.u64 %rd2, [p1]; st.global.u32 [%rd2], %r3;
                """.Replace("st.global.u32 [%rd2]", "setp.eq.u32 %p2, %r1, 5; @%p2 st.global.u32 [%rd2]"), 2);
            EmulatorAllocation result = kernel.Memory.Allocate(4, "result");
            Assert.Empty(kernel.Launch(1, 32, Everything, kernel.Buffer("x", start), result).Findings);
            Assert.Equal(expected, Kernel.Values<int>(result)[0]);
        }
    }

    [Fact]
    public void Float_sums_of_blocks_have_one_order()
    {
        float[] Sum(int threads)
        {
            using Kernel kernel = Kernel.Of("""
                ld.param.u64 %rd1, [p0]; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r1, %r1, 32, %r2;
                cvt.rn.f32.u32 %f1, %r1; rcp.rn.f32 %f1, %f1;
                setp.gt.u32 %p1, %r1, 0; @%p1 red.global.add.f32 [%rd1], %f1;
                """);
            EmulatorAllocation x = kernel.Buffer("x", 0f);
            kernel.Launch(200, 32, new EmulatorOptions { Threads = threads }, x);
            return Kernel.Values<float>(x);
        }

        Assert.Equal(Sum(1), Sum(4));
        Assert.Equal(Enumerable.Range(1, 6399).Aggregate(0f, (sum, i) => sum + 1f / i), Sum(1)[0]);
    }

    [Fact]
    public void Compare_and_swap_counts_every_thread()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0];
            atom.global.add.u64 %rd2, [%rd1], 0;
            LOOP: add.u64 %rd3, %rd2, 3; mov.u64 %rd4, %rd2;
            atom.global.cas.b64 %rd2, [%rd1], %rd4, %rd3;
            setp.ne.u64 %p1, %rd2, %rd4; @%p1 bra LOOP;
            """);
        EmulatorAllocation x = kernel.Buffer("x", 5ul);
        Assert.Empty(kernel.Launch(3, 64, Everything, x).Findings);
        Assert.Equal(5 + 3ul * 192, Kernel.Values<ulong>(x)[0]);
    }

    [Fact]
    public void Variables_of_a_module_keep_their_values_between_launches()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0];
            ld.const.u32 %r1, [table+4]; ld.global.u32 %r2, [counter]; add.u32 %r2, %r2, %r1; st.global.u32 [counter], %r2;
            mov.u64 %rd2, message; ld.global.u8 %r3, [%rd2+1]; add.u32 %r2, %r2, %r3;
            st.global.u32 [%rd1], %r2;
            """, 1, ".const .align 4 .u32 table[3] = {5, 7, 9}; .global .align 4 .u32 counter; "
                + ".global .align 1 .b8 message[3] = {65, 100, 0};");
        EmulatorAllocation x = kernel.Memory.Allocate(4, "x");
        Assert.Empty(kernel.Launch(1, 1, Everything, x).Findings);
        Assert.Empty(kernel.Launch(1, 1, Everything, x).Findings);
        Assert.Equal(2 * 7 + 100, Kernel.Values<int>(x)[0]);
    }

    [Fact]
    public void Special_registers_say_where_a_thread_is()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0];
            mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z; mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y;
            mad.lo.u32 %r6, %r3, %r5, %r2; mad.lo.u32 %r6, %r6, %r4, %r1;
            mov.u32 %r7, %ctaid.x; mov.u32 %r8, %ctaid.y; mov.u32 %r9, %nctaid.x; mad.lo.u32 %r7, %r8, %r9, %r7;
            mov.u32 %r8, %ntid.z; mul.lo.u32 %r10, %r4, %r5; mul.lo.u32 %r10, %r10, %r8; mad.lo.u32 %r6, %r7, %r10, %r6;
            mov.u32 %r11, %laneid; mov.u32 %r12, %warpid; mov.u32 %r13, %lanemask_lt;
            mul.wide.u32 %rd2, %r6, 16; add.u64 %rd2, %rd1, %rd2;
            st.global.v4.u32 [%rd2], {%r6, %r11, %r12, %r13};
            """);
        const int Threads = 5 * 3 * 4, Blocks = 6;
        EmulatorAllocation x = kernel.Memory.Allocate(Threads * Blocks * 16, "x");
        Assert.Empty(kernel.Launch(new Dim3(3, 2), new Dim3(5, 3, 4), Everything, x).Findings);
        uint[] values = Kernel.Values<uint>(x);
        for (uint i = 0; i < Threads * Blocks; i++)
        {
            uint thread = i % Threads;
            Assert.Equal([i, thread % 32, thread / 32, (1u << (int)(thread % 32)) - 1], values[(int)(4 * i)..(int)(4 * i + 4)]);
        }
    }

    [Fact]
    public void Barriers_reduce_predicates_over_the_block()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 40;
            bar.red.popc.u32 %r2, 0, %p1; bar.red.and.pred %p2, 0, %p1; bar.red.or.pred %p3, 0, !%p1;
            selp.u32 %r3, 100, 200, %p2; selp.u32 %r4, 1000, 2000, %p3; add.u32 %r2, %r2, %r3; add.u32 %r2, %r2, %r4;
            mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd1, %rd2; st.global.u32 [%rd2], %r2;
            """);
        EmulatorAllocation x = kernel.Memory.Allocate(4 * 80, "x");
        Assert.Empty(kernel.Launch(1, 80, Everything, x).Findings);
        Assert.All(Kernel.Values<uint>(x), value => Assert.Equal(1240u, value));
    }

    [Fact]
    public void Dynamic_shared_memory_has_the_size_of_the_launch()
    {
        using Kernel kernel = Kernel.Of("""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mov.u32 %r2, dynamic; shl.b32 %r3, %r1, 2; add.u32 %r2, %r2, %r3;
            st.shared.u32 [%r2], %r1; mov.u32 %r4, %dynamic_smem_size; setp.eq.u32 %p1, %r1, 0; @%p1 st.global.u32 [%rd1], %r4;
            """, 1, ".extern .shared .align 16 .b8 dynamic[];");
        EmulatorAllocation x = kernel.Memory.Allocate(4, "x");
        Assert.Empty(kernel.Launch(1, 32, 128, Everything, x).Findings);
        Assert.Equal(128u, Kernel.Values<uint>(x)[0]);
        EmulatorFinding finding = Assert.Single(kernel.Launch(1, 32, 124, Everything, x).Findings);
        Assert.Equal((FindingKind.OutOfBounds, "dynamic", 31), (finding.Kind, finding.Allocation, finding.Thread.X));
        Assert.Empty(kernel.Launch(1, 32, 256, Everything, x).Findings);
    }

    [Theory]
    [InlineData(0, 1, 0, 8, "a grid of (0, 1, 1) blocks")]
    [InlineData(1, 2000, 0, 8, "a block of (2000, 1, 1) threads")]
    [InlineData(1, 1, 300_000, 8, "300000 bytes of dynamic")]
    [InlineData(1, 1, 0, 4, "takes 8 bytes of parameters, got 4")]
    public void A_launch_that_does_not_fit_is_refused(int grid, int block, int shared, int parameters, string message)
    {
        using Kernel kernel = Kernel.Of("ld.param.u64 %rd1, [p0];");
        EmulatorException failure = Assert.Throws<EmulatorException>(() =>
            kernel.Emulator.Launch(kernel.Module.Kernel("k"), grid, block, shared, new byte[parameters]));
        Assert.Contains(message, failure.Message);
    }

    [Fact]
    public void A_trap_and_a_missing_function_are_named()
    {
        using Kernel trap = Kernel.Of("trap;", 0);
        Assert.Contains("k: trap at line", Assert.Throws<EmulatorException>(() => trap.Launch(1, 1)).Message);
        using Kernel call = Kernel.Of("call.uni missing;", 0, ".extern .func missing();");
        Assert.Contains("function 'missing' has no body", Assert.Throws<PtxException>(() => call.Launch(1, 1)).Message);
    }

    [Fact]
    public void A_function_that_calls_itself_is_refused()
    {
        using Kernel kernel = Kernel.Of("call f;", 0, ".func f() { call f; ret; }");
        Assert.Contains("'f' calls itself", Assert.Throws<PtxException>(() => kernel.Launch(1, 1)).Message);
    }
}
