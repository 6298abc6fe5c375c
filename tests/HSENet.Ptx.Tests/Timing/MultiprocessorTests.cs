// Each pipe, latency and queue of the model of time shows the parameter that it was given.
namespace HSENet.Ptx.Tests;

public class MultiprocessorTests
{
    static readonly string[] Tid =
        ["S2R R0, SR_TID.X | write=0", "MOV R8, c[0x0][0x210] | wait=1 stall=6", "MOV R9, c[0x0][0x214] | stall=6"];

    [Theory]
    [InlineData("FADD R1, R2, R5", 1)]
    [InlineData("IADD3 R1, R2, R5, RZ", 2)]
    [InlineData("IMAD R1, R2, R5, RZ", 2)]
    [InlineData("MUFU.EX2 R1, R2", 8)]
    [InlineData("F2I.TRUNC R1, R2", 8)]
    [InlineData("DADD R2, R4, R6", 2)]
    [InlineData("HADD2 R1, R2, R5", 1)]
    [InlineData("HMMA.16816.F32 R4, R8, R12, R4", 6.36)]
    public void A_pipe_takes_its_clocks_however_many_warps_there_are(string instruction, double clocks)
    {
        // One warp of independent instructions, and two warps of each scheduler.
        Assert.Equal(clocks, TimingRig.ClocksOf([], [instruction], TimingRig.H100), 0.1);
        Assert.Equal(2 * clocks, TimingRig.ClocksOf([], [instruction], TimingRig.H100, threads: 256), 0.2);
    }

    [Fact]
    public void A_dependent_chain_takes_its_stall_counts_and_more_warps_hide_them()
    {
        string[] chain = ["FADD R1, R1, R2 | stall=4"];
        Assert.Equal(4, TimingRig.ClocksOf([], chain, TimingRig.H100), 0.1);
        Assert.Equal(4, TimingRig.ClocksOf([], chain, TimingRig.H100, threads: 512), 0.1); // four warps a scheduler fill the gaps
        Assert.Equal(8, TimingRig.ClocksOf([], chain, TimingRig.H100, threads: 1024), 0.1);
    }

    [Fact]
    public void Operands_of_one_bank_are_read_one_after_the_other()
    {
        Assert.Equal(3, TimingRig.ClocksOf([], ["FFMA R1, R2, R4, R6"], TimingRig.H100), 0.1);
        Assert.Equal(2, TimingRig.ClocksOf([], ["FFMA R1, R2, R4, R7"], TimingRig.A6000 with { F32LanesPerClock = 64 }), 0.1);
        Assert.Equal(1, TimingRig.ClocksOf([], ["FFMA R1, R2.reuse, R4.reuse, R6"], TimingRig.H100), 0.2);
    }

    [Theory]
    [InlineData(4, 1)] // a word for each lane: no conflict
    [InlineData(0, 1)] // one word for all
    [InlineData(8, 2)]
    [InlineData(16, 4)]
    [InlineData(32, 8)]
    [InlineData(64, 16)]
    [InlineData(128, 32)]
    public void Bank_conflicts_take_a_clock_each_and_never_less_than_a_slot(int stride, int conflicts)
    {
        string[] before = [.. Tid, $"IMAD R1, R0, 0x{stride:x}, RZ | stall=6"], load = ["LDS R2, [R1] | write=1"];
        Assert.Equal(Math.Max(TimingRig.H100.AddressUnit, conflicts), TimingRig.ClocksOf(before, load, TimingRig.H100), 0.1);
        // Four warps share the load-store unit, not the address units.
        Assert.Equal(4 * conflicts, TimingRig.ClocksOf(before, load, TimingRig.H100, threads: 128), 0.3);
        Assert.Equal(4 * Math.Max(2, conflicts), TimingRig.ClocksOf(before, load, TimingRig.A6000, threads: 128), 0.3);
    }

    [Theory]
    [InlineData("LDS.64", 8, 2)] // two halves
    [InlineData("LDS.128", 16, 4)] // four quarters
    [InlineData("LDS.128", 0, 2)] // all lanes read the same 16 bytes: one phase and one more
    [InlineData("LDS.128", 32, 8)] // quarters with two-way conflicts
    public void Wide_accesses_go_in_phases(string load, int stride, int clocks)
    {
        string[] before = [.. Tid, $"IMAD R1, R0, 0x{stride:x}, RZ | stall=6"];
        Assert.Equal(4 * clocks, TimingRig.ClocksOf(before, [load + " R4, [R1] | write=1"], TimingRig.H100, threads: 128), 0.3);
    }

