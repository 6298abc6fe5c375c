// A warp's walk through machine code: integers, predicates, carries, branches and addresses come out as a GPU computes them.
using System.Numerics;

namespace HSENet.Ptx.Tests;

public class MachineWalkTests
{
    [Theory]
    [InlineData("IMAD R2, R1, 0x3, R1", 4 * 7u)]
    [InlineData("IMAD.SHL.U32 R2, R1, 0x10, RZ", 7 * 16u)]
    [InlineData("IADD3 R2, R1, -0x2, RZ", 5u)]
    [InlineData("IADD3 R2, -R1, 0x2, RZ", uint.MaxValue - 4)]
    [InlineData("VIADD R2, R1, 0xffffffff", 6u)]
    [InlineData("LOP3.LUT R2, R1, 0x3, RZ, 0xc0, !PT", 3u)]
    [InlineData("LOP3.LUT R2, R1, 0x10, RZ, 0xfc, !PT", 0x17u)]
    [InlineData("LOP3.LUT R2, R1, 0x5, RZ, 0x3c, !PT", 2u)]
    [InlineData("SHF.R.U32.HI R2, RZ, 0x1, R1", 3u)]
    [InlineData("SHF.L.U32 R2, R1, 0x4, RZ", 0x70u)]
    [InlineData("LEA R2, R1, 0x100, 0x2", 0x11cu)]
    [InlineData("LEA.HI R2, R1, R1, RZ, 0x1", 7u)]
    [InlineData("SEL R2, R1, 0x9, !PT", 9u)]
    [InlineData("VIMNMX R2, R1, 0x5, PT", 5u)]
    [InlineData("VIMNMX R2, R1, 0x5, !PT", 7u)]
    [InlineData("PRMT R2, R1, 0x4104, 0xab", 0xab0007abu)]
    [InlineData("POPC R2, R1", 3u)]
    [InlineData("FLO.U32 R2, R1", 2u)]
    [InlineData("BREV R2, R1", 0xe0000000u)]
    [InlineData("SHFL.IDX PT, R2, R1, 0x3, 0x1f", 7u)]
    [InlineData("HFMA2.MMA R2, -RZ, RZ, 0, 0", 0u)]
    [InlineData("HFMA2.MMA R2, -RZ, RZ, 1.875, 0", 0x3f800000u)]
    [InlineData("HFMA2 R2, -RZ, RZ, 0, 9.5367431640625e-07", 16u)]
    [InlineData("HFMA2.MMA R2, -RZ, RZ, 1.5966796875, -0.0003798007965087890625", 0x3e638e39u)]
    [InlineData("MOV R2, c[0x0][0x210]", 1234u)]
    [InlineData("MOV R2, c[0x0][0x0]", 32u)]
    public void Integers_are_computed(string instruction, uint expected) =>
        Assert.Equal(expected, Stored("MOV R1, 0x7", instruction, "STG.E [R2.64], R1") & uint.MaxValue);

    [Fact]
    public void Words_of_64_bits_carry()
    {
        // 0x00000001_ffffffff + 1, minus 1 again, and the high half by an extended addition.
        Assert.Equal(0x2_0000_0000ul, Stored("MOV R1, 0xffffffff", "MOV R4, 0x1", "IADD3 R2, P0, R1, 0x1, RZ",
            "IADD3.X R3, R4, RZ, RZ, P0, !PT", "STG.E [R2.64], R1"));
        Assert.Equal(0xffff_fffful, Stored("MOV R1, 0x0", "MOV R4, 0x1", "IADD3 R2, P0, R1, -0x1, RZ",
            "IADD3.X R3, R4, -0x1, RZ, P0, !PT", "STG.E [R2.64], R1"));
        Assert.Equal(0x5_0000_0006ul, Stored("MOV R1, 0x2", "MOV R4, 0x0", "MOV R5, 0x5", "IMAD.WIDE.U32 R2, R1, 0x3, R4",
            "STG.E [R2.64], R1"));
        Assert.Equal(0xffff_ffff_ffff_fff8ul, Stored("MOV R1, 0xfffffffe", "IMAD.WIDE R2, R1, 0x4, RZ", "STG.E [R2.64], R1"));
        Assert.Equal(0x1_0000_000ful, Stored("MOV R4, 0xffffffff", "MOV R5, 0x0", "IADD.64 R2, R4, 0x10", "STG.E [R2.64], R1"));
    }

