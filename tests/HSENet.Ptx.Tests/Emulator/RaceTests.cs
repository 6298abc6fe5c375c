// Races in shared and global memory, what orders accesses, and what does not.
namespace HSENet.Ptx.Tests;

public class RaceTests
{
    static readonly EmulatorOptions Everything = new() { Races = true, Profile = true };

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_missing_barrier_is_a_race(bool barrier, bool clean)
    {
        using Kernel kernel = Kernel.Of($"""
            .shared .align 4 .b8 tile[256];
            mov.u32 %r1, %tid.x; xor.b32 %r2, %r1, 33;
            shl.b32 %r3, %r1, 2; shl.b32 %r4, %r2, 2;
            st.shared.u32 [%r3], %r1;
            {(barrier ? "bar.sync 0;" : "")}
            ld.shared.u32 %r5, [%r4];
            """.Replace("[%r3]", "[%r6]").Replace("[%r4]", "[%r7]")
            .Replace("st.shared", "mov.u32 %r8, tile; add.u32 %r6, %r8, %r3; add.u32 %r7, %r8, %r4; st.shared"), 0);
        EmulatorResult result = kernel.Launch(1, 64, new EmulatorOptions { Races = true });

        // The second warp reads what the first wrote, and the other way round: without a barrier bytes that are not yet there.
        Assert.Equal(clean, result.Findings.Count == 0);
        if (!clean)
            Assert.Contains(result.Findings, finding => finding.Kind == FindingKind.Race);
    }

