// Each kind of finding but races on a small kernel that has the fault, and on its correct twin that has none.
namespace HSENet.Ptx.Tests;

public class CheckerTests
{
    static readonly EmulatorOptions Everything = new() { Races = true, Profile = true };

    // %rd1 is the buffer, %r1 the thread, %rd2 the address of the thread's word.
    const string OwnWord = """
        ld.param.u64 %rd1, [p0];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd2, %r1, 4;
        add.u64 %rd2, %rd1, %rd2;

        """;

    [Fact]
    public void A_thread_behind_the_end_is_named()
    {
        EmulatorFinding finding = Only(OwnWord + "st.global.u32 [%rd2], %r1;", 64, buffer: new uint[63]);

        Assert.Equal(FindingKind.OutOfBounds, finding.Kind);
        Assert.Equal(new Dim3(63, 0, 0), finding.Thread);
        Assert.Equal("x", finding.Allocation);
        Assert.Contains("0 bytes after the end of x (252 bytes)", finding.Message);
    }

    [Fact]
    public void The_accesses_beside_a_faulty_one_are_made()
    {
        using Kernel kernel = Kernel.Of(OwnWord + "st.global.u32 [%rd2], %r1;");
        EmulatorAllocation x = kernel.Buffer("x", new uint[63]);
        kernel.Launch(1, 64, null, x);

        Assert.Equal(Enumerable.Range(0, 63).Select(i => (uint)i), Kernel.Values<uint>(x));
    }

    [Fact]
    public void Without_checks_bounds_are_still_checked()
    {
        using Kernel kernel = Kernel.Of(OwnWord + "ld.global.u32 %r2, [%rd2+4096];");
        EmulatorResult result = kernel.Launch(1, 1, new EmulatorOptions { Checks = false }, kernel.Buffer("x", new uint[4]));

        Assert.Equal(FindingKind.OutOfBounds, Assert.Single(result.Findings).Kind);
    }

    [Fact]
    public void What_a_launch_without_checks_wrote_may_be_read()
    {
        using Kernel kernel = Kernel.Of(OwnWord
            + "ld.param.u64 %rd3, [p1]; setp.eq.u64 %p1, %rd3, 0; @%p1 st.global.u32 [%rd2], %r1; @!%p1 ld.global.u32 %r2, [%rd2];", 2);
        EmulatorAllocation x = kernel.Memory.Allocate(128, "x");
        kernel.Launch(1, 32, new EmulatorOptions { Checks = false }, x, 0L);
        Assert.Empty(kernel.Launch(1, 32, Everything, x, 1L).Findings);
    }

    [Fact]
    public void Read_only_memory_is_not_written()
    {
        using Kernel kernel = Kernel.Of(OwnWord + "st.global.u32 [%rd2], %r1;");
        uint[] weights = GC.AllocateArray<uint>(32, pinned: true);
        unsafe
        {
            fixed (uint* pointer = weights)
            {
                EmulatorAllocation x = kernel.Memory.Attach((nint)pointer, 128, "weights", readOnly: true);
                EmulatorFinding finding = kernel.Launch(1, 1, null, x).Findings.Single();
                Assert.Equal((FindingKind.OutOfBounds, "weights"), (finding.Kind, finding.Allocation));
                Assert.Contains("read-only", finding.Message);
            }
        }
        Assert.Equal(0u, weights[0]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 32)]
    public void An_address_that_is_no_multiple_is_misaligned(int offset, int expected)
    {
        using Kernel kernel = Kernel.Of(OwnWord + $"ld.global.u32 %r2, [%rd2+{offset}];");
        EmulatorResult result = kernel.Launch(1, 32, null, kernel.Buffer("x", new uint[64]));

        Assert.Equal(expected, result.FindingCount);
        Assert.All(result.Findings, finding => Assert.Equal(FindingKind.Misaligned, finding.Kind));
    }

    [Theory]
    [InlineData(4, 4, true)]
    [InlineData(4, 16, false)]
    [InlineData(4, 32, false)] // packed in their order, the arrays give what the declaration does not promise
    [InlineData(16, 4, false)]
    public void A_shared_array_lies_where_a_compiler_packs_it(int alignment, int before, bool faulty)
    {
        using Kernel kernel = Kernel.Of($"""
            .shared .align 4 .b8 head[{before}];
            .shared .align {alignment} .b8 tile[64];
            mov.u32 %r1, 1;
            st.shared.v4.u32 [tile], {"{%r1, %r1, %r1, %r1}"};
            """, 0);
        EmulatorResult result = kernel.Launch(1, 1, null);

        Assert.Equal(faulty ? [FindingKind.Misaligned] : [], result.Findings.Select(finding => finding.Kind));
        if (faulty)
            Assert.Contains("tile, which is declared .align 4", result.Findings[0].Message);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(16, false)]
    public void Dynamic_shared_memory_must_be_declared_as_aligned_as_it_is_used(int alignment, bool faulty)
    {
        using Kernel kernel = Kernel.Of("mov.u32 %r1, 1; st.shared.v4.u32 [tile], {%r1, %r1, %r1, %r1};", 0,
            $".extern .shared .align {alignment} .b8 tile[];");
        EmulatorResult result = kernel.Launch(1, 1, 64, null);

        Assert.Equal(faulty ? [FindingKind.Misaligned] : [], result.Findings.Select(finding => finding.Kind));
    }