    // The way in which compilers divide unsigned numbers: an estimate by floats, put right twice.
    [Theory]
    [InlineData(32, 4)]
    [InlineData(0, 7)]
    [InlineData(1_000_003, 24)]
    [InlineData(6, 7)]
    [InlineData(int.MaxValue, 3)]
    public void A_quotient_is_what_a_division_gives(int value, int by) => Assert.Equal((ulong)(value / by), Stored(
        $"MOV R8, 0x{by:x}", $"MOV R9, 0x{value:x}", "I2F.U32.RP R0, R8", "MUFU.RCP R0, R0", "IADD3 R6, R0, 0xffffffe, RZ",
        "F2I.FTZ.U32.TRUNC.NTZ R7, R6", "MOV R6, 0x0", "IADD3 R15, -R7, RZ, RZ", "IMAD R15, R15, R8, RZ",
        "IMAD.HI.U32 R15, R7, R15, R6", "IMAD.HI.U32 R2, R15, R9, RZ", "IADD3 R5, -R2, RZ, RZ", "IMAD R5, R8, R5, R9",
        "ISETP.GE.U32.AND P0, PT, R5, R8, PT", "@P0 IADD3 R5, R5, -R8, RZ", "@P0 IADD3 R2, R2, 0x1, RZ",
        "ISETP.GE.U32.AND P1, PT, R5, R8, PT", "@P1 IADD3 R2, R2, 0x1, RZ", "STG.E [R2], R1"));

    [Theory]
    [InlineData("DMUL R4, R2, 2.5", 17u)]
    [InlineData("DADD R4, -R2, 10", 3u)]
    [InlineData("DFMA R4, R2, R2, 0.75", 49u)]
    [InlineData("DMNMX R4, R2, 5.5, PT", 5u)]
    [InlineData("FRND.F64.FLOOR R4, R2", 7u)]
    [InlineData("F2F.F64.F32 R4, 3.5", 3u)]
    public void Positions_in_64_bit_floats_are_computed(string instruction, uint expected) => Assert.Equal(expected, Stored(
        "MOV R1, 0x7", "I2F.F64 R2, R1", instruction, "F2I.F64.TRUNC R2, R4", "STG.E [R2], R1"));

    [Fact]
    public void Doubles_are_compared_and_no_division_takes_its_slow_path()
    {
        string[] compare = ["MOV R1, 0x7", "I2F.F64 R2, R1", "DSETP.GT.AND P0, P1, R2, 6.5, PT", "MOV R2, 0x0", "@P0 MOV R2, 0x1",
            "@P1 MOV R2, 0x2", "STG.E [R2], R1"];
        Assert.Equal(1ul, Stored(compare));
        Assert.Equal(0ul, Stored("ISETP.EQ.AND P0, PT, RZ, RZ, PT", "FCHK P0, R1, R2", "MOV R2, 0x0", "@P0 MOV R2, 0x1",
            "STG.E [R2], R1"));
    }

    [Fact]
    public void A_loop_that_takes_too_long_gives_way_to_the_loops_in_it_which_are_cut_each_time()
    {
        // 12 rounds of 10,000 rounds: nine of the outer ones are too many.
        string[] code = ["MOV R2, 0xc", "MOV R3, 0x2710", "IADD3 R3, R3, -0x1, RZ", "ISETP.NE.AND P0, PT, R3, RZ, PT", "@P0 BRA 0x20",
            "IADD3 R2, R2, -0x1, RZ", "ISETP.NE.AND P1, PT, R2, RZ, PT", "@P1 BRA 0x10", "EXIT"];
        MachineKernel kernel = TimingRig.Kernel(code);
        Assert.Equal(7, Assert.Single(kernel.Walk(0).Path(1).Loops).Branch);
        LongLoop inner = Assert.Single(kernel.Walk(0).Path(32).Loops);
        Assert.Equal((4, 12L * 9999, 12L), (inner.Branch, inner.Rounds, inner.Entries));
        int[] counts = [.. Walk(kernel.Warps(0, new LoopCut([inner.Cut(9)]))[0]).GroupBy(step => step.Index).OrderBy(g => g.Key)
            .Select(g => g.Count())];
        Assert.Equal([1, 12, 120, 120, 120, 12, 12, 12, 1], counts);
    }