    [Fact]
    public void A_read_that_comes_too_early_races_with_the_write()
    {
        // Only the first warp reads, and it runs first: it finds memory that is not yet written.
        EmulatorFinding[] findings = All("""
            .shared .align 4 .b8 tile[256];
            mov.u32 %r1, %tid.x; mov.u32 %r8, tile; shl.b32 %r3, %r1, 2; add.u32 %r6, %r8, %r3;
            setp.gt.u32 %p1, %r1, 31; @%p1 st.shared.u32 [%r6], %r1;
            @!%p1 ld.shared.u32 %r5, [%r6+128];
            """, 64);
        Assert.Contains(findings, finding => finding.Kind == FindingKind.Race && finding.Thread.X >= 32);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Each_barrier_of_the_tiled_product_is_needed(int removed)
    {
        int count = 0;
        string text = string.Join('\n', Sample.Text("Tiled").Split('\n').Where(line => !line.Contains("bar.sync") || count++ != removed));
        using Kernel kernel = new(text);
        EmulatorAllocation c = kernel.Memory.Allocate(4096 * 4, "c");
        EmulatorResult result = kernel.Launch(new Dim3(4, 4), new Dim3(16, 16), Everything,
            kernel.Buffer("a", new float[4096]), 4096L, kernel.Buffer("b", new float[4096]), 4096L, c, 4096L, 64, 64, 64);

        Assert.Equal(2, count);
        Assert.Contains(result.Findings, finding => finding.Kind == FindingKind.Race);
    }

    [Theory]
    [InlineData("bar.warp.sync 0xffffffff;", true)]
    [InlineData("shfl.sync.idx.b32 %r9, %r1, 0, 31, 0xffffffff;", false)]
    public void Lanes_of_a_warp_are_ordered_by_its_barrier_and_not_by_a_shuffle(string between, bool clean)
    {
        EmulatorFinding[] findings = All($"""
            .shared .align 4 .b8 tile[128];
            mov.u32 %r1, %tid.x; mov.u32 %r8, tile; shl.b32 %r3, %r1, 2; add.u32 %r6, %r8, %r3;
            st.shared.u32 [%r6], %r1;
            {between}
            xor.b32 %r7, %r3, 4; add.u32 %r7, %r7, %r8;
            ld.shared.u32 %r5, [%r7];
            """, 32);

        Assert.Equal(clean ? [] : [FindingKind.Race], findings.Select(finding => finding.Kind).Distinct());
    }

    [Fact]
    public void Neighbouring_bytes_of_a_word_are_no_race() => Assert.Empty(All("""
        .shared .align 4 .b8 tile[64];
        mov.u32 %r1, %tid.x; mov.u32 %r8, tile; add.u32 %r6, %r8, %r1;
        st.shared.u8 [%r6], %r1;
        ld.shared.u8 %r5, [%r6];
        """, 64));

    [Theory]
    [InlineData("u16", "u16", 2)]
    [InlineData("u16", "u32", 4)]
    [InlineData("u32", "u16", 2)]
    [InlineData("u32", "u32", 4)]
    [InlineData("u8", "u16", 2)]
    public void Accesses_of_all_sizes_race_with_each_other(string stored, string loaded, int size)
    {
        // Whole warps of neighbouring accesses, twice, so that the stamps of both sizes exist when they are compared.
        string register(string type) => type == "u32" ? "%r9" : "%rs1";
        int storeSize = int.Parse(stored[1..]) / 8;
        EmulatorFinding[] Run(string barrier) => All($"""
            .shared .align 4 .b8 tile[512];
            mov.u32 %r1, %tid.x; mov.u32 %r8, tile; mul.lo.u32 %r3, %r1, {storeSize}; add.u32 %r6, %r8, %r3;
            xor.b32 %r2, %r1, 32; mul.lo.u32 %r4, %r2, {size}; and.b32 %r4, %r4, {63 * storeSize & -size}; add.u32 %r7, %r8, %r4;
            mov.u32 %r9, 0; mov.u16 %rs1, 0; mov.u32 %r10, 0;
            LOOP: st.shared.{stored} [%r6], {register(stored)}; {barrier} ld.shared.{loaded} {register(loaded)}, [%r7]; {barrier}
            add.u32 %r10, %r10, 1; setp.lt.u32 %p1, %r10, 3; @%p1 bra LOOP;
            """, 64);

        Assert.Empty(Run("bar.sync 0;"));
        Assert.Contains(Run(""), finding => finding.Kind == FindingKind.Race);
    }

    [Fact]
    public void Blocks_that_write_the_same_word_race()
    {
        using Kernel kernel = Kernel.Of("ld.param.u64 %rd1, [p0]; mov.u32 %r1, %ctaid.x; st.global.u32 [%rd1], %r1;");
        EmulatorFinding finding = kernel.Launch(3, 1, Everything, kernel.Buffer("x", 0u)).Findings[0];

        Assert.Equal((FindingKind.Race, new Dim3(1, 0, 0)), (finding.Kind, finding.Block));
        Assert.Contains("of block (0, 0, 0)", finding.Message);
    }

    [Fact]
    public void Launches_are_ordered()
    {
        using Kernel kernel = Kernel.Of(
            "ld.param.u64 %rd1, [p0]; ld.global.u32 %r1, [%rd1]; add.u32 %r1, %r1, 1; st.global.u32 [%rd1], %r1;");
        EmulatorAllocation x = kernel.Buffer("x", 0u);
        for (int i = 0; i < 3; i++)
            Assert.Empty(kernel.Launch(1, 1, Everything, x).Findings);
        Assert.Equal(3u, Kernel.Values<uint>(x)[0]);
    }

    [Theory]
    [InlineData("membar.gl;", true)]
    [InlineData("", false)]
    public void A_fence_and_an_atomic_order_blocks(string fence, bool clean)
    {
        // Each block writes its word; the block that comes last reads all of them.
        using Kernel kernel = Kernel.Of($"""
            ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1];
            mov.u32 %r1, %ctaid.x; mul.wide.u32 %rd3, %r1, 4; add.u64 %rd3, %rd1, %rd3;
            st.global.u32 [%rd3], %r1;
            {fence}
            atom.global.add.u32 %r2, [%rd2], 1;
            setp.ne.u32 %p1, %r2, 3; @%p1 ret;
            membar.gl;
            ld.global.v4.u32 {"{%r3, %r4, %r5, %r6}"}, [%rd1];
            add.u32 %r3, %r3, %r4; add.u32 %r5, %r5, %r6; add.u32 %r3, %r3, %r5; st.global.u32 [%rd2], %r3;
            """, 2);
        EmulatorAllocation counter = kernel.Buffer("counter", 0u);
        EmulatorResult result = kernel.Launch(4, 1, Everything, kernel.Memory.Allocate(16, "x"), counter);

        Assert.Equal(6u, Kernel.Values<uint>(counter)[0]);
        Assert.Equal(clean, !result.Findings.Any(finding => finding.Allocation == "x"));
    }

    [Fact]
    public void Atomics_do_not_race_with_each_other() => Assert.Empty(All("""
        .shared .align 4 .b8 sum[4];
        mov.u32 %r1, %tid.x; setp.eq.u32 %p1, %r1, 0; @%p1 st.shared.u32 [sum], 0;
        bar.sync 0;
        red.shared.add.u32 [sum], %r1;
        bar.sync 0;
        ld.shared.u32 %r2, [sum];
        """, 96));

    static EmulatorFinding[] All(string body, int threads)
    {
        using Kernel kernel = Kernel.Of(body, 0);
        return [.. kernel.Launch(1, threads, Everything).Findings];
    }
}
