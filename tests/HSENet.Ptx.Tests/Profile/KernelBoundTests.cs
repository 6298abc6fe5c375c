// Bounds that can be computed by hand: a grid that leaves multiprocessors idle, each pipe, the rates of tensor cores by instruction and
// type.
namespace HSENet.Ptx.Tests;

public class KernelBoundTests
{
    const string Loop = "mov.u32 %r1, 0; LOOP: add.u32 %r1, %r1, 1; mov.u32 %r2, %r1; mov.u32 %r3, %r1; mov.u32 %r4, %r1; "
        + "setp.lt.u32 %p1, %r1, 100; @%p1 bra LOOP;";

    static readonly GpuModel H200 = GpuModel.Find("h200")!;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(4, 4, 1)]
    [InlineData(132, 132, 1)]
    [InlineData(133, 66.5, 1)] // one multiprocessor gets two blocks
    [InlineData(264, 132, 1)]
    [InlineData(2113, 124.3, 2)] // 16 blocks on each, and one more
    public void A_block_lives_on_one_multiprocessor(int blocks, double busy, int rounds)
    {
        KernelProfile profile = Profile(Loop, blocks, 128);
        Assert.Equal(busy, profile.Spread.Busy, 0.05);
        Assert.Equal((16 * 132, rounds), (profile.Spread.PerRound, profile.Spread.Rounds));
        Assert.Equal(blocks / (16.0 * 132), profile.Spread.Waves, 1e-12);
        Assert.Equal(profile.WarpInstructions / (4 * 1.98e3 * profile.Spread.Busy), profile.Bound.Issue, 1e-9);
        Assert.Equal("issue (issue slots)", profile.Bound.FullName);
    }

    [Fact]
    public void A_long_block_keeps_its_multiprocessor_while_others_are_idle()
    {
        // Block 5 counts to 100,000, the others return at once.
        KernelProfile profile = Profile("""
            mov.u32 %r2, %ctaid.x; setp.ne.u32 %p1, %r2, 5; @%p1 bra OUT; mov.u32 %r1, 0;
            LOOP: add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 100000; @%p1 bra LOOP;
            OUT:
            """, 1000, 32);
        Assert.Equal(1, profile.Spread.Busy, 0.05);
    }

    [Fact]
    public void A_block_that_fits_nowhere_has_no_round()
    {
        Occupancy none = Occupancy.Of(H200, 1024, 80, 0);
        Assert.Equal(0, none.Blocks);
        Assert.Equal(0, GridSpread.Of(H200, Counts(Loop, 1, 32), none).PerRound);
    }

    [Theory]
    [InlineData("fma.rn.f32 %f2, %f1, %f1, %f1;", "issue slots", 0.25)]
    [InlineData("fma.rn.f64 %d2, %d1, %d1, %d1;", "f64", 0.5)]
    [InlineData("ex2.approx.f32 %f2, %f1;", "special functions", 2)]
    [InlineData("rsqrt.approx.f32 %f2, %f1;", "special functions", 2)]
    [InlineData("xor.b32 %r2, %r1, 5;", "integer", 0.5)]
    [InlineData("mad.lo.s32 %r2, %r1, %r1, %r1;", "integer", 0.5)]
    [InlineData("ld.global.u32 %r2, [%rd1];", "load-store", 1)] // all lanes read one word
    [InlineData("ld.global.u32 %r2, [%rd2];", "load-store", 1)] // neighbouring words: four sectors
    [InlineData("ld.global.u32 %r2, [%rd3];", "load-store", 8)] // a sector each
    public void An_instruction_takes_its_pipe(string instruction, string limit, double clocks)
    {
        KernelProfile profile = Profile($"""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd1, %rd2;
            mul.wide.u32 %rd3, %r1, 32; add.u64 %rd3, %rd1, %rd3; mov.f32 %f1, 0f3f800000; mov.f64 %d1, 0d3ff0000000000000;
            {string.Concat(Enumerable.Repeat(instruction, 1000))}
            """, 1, 256); // eight warps: one alone issues an instruction a clock
        Assert.Equal(limit, profile.Bound.IssueLimit);
        Assert.Equal(8 * 1000 * clocks / 1.98e3, profile.Bound.Issue, 0.02 * profile.Bound.Issue); // a few more instructions around
    }

    [Theory]
    [InlineData("h200", "m16n8k16.row.col.f32.bf16.bf16.f32", 0.629 * 989.4)]
    [InlineData("h200", "m16n8k8.row.col.f32.tf32.tf32.f32", 0.629 * 989.4 / 2)]
    [InlineData("a100", "m16n8k8.row.col.f32.tf32.tf32.f32", 156)]
    [InlineData("a100", "m16n8k32.row.col.s32.s8.s8.s32", 623.7)]
    [InlineData("rtx4090", "m16n8k16.row.col.f32.f16.f16.f32", 165.2)]
    [InlineData("rtx4090", "m16n8k16.row.col.f16.f16.f16.f16", 330.4)]
    public void Tensor_cores_have_a_rate_for_each_type(string gpu, string form, double tera)
    {
        string c = form.Contains(".f16.f16.f16.f16") ? "{%r5, %r6}" : form.Contains("s32") ? "{%r5, %r6, %r7, %r8}"
            : "{%f1, %f2, %f3, %f4}";
        PtxModule module = PtxModule.Parse(Text($"mma.sync.aligned.{form} {c}, {{%r1, %r2, %r3, %r4}}, {{%r1, %r2}}, {c};"));
        PtxInstruction mma = Assert.Single(ControlFlowGraph.Of(module.Entries.Single()).Code.Instructions, i => i.Opcode == "mma");
        Assert.Equal(tera, GpuModel.Find(gpu)!.MmaTera(mma), 0.2);
    }

    [Fact]
    public void A_warp_alone_issues_an_instruction_a_clock()
    {
        KernelProfile profile = Profile(Loop, 132, 32), four = Profile(Loop, 132, 128);
        Assert.Equal("issue (longest warp)", profile.Bound.FullName);
        Assert.Equal(profile.WarpInstructions / 132 / 1.98e3, profile.Bound.Issue, 1e-9);
        Assert.Equal(profile.Bound.Issue, four.Bound.Issue, 1e-9); // a warp for each scheduler
    }

    [Fact]
    public void Stores_pass_the_second_level_cache_at_a_ports_width()
    {
        KernelProfile profile = Profile("""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 16; add.u64 %rd1, %rd1, %rd2; mov.u32 %r2, 0;
            LOOP: st.global.v4.u32 [%rd1], {%r2, %r2, %r2, %r2}; add.u32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, 100; @%p1 bra LOOP;
            """, 1, 64);
        Assert.Equal(100 * 1024 / 64.0 / 1.98e3, profile.Bound.Level2, 1e-9);
        Assert.Equal("L2", profile.Bound.Name);
    }

    [Fact]
    public void The_rate_at_the_bound_is_of_useful_operations()
    {
        LaunchProfile counts = Counts(Loop, 4, 128);
        PtxModule module = PtxModule.Parse(Text(Loop));
        KernelProfile profile = KernelProfile.Of(module, "k", counts, H200, usefulOperations: 1e6);
        Assert.Equal(1 / profile.Bound.Microseconds, profile.TeraPerSecondAtBound, 1e-9);
        Assert.Contains("useful operations            1,000,000", ProfileText.Write(profile));
        Assert.DoesNotContain("at least",
            ProfileText.Write(profile).Split('\n').Single(line => line.StartsWith("bound", StringComparison.Ordinal)));
    }

    static IEnumerable<PtxInstruction> KernelFactsInstructions(PtxModule module) =>
        ControlFlowGraph.Of(module.Entries.Single()).Code.Instructions;

    static string Text(string body) => $$"""
        .version 8.6
        .target sm_80
        .address_size 64
        .visible .entry k(.param .u64 p0)
        {
        .reg .pred %p<3>; .reg .b32 %r<9>; .reg .f32 %f<5>; .reg .f64 %d<3>; .reg .b64 %rd<5>;
        {{body}}
        ret;
        }
        """;

    static KernelProfile Profile(string body, int blocks, int threads) =>
        KernelProfile.Of(PtxModule.Parse(Text(body)), "k", Counts(body, blocks, threads), H200);

    static LaunchProfile Counts(string body, int blocks, int threads)
    {
        using EmulatorModule module = EmulatorModule.Load(Text(body));
        using EmulatorMemory memory = new();
        EmulatorAllocation x = memory.Allocate<byte>(new byte[8192], "x");
        EmulatorResult result = new Emulator(memory).Launch(module.Kernel("k"), blocks, threads, 0, BitConverter.GetBytes(x.Address),
            new EmulatorOptions { Profile = true });
        Assert.Empty(result.Findings);
        return result.Profile!;
    }
}