    [Fact]
    public void All_loops_are_cut_where_other_warps_may_go_round_them_more_often()
    {
        // 12 rounds of 12 of 12: short for this warp, so that the outermost alone is cut.
        MachineKernel kernel = LoopsInLoops(12, 12, 12);
        Assert.Equal(11, Assert.Single(kernel.Walk(0).Path(1).Loops).Branch);
        kernel.CutsAll = true;
        Assert.Equal([(5, 144L), (8, 12), (11, 1)], kernel.Walk(0).Path(1).Loops.Select(loop => (loop.Branch, loop.Entries)));
    }

    [Theory]
    [InlineData("IADD3 R1, R0, 0x1, RZ", 15)] // thread n goes round n + 1 times
    [InlineData("IADD3 R1, -R0, 0x200, RZ", 0)] // 512 - n times
    [InlineData("MOV R1, 0x9", 0)]
    public void The_last_warp_stands_for_its_block_where_it_goes_far_further_than_the_first(string rounds, int leader)
    {
        MachineKernel kernel = TimingRig.Kernel(["S2R R0, SR_TID.X", rounds, "IADD3 R1, R1, -0x1, RZ", "ISETP.NE.AND P0, PT, R1, RZ, PT",
            "@P0 BRA 0x20", "EXIT"], threads: 512);
        kernel.FindLeader();
        Assert.Equal(leader, kernel.Leader);
        Assert.Equal(rounds.StartsWith('I') ? 512 : 9, kernel.Walk(0).Executed[2]);
    }

    [Fact]
    public void Loops_in_a_loop_that_is_cut_are_cut_too_where_the_run_would_be_long_all_the_same()
    {
        // 50 rounds of 40 rounds of 10,000: nine of the outermost are 40 million instructions of 32 warps each.
        MachineKernel kernel = LoopsInLoops(50, 40, 10_000);
        WarpPath path = kernel.Walk(0).Path(32);
        Assert.Equal([5, 8, 11], path.Loops.Select(loop => loop.Branch).Order());
        LoopCut cut = new([.. path.Loops.Select(loop => loop.Cut(9))]);
        int[] counts = [.. Walk(kernel.Warps(0, cut)[0]).GroupBy(step => step.Index).OrderBy(g => g.Key).Select(g => g.Count())];
        Assert.Equal([1, 10, 100, 1000, 1000, 1000, 100, 100, 100, 10, 10, 10, 1], counts);
        // The rounds that are left out count as those that ran: what a run of all of them would take, in proportion.
        BlockRunner.Outcome whole = Runner(kernel).Alike([0], kernel.Walk(0).Path(1)), nested = Runner(kernel).Alike([0], path);
        Assert.InRange(nested.Mean / whole.Mean, 0.97, 1.03);
    }

    static BlockRunner Runner(MachineKernel kernel)
    {
        TimedInstruction[] program = TimedInstruction.Of(kernel.Program.Listing, TimingRig.H100);
        return new BlockRunner(kernel, TimingRig.H100, program, MemoryShares.Of(kernel, program, null, 1, 1, 1), 128 * 1024);
    }

    [Fact]
    public void An_instruction_of_which_nothing_is_known_is_passed_over() =>
        Assert.Equal(0x55ul, Stored("MOV R2, 0x55", "UNPRINTED", "STG.E [R2.64], R1") & uint.MaxValue);

    [Fact]
    public void Lanes_part_and_meet_again()
    {
        List<(int Index, uint Mask)> steps = [.. Walk("S2R R0, SR_TID.X", "ISETP.GE.AND P0, PT, R0, 0x8, PT", "@P0 BRA 0x40", "MOV R1, 0x1",
            "MOV R2, 0x2", "EXIT")];
        Assert.Equal([(0, uint.MaxValue), (1, uint.MaxValue), (2, ~0xffu), (3, 0xffu), (4, uint.MaxValue), (5, uint.MaxValue)], steps);
    }

    [Fact]
    public void A_loop_ends_when_its_count_does_and_can_be_cut()
    {
        string[] loop = ["MOV R1, 0x64", "IADD3 R1, R1, -0x1, RZ", "ISETP.NE.AND P0, PT, R1, RZ, PT", "@P0 BRA 0x10", "EXIT"];
        Assert.Equal(100, Walk(loop).Count(step => step.Index == 1));
        MachineKernel kernel = TimingRig.Kernel(loop);
        WarpPath path = kernel.Walk(0).Path(1);
        LongLoop only = Assert.Single(path.Loops);
        Assert.Equal((302, 3, 99, 3), (path.Steps, only.Branch, only.Rounds, only.StepsPerRound));
        Assert.Equal(1 + 3 * 11 + 1, Walk(kernel.Warps(0, new LoopCut([only.Cut(10)]))[0]).Count());
    }

