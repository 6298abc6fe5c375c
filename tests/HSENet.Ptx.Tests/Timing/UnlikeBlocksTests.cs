// Launches whose blocks do not do the same: blocks all over the grid are looked at, and the heaviest one counts.
namespace HSENet.Ptx.Tests;

public class UnlikeBlocksTests
{
    // Blocks before the parameter go round a loop of 200 rounds, the others leave at once.
    static readonly string[] FirstBlocks =
    [
        "S2R R0, SR_CTAID.X | write=0", "MOV R1, 0xc8", "ISETP.GE.AND P0, PT, R0, c[0x0][0x210], PT | wait=1 stall=12", "@P0 EXIT",
        "IADD3 R1, R1, -0x1, RZ | stall=5", "ISETP.NE.AND P1, PT, R1, RZ, PT | stall=12", "@P1 BRA 0x40 | stall=5", "EXIT",
    ];

    // Only the last of the blocks does.
    static readonly string[] LastBlock =
    [
        "S2R R0, SR_CTAID.X | write=0", "MOV R1, 0xc8", "ISETP.LT.AND P0, PT, R0, c[0x0][0x210], PT | wait=1 stall=12", "@P0 EXIT",
        "IADD3 R1, R1, -0x1, RZ | stall=5", "ISETP.NE.AND P1, PT, R1, RZ, PT | stall=12", "@P1 BRA 0x40 | stall=5", "EXIT",
    ];

    [Theory]
    [InlineData(10_000, 1_000)]
    [InlineData(10_000, 37)]
    [InlineData(200, 150)]
    public void The_mean_of_the_blocks_is_found_wherever_one_part_ends(int blocks, int heavy)
    {
        MachineKernel kernel = TimingRig.Kernel(FirstBlocks, threads: 128, blocks, (ulong)heavy);
        BlockSurvey survey = BlockSurvey.Of(kernel, kernel.Walk(0));
        double one = 4 * (4 + 3 * 200 + 1), none = 4 * 4, mean = (heavy * one + (blocks - heavy) * none) / blocks;
        Assert.False(survey.IsAlike);
        Assert.Equal(mean, survey.MeanWork, 0.02 * mean);
        Assert.Equal(one, survey.Heaviest.Work);
        Assert.Equal(mean * blocks, survey.Executed.Sum(), 0.02 * mean * blocks);
        Assert.Equal((one, none), (survey.Work(new Dim3(0, 0, 0)), survey.Work(new Dim3(blocks - 1, 0, 0))));
    }

    [Fact]
    public void Long_blocks_at_the_start_do_not_stand_for_short_ones_behind_them()
    {
        // 500,000 rounds instead of 200.
        string[] code = [.. FirstBlocks.Select(line => line.Replace("0xc8", "0x7a120", StringComparison.Ordinal))];
        MachineKernel kernel = TimingRig.Kernel(code, threads: 128, 2080, 32);
        BlockSurvey survey = BlockSurvey.Of(kernel, kernel.Walk(0));
        double one = 4 * (4 + 3 * 500_000 + 1), none = 4 * 4, mean = (32 * one + 2048 * none) / 2080;
        Assert.False(survey.IsAlike);
        Assert.Equal(mean, survey.MeanWork, 0.02 * mean);
    }

    [Fact]
    public void Blocks_that_do_the_same_are_alike()
    {
        MachineKernel kernel = TimingRig.Kernel(FirstBlocks, 128, 5000, 5000);
        Assert.True(BlockSurvey.Of(kernel, kernel.Walk(0)).IsAlike);
    }

    [Fact]
    public void The_last_block_alone_may_be_what_a_launch_waits_for()
    {
        double all = Cycles(FirstBlocks, 132, 132), last = Cycles(LastBlock, 132, 131), none = Cycles(FirstBlocks, 132, 0);
        Assert.InRange(last / all, 0.9, 1.1);
        Assert.True(none < 0.2 * last);
    }

    [Fact]
    public void A_launch_of_which_half_the_blocks_do_nothing_takes_about_half_as_long()
    {
        double all = Cycles(FirstBlocks, 132 * 64, 132 * 64), half = Cycles(FirstBlocks, 132 * 64, 132 * 32);
        Assert.InRange(half / all, 0.4, 0.7);
        Assert.Equal(half, Cycles(FirstBlocks, 132 * 64, 132 * 32));
    }

    [Theory]
    [InlineData(8, 4, 1)]
    [InlineData(6, 4, 1)]
    public void Equal_blocks_take_as_many_rounds_as_they_need(int blocks, int places, double stretch) =>
        Assert.Equal((10, stretch), GridTime.Of(blocks, places, _ => 10));

    [Fact]
    public void A_long_block_at_the_end_is_waited_for_and_short_ones_at_the_end_are_not()
    {
        // Four at once: 4 + 10 until the last one of eight ends, twice the mean of 4.75 if all took that long.
        Assert.Equal(14 / (2 * 4.75), GridTime.Of(8, 4, n => n == 7 ? 10 : 4).Stretch, 9);
        Assert.True(GridTime.Of(5, 4, n => n == 4 ? 1 : 10).Stretch < 0.7);
    }

    static double Cycles(string[] code, int blocks, int parameter)
    {
        MachineKernel kernel = TimingRig.Kernel(code, 128, blocks, (ulong)parameter);
        WarpWalk walk = kernel.Walk(0);
        return KernelTimer.Predict(kernel, walk, BlockSurvey.Of(kernel, walk), TimingRig.H100, 32, 0, 1 << 20).Cycles;
    }
}