    [Fact]
    public void Memory_that_nobody_wrote_is_not_read()
    {
        using Kernel kernel = Kernel.Of(OwnWord + "ld.global.u32 %r2, [%rd2];");
        EmulatorAllocation x = kernel.Memory.Allocate(128, "x");
        x.Write<uint>(new uint[31]);
        x.NamePart("tail", 96, 32);
        EmulatorFinding finding = kernel.Launch(1, 32, null, x).Findings.Single();

        Assert.Equal((FindingKind.UninitialisedRead, new Dim3(31, 0, 0), "tail"), (finding.Kind, finding.Thread, finding.Allocation));
        Assert.Equal(x.Address + 124, finding.Address);
    }

    [Theory]
    [InlineData("shared")]
    [InlineData("local")]
    public void Arrays_of_a_block_start_uninitialised_and_end_where_they_end(string space)
    {
        string declaration = $".{space} .align 4 .b8 first[8]; .{space} .align 4 .b8 second[8];";
        Assert.Equal(FindingKind.UninitialisedRead, Only(declaration + $"ld.{space}.u32 %r1, [first+4];", 1).Kind);
        EmulatorFinding behind = Only(declaration + $"mov.u32 %r1, 3; st.{space}.u32 [first+8], %r1;", 1);
        Assert.Equal((FindingKind.OutOfBounds, "first"), (behind.Kind, behind.Allocation));
    }