    [Fact]
    public void A_cut_loop_leaves_the_code_behind_it_as_it_was()
    {
        // 103 rounds by eights, then by ones: what is left over is seven whether the first loop was cut or not.
        string[] code = ["MOV R1, 0x67", "IADD3 R1, R1, -0x8, RZ", "ISETP.GT.AND P0, PT, R1, 0x7, PT", "@P0 BRA 0x10",
            "IADD3 R1, R1, -0x1, RZ", "ISETP.GT.AND P1, PT, R1, RZ, PT", "@P1 BRA 0x40", "EXIT"];
        MachineKernel kernel = TimingRig.Kernel(code);
        WarpPath path = kernel.Walk(0).Path(1);
        Assert.Equal(3, path.Loops[0].Branch);
        int Remaining(LoopCut? cut) => Walk(kernel.Warps(0, cut)[0]).Count(step => step.Index == 4);
        Assert.Equal(7, Remaining(null));
        Assert.Equal(7, Remaining(new LoopCut([path.Loops[0].Cut(2)])));
    }

    [Fact]
    public void Loops_one_behind_the_other_are_cut_each_and_the_code_between_them_stays()
    {
        // 100 rounds, then 50 of an outer loop with 3 of an inner one; between and behind them branches on the counters.
        string[] code = ["MOV R1, 0x64", "IADD3 R1, R1, -0x1, RZ", "ISETP.NE.AND P0, PT, R1, RZ, PT", "@P0 BRA 0x10",
            "ISETP.EQ.AND P1, PT, R1, RZ, PT", "@P1 BRA 0x70", "MOV R7, 0x7", "MOV R2, 0x32", "MOV R3, 0x3", "IADD3 R3, R3, -0x1, RZ",
            "ISETP.NE.AND P0, PT, R3, RZ, PT", "@P0 BRA 0x90", "IADD3 R2, R2, -0x1, RZ", "ISETP.NE.AND P0, PT, R2, RZ, PT",
            "@P0 BRA 0x80", "ISETP.EQ.AND P1, PT, R2, RZ, PT", "@P1 BRA 0x120", "MOV R7, 0x7", "EXIT"];
        MachineKernel kernel = TimingRig.Kernel(code);
        WarpPath path = kernel.Walk(0).Path(1);
        Assert.Equal([(3, 99), (14, 49)], path.Loops.Select(loop => (loop.Branch, (int)loop.Rounds)));
        int[] Counts(LoopCut? cut) => [.. Walk(kernel.Warps(0, cut)[0]).GroupBy(step => step.Index).OrderBy(g => g.Key)
            .Select(g => g.Count())];
        int[] all = Counts(null), cut = Counts(new LoopCut([path.Loops[0].Cut(9), path.Loops[1].Cut(4)]));
        Assert.Equal(all.Length, cut.Length); // neither ran the instructions that are jumped over
        Assert.Equal((100, 50, 150), (all[1], all[7], all[8]));
        Assert.Equal((10, 5, 15), (cut[1], cut[7], cut[8]));
        Assert.Equal(1, cut[^1]);
    }

    [Fact]
    public void Local_and_shared_memory_give_back_what_was_stored()
    {
        Assert.Equal(0x1234ul, Stored("MOV R1, c[0x0][0x28]", "IADD3 R1, R1, -0x10, RZ", "MOV R4, 0x1234", "STL [R1+0x4], R4",
            "LDL R2, [R1+0x4]", "STG.E [R2.64], R1"));
        Assert.Equal(0x55ul, Stored("MOV R4, 0x55", "MOV R1, 0x420", "STS [R1], R4", "LDS R2, [R1]", "STG.E [R2.64], R1"));
    }