    [Fact]
    public void A_matrix_load_takes_a_pass_for_each_matrix()
    {
        string[] before = [.. Tid, "IMAD R1, R0, 0x10, RZ | stall=6"], load = ["LDSM.16.M88.4 R4, [R1] | write=1"];
        Assert.Equal(16, TimingRig.ClocksOf(before, load, TimingRig.H100, threads: 128), 0.3);
        Assert.Equal(32, TimingRig.ClocksOf(before, load, TimingRig.A6000, threads: 128), 0.3);
    }

    [Fact]
    public void A_pointer_chase_shows_the_latency_of_each_level()
    {
        // Each load waits for the one before; addresses of new lines, or the same line again.
        double Chase(string load, double memoryShare) => TimingRig.ClocksOf([.. Tid, "MOV R9, RZ | stall=6"],
            [load, "IADD3 R8, R8, 0x1000, RZ | wait=2 stall=6"], TimingRig.H100, memoryShare: memoryShare);
        GpuModel gpu = TimingRig.H100;
        const string Far = "LDG.E R2, [R8.64] | write=1 stall=2", Near = "LDG.E R2, [R0.64] | write=1 stall=2";
        Assert.Equal(gpu.L2Latency + gpu.ToUnit + 7, Chase(Far, 0), 2.0);
        Assert.Equal(gpu.MemoryLatency + gpu.ToUnit + 7, Chase(Far, 1), 2.0);
        Assert.Equal(gpu.L1Latency + 6,
            TimingRig.ClocksOf(["MOV R0, RZ", "MOV R1, RZ", "LDG.E R2, [R0.64] | write=1", "MOV R3, R2 | wait=2"],
            [Near, "IADD3 R5, R2, 0x1, RZ | wait=2 stall=6"], gpu), 1.0);
        Assert.Equal(gpu.SharedLatency + 6, TimingRig.ClocksOf(["MOV R0, RZ"],
            ["LDS R2, [R0] | write=1 stall=2", "IADD3 R5, R2, 0x1, RZ | wait=2 stall=6"], gpu), 1.0);
    }

    [Fact]
    public void A_copy_runs_at_the_share_of_the_memorys_bandwidth()
    {
        // Every warp reads and writes lines of its own, far apart; the savings of a burst are spent by the first copies.
        GpuModel gpu = TimingRig.H100 with { BurstClocks = 0 };
        string[] before = [.. Tid, "IMAD.WIDE.U32 R8, R0, 0x10, R8 | stall=6"];
        string[] copy = ["LDG.E.128 R4, [R8.64] | write=1", "STG.E.128 [R8.64+0x100000], R4 | wait=2 read=2",
            "IADD3 R8, R8, 0x4000, RZ | wait=4 stall=6"];
        double clocks = TimingRig.ClocksOf(before, copy, gpu, threads: 1024, memoryShare: 1);
        Assert.Equal(2 * 1024 * 16 / gpu.MemoryBytesPerClock, clocks, clocks * 0.03);
    }

    [Fact]
    public void Loads_from_the_second_level_cache_come_at_its_bandwidth()
    {
        GpuModel gpu = TimingRig.H100 with { BurstClocks = 0 };
        double clocks = TimingRig.ClocksOf([.. Tid, "IMAD.WIDE.U32 R8, R0, 0x10, R8 | stall=6"],
            ["LDG.E.128 R4, [R8.64] | write=1", "IADD3 R8, R8, 0x4000, RZ | wait=2 stall=6"], gpu, threads: 1024);
        Assert.Equal(1024 * 16 / gpu.AttainableL2BytesPerClock, clocks, clocks * 0.03);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(16, 4)]
    [InlineData(64, 16)]
    [InlineData(128, 32)]
    public void An_access_to_global_memory_takes_a_clock_for_each_line(int stride, int lines)
    {
        // Always the same places, which the first-level cache has from the second time on.
        double Clocks(int apart) => TimingRig.ClocksOf([.. Tid, $"IMAD.WIDE.U32 R8, R0, 0x{apart:x}, R8 | stall=6"],
            ["LDG.E R2, [R8.64] | write=1 stall=2", "IADD3 R3, R2, 0x1, RZ | wait=2 stall=6"], TimingRig.H100, parameter: 1 << 20);
        Assert.Equal(lines - 1, Clocks(stride) - Clocks(4), 0.3);
    }