    [Fact]
    public void A_generic_address_reaches_every_space()
    {
        using Kernel kernel = Kernel.Of("""
            .shared .align 4 .b8 tile[4]; .local .align 4 .b8 own[4];
            ld.param.u64 %rd1, [p0];
            mov.u64 %rd2, tile; cvta.shared.u64 %rd2, %rd2;
            mov.u64 %rd3, own; cvta.local.u64 %rd3, %rd3;
            mov.u32 %r1, %tid.x; add.u32 %r2, %r1, 100;
            setp.eq.u32 %p1, %r1, 5; @%p1 st.u32 [%rd2], %r2;
            bar.sync 0;
            ld.u32 %r3, [%rd2];
            st.u32 [%rd3], %r1; ld.u32 %r4, [%rd3];
            add.u32 %r3, %r3, %r4;
            mul.wide.u32 %rd4, %r1, 4; add.u64 %rd4, %rd1, %rd4;
            st.u32 [%rd4], %r3;
            """);
        EmulatorAllocation x = kernel.Memory.Allocate(128, "x");

        Assert.Empty(kernel.Launch(1, 32, Everything, x).Findings);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => 105u + (uint)i), Kernel.Values<uint>(x));
    }

    [Theory]
    [InlineData("setp.lt.u32 %p1, %r1, 7; @%p1 bra IN; bra OUT; IN: bar.sync 0; OUT: add.u32 %r2, %r1, 1;", "divergent")]
    [InlineData("setp.gt.u32 %p1, %r1, 31; @%p1 bra OTHER; bar.sync 0, 64; bra OUT; OTHER: ret; OUT:", "only 32 can reach it")]
    [InlineData("setp.gt.u32 %p1, %r1, 31; @%p1 bra OTHER; bar.arrive 3, 64; bra OUT; OTHER: bar.sync 3, 96; OUT:", "64 by others")]
    [InlineData("bar.sync 1, 48;", "no multiple of 32")]
    [InlineData("setp.gt.u32 %p1, %r1, 31; @%p1 bra OTHER; bar.sync 1; bra OUT; OTHER: bar.sync 2; OUT:", "waits for 64 threads")]
    public void Barriers_need_all_threads(string body, string message)
    {
        EmulatorFinding finding = All("mov.u32 %r1, %tid.x;" + body, 64)[0];

        Assert.Equal(FindingKind.Barrier, finding.Kind);
        Assert.Contains(message, finding.Message);
    }

    [Theory]
    [InlineData("setp.gt.u32 %p1, %r1, 31; @%p1 ret;")]
    [InlineData("setp.gt.u32 %p1, %r1, 40; @%p1 bra OUT;")]
    [InlineData("setp.le.u32 %p1, %r1, 40; @%p1 bra ON; bra OUT; ON:")]
    [InlineData("setp.le.u32 %p1, %r1, 40; @%p1 bra ON; add.u32 %r2, %r1, 1; ret; ON:")]
    [InlineData("LOOP: add.u32 %r4, %r4, 1; bar.sync 0; setp.gt.u32 %p1, %r1, %r4; @%p1 bra LOOP; bra OUT;")]
    public void Threads_that_have_left_count_out(string guard) =>
        Assert.Empty(All($"mov.u32 %r1, %tid.x; mov.u32 %r4, 0; {guard} bar.sync 0; bar.sync 0; OUT:", 64));

    [Fact]
    public void Named_barriers_order_the_warps_that_meet_there() => Assert.Empty(All("""
        .shared .align 4 .b8 tile[4];
        mov.u32 %r1, %tid.x; setp.gt.u32 %p1, %r1, 31; @%p1 bra CONSUMER;
        setp.eq.u32 %p2, %r1, 3; @%p2 st.shared.u32 [tile], %r1;
        bar.arrive 1, 64;
        bra OUT;
        CONSUMER: bar.sync 1, 64;
        ld.shared.u32 %r2, [tile];
        OUT:
        """, 64));

    [Theory]
    [InlineData("shfl.sync.bfly.b32 %r2, %r1, 1, 31, 0xffffffff;")]
    [InlineData("vote.sync.ballot.b32 %r2, %p1, 0xffffffff;")]
    [InlineData("redux.sync.add.u32 %r2, %r1, 0xffffffff;")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f0,%f1,%f2,%f3}, {%r2,%r3,%r4,%r5}, {%r6,%r7}, {%f0,%f1,%f2,%f3};")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r2}, [tile];")]
    public void Instructions_of_a_warp_need_their_lanes(string instruction)
    {
        string zeros = string.Concat(Enumerable.Range(0, 8).Select(i => $"mov.u32 %r{i}, 0; mov.f32 %f{i}, 0f00000000; "));
        string body = $".shared .align 16 .b8 tile[16]; {zeros}mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 30; "
            + $"@!%p1 bra OUT; {instruction} OUT: add.u32 %r9, %r1, 1;";
        EmulatorFinding[] findings = All(body, 32);

        Assert.All(findings, finding => Assert.Equal(FindingKind.MissingLanes, finding.Kind));
        Assert.Contains(findings, finding => finding.Thread.X == 30);
    }

    [Theory]
    [InlineData("cp.async.wait_group 1;", true)]
    [InlineData("cp.async.wait_group 2;", false)]
    [InlineData("", false)]
    public void Copies_arrive_when_their_group_is_waited_for(string wait, bool clean)
    {
        using Kernel kernel = Kernel.Of($"""
            .shared .align 16 .b8 tile[1024];
            ld.param.u64 %rd1, [p0];
            mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 16; add.u64 %rd3, %rd1, %rd2;
            mov.u64 %rd4, tile; add.u64 %rd5, %rd4, %rd2;
            cp.async.cg.shared.global [%rd5], [%rd3], 16; cp.async.commit_group;
            cp.async.cg.shared.global [%rd5+512], [%rd3], 16; cp.async.commit_group;
            {wait}
            ld.shared.v4.u32 {"{%r2, %r3, %r4, %r5}"}, [%rd5];
            st.global.v4.u32 [%rd3], {"{%r5, %r4, %r3, %r2}"};
            """);
        EmulatorAllocation x = kernel.Buffer("x", [.. Enumerable.Range(0, 128).Select(i => (uint)i)]);
        EmulatorResult result = kernel.Launch(1, 32, Everything, x);

        Assert.Equal(clean ? [] : [FindingKind.AsyncCopy], result.Findings.Select(finding => finding.Kind).Distinct());
        Assert.Equal(2, result.Profile!.AsyncCopyDepth);
        if (clean)
            Assert.Equal([3, 2, 1, 0, 7, 6, 5, 4], Kernel.Values<uint>(x)[..8]);
    }

    [Fact]
    public void Findings_are_the_same_with_any_number_of_workers()
    {
        string[] Findings(int threads)
        {
            using Kernel kernel = Kernel.Of("""
                ld.param.u64 %rd1, [p0]; mov.u32 %r1, %ctaid.x; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd1, %rd2;
                ld.global.u32 %r2, [%rd2]; ld.global.u32 %r3, [%rd2+2];
                """);
            EmulatorResult result = kernel.Launch(500, 32, new EmulatorOptions { Threads = threads }, kernel.Buffer("x", new uint[100]));
            return [.. result.Findings.Select(finding => finding.ToString().Split("0x")[0]), $"{result.FindingCount}"];
        }

        Assert.Equal(Findings(1), Findings(5));
    }

    static EmulatorFinding Only(string body, int threads, uint[]? buffer = null) => Assert.Single(All(body, threads, buffer));

    static EmulatorFinding[] All(string body, int threads, uint[]? buffer = null)
    {
        using Kernel kernel = Kernel.Of(body, buffer == null ? 0 : 1);
        return [.. kernel.Launch(1, threads, Everything, buffer == null ? [] : [kernel.Buffer("x", buffer)]).Findings];
    }
}