    // How the assembler adds 64 bits in shared memory: again until nobody else was there in between.
    [Theory]
    [InlineData("ATOMS.CAST.SPIN.64 R10, [R1], R8, R10", "ISETP.EQ.U32.AND P0, PT, R10, 0x1, PT", "0x0", 32)]
    [InlineData("ATOMS.CAST.SPIN.64 R10, [R1], R8, R10", "ISETP.EQ.U32.AND P0, PT, R10, 0x1, PT", "0x8", 1)]
    [InlineData("ATOMS.CAS.64 R10, [R1], R8, R10", "ISETP.EQ.U32.AND P0, PT, R10, R8, PT", "0x0", 32)]
    [InlineData("ATOMS.CAS.64 R10, [R1], R8, R10", "ISETP.EQ.U32.AND P0, PT, R10, R8, PT", "0x8", 1)]
    public void Lanes_that_exchange_the_same_word_go_one_after_the_other(string swap, string compare, string apart, int rounds)
    {
        string[] code = ["S2R R0, SR_TID.X", $"IMAD R1, R0, {apart}, RZ", "LDS.64 R8, [R1]", "IADD3 R10, R8, 0x5, RZ", "MOV R11, RZ", swap,
            compare, "@!P0 BRA 0x20", "EXIT"];
        (int Index, uint Mask)[] swaps = [.. Walk(code).Where(step => step.Index == 5)];
        Assert.Equal(rounds, swaps.Length);
        Assert.Equal(rounds == 1 ? uint.MaxValue : 1u << 31, swaps[^1].Mask);
        Assert.Equal(rounds, TimingRig.Kernel(code).Walk(0).Executed[5]);
    }

    [Fact]
    public void An_atomic_gives_what_memory_has_whatever_predicate_its_result_follows()
    {
        // A lock that is free: every thread takes it at once, as memory is as it was before the launch.
        string[] code = ["S2R R0, SR_TID.X", "IADD3 R0, R0, 0x1, RZ", "MOV R2, RZ", "MOV R3, RZ", "MOV R4, RZ", "MOV R5, 0x1",
            "ATOMG.E.CAS.STRONG.GPU PT, R0, [R2], R4, R5", "ISETP.NE.U32.AND P0, PT, R0, RZ, PT", "@P0 BRA 0x60", "EXIT"];
        Assert.Equal(1, TimingRig.Kernel(code).Walk(0).Executed[6]);
    }

    [Fact]
    public void A_kernel_without_an_end_is_one_error_on_any_number_of_cores()
    {
        string[] endless = ["ISETP.NE.U32.AND P0, PT, RZ, RZ, PT", "ATOMS.ADD R0, [RZ], R1", "@!P0 BRA 0x0", "EXIT"];
        MachineKernel kernel = TimingRig.Kernel(endless, blocks: 64);
        Assert.Equal(MachineKernel.NoEnd, Assert.Throws<EmulatorException>(() => TimingRig.Run(kernel, TimingRig.H100)).Message);
        Assert.Equal("3", Assert.Throws<EmulatorException>(() => ParallelResults.Each<int>(8, 2, n =>
            throw new EmulatorException("3"))).Message);
    }

    // Branches 5, 8 and 11 end a round of the innermost, the middle and the outermost loop.
    static MachineKernel LoopsInLoops(int outermost, int middle, int innermost) => TimingRig.Kernel([$"MOV R1, 0x{outermost:x}",
        $"MOV R2, 0x{middle:x}", $"MOV R3, 0x{innermost:x}", "IADD3 R3, R3, -0x1, RZ", "ISETP.NE.AND P0, PT, R3, RZ, PT", "@P0 BRA 0x30",
        "IADD3 R2, R2, -0x1, RZ", "ISETP.NE.AND P1, PT, R2, RZ, PT", "@P1 BRA 0x20", "IADD3 R1, R1, -0x1, RZ",
        "ISETP.NE.AND P2, PT, R1, RZ, PT", "@P2 BRA 0x10", "EXIT"]);

    static ulong Stored(params string[] code)
    {
        IWarpStream stream = TimingRig.Kernel([.. code, "EXIT"]).Warps(0)[0];
        for (ExecutedStep step = default; stream.Next(ref step);)
            if (step.Space == AccessSpace.Global)
                return stream.Addresses[BitOperations.TrailingZeroCount(step.Mask)];
        throw new InvalidOperationException("nothing was stored");
    }

    static IEnumerable<(int Index, uint Mask)> Walk(params string[] code) => Walk(TimingRig.Kernel(code).Warps(0)[0]);

    static IEnumerable<(int Index, uint Mask)> Walk(IWarpStream stream)
    {
        ExecutedStep step = default;
        while (stream.Next(ref step))
            yield return (step.Index, step.Mask);
    }
}
