// A walk that only counts finds what one through every instruction finds, however loops are nested and whatever ends them.
namespace HSENet.Ptx.Tests;

public class LoopSkipperTests
{
    static readonly string[] Comparisons = ["NE", "LT", "GE", "GT", "LE", "EQ"];

    [Fact]
    public void Loops_of_any_kind_are_counted_as_they_are_gone_through()
    {
        long left = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            MachineKernel kernel = TimingRig.Kernel(new Nest(seed).Code, threads: seed % 3 == 0 ? 20 : 64);
            WarpWay all = Step(kernel, 0), way = Follow(kernel, 0);
            Assert.Equal(all.Executed(), way.Executed());
            Assert.Equal(all.Rounds, way.Rounds);
            Assert.Equal(all.FirstRound, way.FirstRound);
            Assert.Equal(all.Steps, way.Steps);
            foreach (int warps in (int[])[1, 8, 256])
                Assert.Equal(Text(new WarpWalk(kernel.Program, all).Path(warps)), Text(new WarpWalk(kernel.Program, way).Path(warps)));
            left += way.Walked < way.Steps ? 1 : 0;
        }
        Assert.InRange(left, 100, 400); // there was something to leave out
    }

    [Theory]
    [InlineData("NE", 0u, 1u, 10u, 0u, 9)]
    [InlineData("NE", 0u, 3u, 10u, 0u, 2_147_483_647 / 3)] // never equal: until it starts again from the other end
    [InlineData("EQ", 5u, 0u, 5u, 0u, long.MaxValue)]
    [InlineData("EQ", 5u, 1u, 5u, 0u, 0)]
    [InlineData("LT", 0u, 4u, 10u, 0u, 2)]
    [InlineData("LE", 0u, 5u, 10u, 0u, 2)]
    [InlineData("LT", 0u, 5u, 10u, 0u, 1)]
    [InlineData("GE", 100u, 0xffff_fffcu, 10u, 0u, 22)]
    [InlineData("GT", 100u, 0xffff_fffcu, 0u, 0u, 24)]
    [InlineData("LT", 0u, 1u, 100u, 0xffff_ffffu, 49)]
    [InlineData("LT", 0u, 1u, 100u, 1u, 2_147_483_647 - 100)]
    public void How_long_a_comparison_stays_as_it_is_follows_from_how_its_operands_grow(string comparison, uint a, uint growthOfA, uint b,
        uint growthOfB, long rounds)
    {
        MachineStep step = TimingRig.Kernel([$"ISETP.{comparison}.AND P0, PT, R1, R2, PT"]).Program.Steps[0];
        Assert.Equal(rounds, LoopSkipper.Unchanged(step, a, growthOfA, b, growthOfB));
    }

    [Fact]
    public void A_loop_in_a_loop_in_a_loop_takes_no_longer_than_its_first_rounds()
    {
        string[] code = ["MOV R1, 0xc350", "MOV R2, 0xc350", "MOV R3, 0xc350", "IADD3 R3, R3, -0x1, RZ", "ISETP.NE.AND P0, PT, R3, RZ, PT",
            "@P0 BRA 0x30", "IADD3 R2, R2, -0x1, RZ", "ISETP.NE.AND P1, PT, R2, RZ, PT", "@P1 BRA 0x20", "IADD3 R1, R1, -0x1, RZ",
            "ISETP.NE.AND P0, PT, R1, RZ, PT", "@P0 BRA 0x10", "EXIT"];
        WarpWay way = Follow(TimingRig.Kernel(code), 0);
        Assert.Equal(50_000L * 50_000 * 50_000, way.Executed()[3]);
        Assert.InRange(way.Walked, 1, 1000);
    }

    [Fact]
    public void Rounds_of_a_loop_that_lanes_leave_one_after_the_other_are_left_out_too()
    {
        // 50 rounds; in each, lane n goes round 10,000 · (n + 1) times, and those that have left wait for lane 31.
        string[] code = ["S2R R0, SR_TID.X", "IADD3 R0, R0, 0x1, RZ", "IMAD R4, R0, 0x2710, RZ", "MOV R1, 0x32", "MOV R2, R4",
            "IADD3 R2, R2, -0x1, RZ", "ISETP.NE.AND P0, PT, R2, RZ, PT", "@P0 BRA 0x50", "IADD3 R1, R1, -0x1, RZ",
            "ISETP.NE.AND P1, PT, R1, RZ, PT", "@P1 BRA 0x40", "EXIT"];
        WarpWay way = Follow(TimingRig.Kernel(code), 0);
        Assert.Equal(50L * 320_000, way.Executed()[5]);
        Assert.InRange(way.Walked, 1, 5000);
    }

    [Fact]
    public void A_loop_without_an_end_is_told_of_at_once() => Assert.Contains(MachineKernel.NoEnd, Assert.Throws<EmulatorException>(() =>
        Follow(TimingRig.Kernel(["MOV R1, 0x1", "IADD3 R2, R2, 0x1, RZ", "ISETP.NE.AND P0, PT, R1, RZ, PT", "@P0 BRA 0x10", "EXIT"]), 0))
        .Message, StringComparison.Ordinal);

    [Fact]
    public void Kernels_of_the_ladders_are_counted_as_they_are_gone_through()
    {
        foreach (MachineKernel kernel in (MachineKernel[])[LadderCountTests.Launch("f16_mma_warptile_2", 128, 32768, 1024),
            LadderCountTests.Launch("f16_wmma_128_3", 512, 49152, 1024)])
            Assert.Equal(Step(kernel, 1).Executed(), Follow(kernel, 1).Executed());
    }

    static WarpWay Follow(MachineKernel kernel, long block)
    {
        WarpWay way = new(kernel.Program.Steps.Length, keepsBranches: true);
        using MachineWarp warp = (MachineWarp)kernel.Warps(block)[0];
        warp.Follow(way);
        return way;
    }

    static WarpWay Step(MachineKernel kernel, long block)
    {
        WarpWay way = new(kernel.Program.Steps.Length, keepsBranches: true);
        IWarpStream warp = kernel.Warps(block)[0];
        for (ExecutedStep step = default; warp.Next(ref step);)
        {
            way.Issue(step.Index, step.Index + 1);
            if (kernel.Program.Steps[step.Index] is { Target: >= 0, Branch: BranchKind.Jump or BranchKind.Call })
                way.Branch(step.Index, step.Taken, step.EndsRound);
        }
        return way;
    }

    static string Text(WarpPath path) => string.Join("; ", path.Loops.Select(loop =>
        $"{loop.Branch} {loop.Rounds} {loop.Entries} {loop.Steps} {string.Join(' ', loop.Afterwards)}"));

    // Loops in loops, of counters that grow by steps of any kind, some of which lanes, outer counters or the way decide.
    sealed class Nest
    {
        readonly Random _random;
        int _counters = 2;

        public Nest(int seed)
        {
            _random = new Random(seed);
            Code.Add("S2R R0, SR_TID.X");
            Code.Add("LOP3.LUT R1, R0, 0x3, RZ, 0xc0, !PT");
            for (int n = 0; n < 2; n++)
                Loop(0, 1);
            Code.Add("EXIT");
        }

        public List<string> Code { get; } = [];

        void Loop(int depth, int outer)
        {
            int counter = _counters++, limit = _counters++;
            int step = _random.Next(1, 5), rounds = _random.Next(1, depth == 0 ? 40 : 25);
            string comparison = Comparisons[_random.Next(5)];
            bool down = comparison is "GE" or "GT";
            Code.Add($"MOV R{counter}, 0x{(down ? rounds * step + 3 : 0):x}");
            Code.Add(_random.Next(6) switch
            {
                0 when outer > 1 && comparison != "NE" => $"IADD3 R{limit}, R{outer}, 0x9, RZ", // as many as the outer counter says
                1 when comparison != "NE" => $"IADD3 R{limit}, R1, 0x{rounds:x}, RZ", // lanes leave one after the other
                _ => $"MOV R{limit}, 0x{(down ? 0 : rounds * step):x}",
            });
            int start = Code.Count;
            for (int n = 0, inner = depth < 2 ? _random.Next(3) : 0; n < inner; n++)
                Loop(depth + 1, counter);
            if (_random.Next(4) == 0)
            {
                int beyond = Code.Count + 3; // a part that only some rounds come to
                Code.Add($"ISETP.GT.AND P2, PT, R{counter}, 0x{_random.Next(30):x}, PT");
                Code.Add($"@P2 BRA 0x{16 * beyond:x}");
                Code.Add($"LOP3.LUT R1, R1, 0x1, RZ, 0x3c, !PT");
            }
            string by = (down ? "-" : "") + $"0x{step:x}";
            Code.Add(_random.Next(3) switch
            {
                0 => $"VIADD R{counter}, R{counter}, {by}",
                1 when !down => $"LEA R{counter}, R{counter}, 0x{step:x}, 0x0",
                _ => $"IADD3 R{counter}, R{counter}, {by}, RZ",
            });
            Code.Add($"ISETP.{comparison}{(_random.Next(2) == 0 && !down ? ".U32" : "")}.AND P{depth}, PT, R{counter}, R{limit}, PT");
            Code.Add($"@P{depth} BRA 0x{16 * start:x}");
        }
    }
}