    [Fact]
    public void Special_registers_and_branches_take_their_clocks()
    {
        GpuModel gpu = TimingRig.H100;
        Assert.Equal(gpu.ConstantLatency + 4, TimingRig.ClocksOf([],
            ["S2R R1, SR_TID.X | write=1 stall=2", "IADD3 R2, R1, R1, RZ | wait=2 stall=4"], gpu), 0.1);
        long Rounds(int rounds) => TimingRig.Run(TimingRig.Kernel([$"MOV R1, 0x{rounds:x} | stall=5", "IADD3 R1, R1, -0x1, RZ | stall=5",
            "ISETP.NE.AND P0, PT, R1, RZ, PT | stall=12", "@P0 BRA 0x10 | stall=1", "EXIT"]), gpu).Cycles;
        Assert.Equal(5 + 12 + gpu.BranchClocks, (Rounds(60) - Rounds(20)) / 40.0, 0.1);
    }

    [Fact]
    public void The_queue_holds_back_the_sixth_request()
    {
        // Requests of 32 clocks: five wait, and the next instruction issues when the first of them is taken.
        MultiprocessorResult result = TimingRig.Run(TimingRig.Kernel([.. Tid, "IMAD R1, R0, 0x80, RZ | stall=6",
            .. Enumerable.Repeat("LDS R2, [R1] | write=1", 12), "EXIT"]), TimingRig.H100);
        long[] stalls = result.StallsByReason();
        Assert.True(stalls[(int)StallReason.MioThrottle] > 5 * 32, $"{stalls[(int)StallReason.MioThrottle]}");
        MultiprocessorResult few = TimingRig.Run(TimingRig.Kernel([.. Tid, "IMAD R1, R0, 0x80, RZ | stall=6",
            .. Enumerable.Repeat("LDS R2, [R1] | write=1", 5), "EXIT"]), TimingRig.H100);
        Assert.Equal(0, few.StallsByReason()[(int)StallReason.MioThrottle]);
    }

    [Fact]
    public void A_barrier_waits_for_the_last_warp_and_copies_for_their_group()
    {
        // Warp 0 takes a way of 100 clocks more.
        MultiprocessorResult result = TimingRig.Run(
            TimingRig.Kernel(["S2R R0, SR_TID.X | write=0", "ISETP.GE.AND P0, PT, R0, 0x20, PT | wait=1 stall=6",
            "@P0 BRA 0xa0 | stall=5", .. Enumerable.Repeat("FADD R1, R1, R2 | stall=14", 7), "BAR.SYNC 0x0", "EXIT"], threads: 64),
                TimingRig.H100);
        Assert.InRange(result.StallsByReason()[(int)StallReason.Barrier], 85, 120);
        GpuModel gpu = TimingRig.H100;
        long Copies(string wait) => TimingRig.Run(
            TimingRig.Kernel([.. Tid, "LDGSTS.E.BYPASS.128 [R1], [R8.64] | stall=2", "LDGDEPBAR | stall=2",
            "LDGSTS.E.BYPASS.128 [R1], [R8.64+0x1000] | stall=2", "LDGDEPBAR | stall=2", wait, "EXIT"]), gpu).Cycles;
        Assert.True(Copies("DEPBAR.LE SB0, 0x0") > gpu.L2Latency + gpu.CopyClocks);
        Assert.True(Copies("DEPBAR.LE SB0, 0x2") < 100);
        Assert.InRange(Copies("DEPBAR.LE SB0, 0x0") - Copies("DEPBAR.LE SB0, 0x1"), 1, 20);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(96)]
    [InlineData(1024)]
    public void Every_clock_of_a_warp_is_an_issue_or_a_stall(int threads)
    {
        string[] code = [.. Tid, "IMAD.WIDE.U32 R8, R0, 0x10, R8 | stall=6", "LDG.E.128 R4, [R8.64] | write=1 stall=2",
            "IMAD R1, R0, 0x40, RZ",
            "STS.128 [R1], R4 | wait=2 read=2", "BAR.SYNC 0x0 | wait=4", "LDS R2, [R1] | write=1", "FADD R3, R2, R2 | wait=2 stall=4",
                "EXIT"];
        MultiprocessorResult result = TimingRig.Run(TimingRig.Kernel(code, threads), TimingRig.A6000);
        Assert.Equal(code.Length * ((threads + 31) / 32), result.Issued);
        Assert.Equal(result.WarpCycles, result.Issued + result.StallsByReason().Sum());
        Assert.Equal(result.Cycles, TimingRig.Run(TimingRig.Kernel(code, threads), TimingRig.A6000).Cycles);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void More_conflicts_are_never_faster(int seed)
    {
        // Lanes move one after the other to the bank of lane 0: passes and clocks only grow.
        Random random = new(seed);
        int bytes = 4 << random.Next(3);
        ulong[] addresses = [.. Enumerable.Range(0, 32).Select(lane => (ulong)(lane * bytes))];
        int[] order = [.. Enumerable.Range(1, 31)];
        random.Shuffle(order);
        (int passes, int clocks) = (0, 0);
        for (int n = 0; n <= order.Length; n++)
        {
            int now = AccessCost.Conflicts(addresses, uint.MaxValue, bytes / 4),
                took = AccessCost.Shared(addresses, uint.MaxValue, bytes, 1);
            Assert.True(now >= passes && took >= clocks, $"{n} lanes moved: {now} passes after {passes}, {took} clocks after {clocks}");
            (passes, clocks) = (now, took);
            if (n < order.Length)
                addresses[order[n]] = (ulong)(4096 + 128 * order[n]);
        }
        Assert.True(clocks > 8, $"{clocks}");
    }

    [Fact]
    public void Independent_chains_of_a_warp_fill_the_pipe_that_one_leaves_idle()
    {
        // A result after four clocks: one chain issues every four clocks, two every two, four every clock.
        foreach (int chains in new[] { 1, 2, 4 })
        {
            string[] code = [.. Enumerable.Range(0, chains)
                .Select(chain => $"FADD R{chain + 1}, R{chain + 1}, R{10 + chain % 2} | stall={4 / chains}")];
            Assert.Equal(4.0, TimingRig.ClocksOf([], code, TimingRig.H100), 0.1);
        }
    }

    [Fact]
    public void From_one_warp_to_64_the_clocks_of_all_follow_the_slowest_of_latency_and_pipe()
    {
        // A load of shared memory and an addition that waits for it; two blocks of 32 warps are what a multiprocessor holds.
        string[] body = ["LDS R2, [R1] | write=1 stall=2", "FADD R3, R2, R2 | wait=2 stall=4"];
        double one = 0;
        foreach ((int warps, int blocks) in new[] { (1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (32, 1), (32, 2) })
        {
            double clocks = TimingRig.ClocksOf([.. Tid, "IMAD R1, R0, 0x4, RZ | stall=6"], body, TimingRig.H100, 32 * warps,
                blocks: blocks);
            one = warps == 1 ? clocks : one;
            double pipe = warps * blocks * 1.0; // the load-store unit takes a request a clock
            Assert.InRange(clocks, Math.Max(one, pipe) * 0.99, Math.Max(one, pipe) * 1.35);
        }
    }

    [Fact]
    public void More_warps_hide_a_latency_until_a_pipe_is_full()
    {
        string[] body = ["LDS R2, [R1] | write=1 stall=2", "FADD R3, R2, R2 | wait=2 stall=4"];
        double previous = double.MaxValue;
        foreach (int threads in new[] { 32, 128, 256, 512, 1024 })
        {
            double each = TimingRig.ClocksOf([.. Tid, "IMAD R1, R0, 0x4, RZ | stall=6"], body, TimingRig.H100, threads) / threads;
            Assert.True(each <= previous * 1.001, $"{threads} threads: {each} clocks each, fewer took {previous}");
            previous = each;
        }
    }
}
