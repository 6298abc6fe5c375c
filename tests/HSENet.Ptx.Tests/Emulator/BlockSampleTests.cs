// A profile from some blocks is that of all of them, as far as they do not differ at random.
namespace HSENet.Ptx.Tests;

public class BlockSampleTests
{
    const string Growing = """
        .reg .u32 %n; // block x of a row counts to x + 1, those of the last column and row only to 1
        ld.param.u64 %rd1, [p0]; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %nctaid.x; sub.u32 %r2, %r2, 1; setp.eq.u32 %p1, %r1, %r2;
        mov.u32 %n, %r1; @%p1 mov.u32 %n, 0; mov.u32 %r3, 0;
        LOOP: ld.global.u32 %r4, [%rd1]; add.u32 %r3, %r3, 1; setp.le.u32 %p1, %r3, %n; @%p1 bra LOOP;
        """;

    [Theory]
    [InlineData(1000, 1, 1)]
    [InlineData(100, 7, 1)]
    [InlineData(64, 64, 2)]
    public void Work_that_grows_from_block_to_block_is_counted_within_three_hundredths(int x, int y, int z)
    {
        EmulatorResult all = Launch(Growing, new Dim3(x, y, z), 0), some = Launch(Growing, new Dim3(x, y, z), 10_000);
        Assert.Equal(all.Profile!.Blocks, some.Profile!.Blocks);
        Assert.InRange(some.Profile.BlocksRun, 8, all.Profile.Blocks / 2);
        Assert.Equal(1, some.Profile.WarpInstructions.Sum() / (double)all.Profile.WarpInstructions.Sum(), 0.03);
        Assert.Equal(1, some.Profile.GlobalSectors.Sum() / (double)all.Profile.GlobalSectors.Sum(), 0.03);
        Assert.Equal(all.Profile.WarpInstructions[0], some.Profile.WarpInstructions[0]); // what every block does is exact
    }

    // Blocks before p1 go round a loop of 20,000 rounds, in which they read a sector for each lane; the others one of 5,000, in which all
    // lanes read the same.
    const string TwoParts = """
        .reg .u32 %n;
        ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1]; cvt.u32.u64 %r2, %rd2; mov.u32 %r1, %ctaid.x; mov.u32 %r3, 0;
        mov.u32 %n, 5000; setp.ge.u32 %p1, %r1, %r2; @%p1 bra LOOP;
        mov.u32 %n, 20000; mov.u32 %r5, %tid.x; mul.wide.u32 %rd3, %r5, 32; add.u64 %rd1, %rd1, %rd3;
        LOOP: ld.global.u32 %r4, [%rd1]; add.u32 %r3, %r3, 1; setp.lt.u32 %p1, %r3, %n; @%p1 bra LOOP;
        """;

    [Theory]
    [InlineData(405, 128)]
    [InlineData(405, 17)]
    [InlineData(2000, 1990)]
    [InlineData(2080, 3)]
    public void The_border_between_two_parts_of_a_grid_is_found_by_few_blocks(int blocks, int first)
    {
        using Kernel kernel = Kernel.Of(TwoParts, 2);
        LaunchProfile some = kernel.Launch(new Dim3(blocks), new Dim3(32),
            new EmulatorOptions { Profile = true, SampledInstructions = 100_000 }, kernel.Buffer("x", new byte[1024]), (long)first).Profile!;
        Assert.InRange(some.BlocksRun, 2, 80);
        Assert.Equal(1, some.WarpInstructions.Sum() / (4.0 * (20_000.0 * first + 5_000.0 * (blocks - first))), 0.03);
        Assert.Equal(1, some.GlobalSectors.Sum() / (32 * 20_000.0 * first + 5_000.0 * (blocks - first)), 0.03);
    }

    [Fact]
    public void A_launch_of_few_instructions_runs_whole()
    {
        LaunchProfile some = Launch(Growing, new Dim3(10, 2), 1_000_000).Profile!, all = Launch(Growing, new Dim3(10, 2), 0).Profile!;
        Assert.Equal((20, 20), (some.Blocks, some.BlocksRun));
        Assert.Equal(all.WarpInstructions, some.WarpInstructions);
    }

    [Theory]
    [InlineData("atom.global.add.u32 %r4, [%rd1], 1;")]
    [InlineData("ld.volatile.global.u32 %r4, [%rd1];")]
    [InlineData("ld.acquire.gpu.global.u32 %r4, [%rd1];")]
    public void Blocks_that_may_depend_on_each_other_all_run(string instruction)
    {
        LaunchProfile profile = Launch(Growing.Replace("ld.global.u32 %r4, [%rd1];", instruction, StringComparison.Ordinal), new Dim3(1000),
            10_000).Profile!;
        Assert.Equal((1000, 1000), (profile.Blocks, profile.BlocksRun));
    }

    [Fact]
    public void The_same_launch_has_the_same_sample_on_any_number_of_cores() => Assert.Equal(
        Launch(Growing, new Dim3(1000), 10_000, 1).Profile!.WarpInstructions,
            Launch(Growing, new Dim3(1000), 10_000, 3).Profile!.WarpInstructions);

    [Fact]
    public void Of_a_block_that_is_longer_than_a_sample_some_warps_run_if_they_share_no_memory()
    {
        // Each warp reads what the first one wrote, 5,000 times: what another warp would have written is no finding here.
        const string loop = """
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd1, %rd2;
            st.global.u32 [%rd2], %r1; bar.sync 0; mov.u32 %r3, 0;
            LOOP: ld.global.u32 %r4, [%rd1]; add.u32 %r3, %r3, 1; setp.lt.u32 %p1, %r3, 5000; @%p1 bra LOOP;
            """;
        using Kernel kernel = Kernel.Of(loop);
        EmulatorResult Run(long sampled) => kernel.Launch(new Dim3(3), new Dim3(512),
            new EmulatorOptions { Profile = true, SampledInstructions = sampled }, kernel.Memory.Allocate(2048, "x"));
        EmulatorResult all = Run(0), some = Run(1000);
        Assert.Equal((3, 1), (some.Profile!.Blocks, some.Profile.BlocksRun));
        Assert.Equal(0, some.FindingCount);
        Assert.True(some.WarpInstructions < all.WarpInstructions / 10);
        Assert.Equal(all.Profile!.WarpInstructions, some.Profile.WarpInstructions);
        Assert.Equal(all.Profile.MostInBlock, some.Profile.MostInBlock);
    }

    [Fact]
    public void What_blocks_that_did_not_run_would_have_written_is_no_finding_of_the_next_launch()
    {
        const string writes = """
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %ctaid.x; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd1, %rd2; mov.u32 %r3, 0;
            LOOP: st.global.u32 [%rd2], %r1; add.u32 %r3, %r3, 1; setp.lt.u32 %p1, %r3, 20; @%p1 bra LOOP;
            """, reads = """
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %ctaid.x; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd1, %rd2;
            ld.global.u32 %r4, [%rd2];
            """;
        long Findings(long sampled)
        {
            using Kernel first = Kernel.Of(writes), second = Kernel.Of(reads);
            EmulatorAllocation written = second.Memory.Allocate(4000, "x");
            byte[] parameters = BitConverter.GetBytes(written.Address);
            Emulator emulator = second.Emulator;
            EmulatorOptions options = new() { Profile = true, SampledInstructions = sampled };
            if (sampled >= 0)
                emulator.Launch(first.Module.Kernel("k"), new Dim3(1000), new Dim3(1), 0, parameters, options);
            return emulator.Launch(second.Module.Kernel("k"), new Dim3(1000), new Dim3(1), 0, parameters, options with { SampledInstructions = 0 })
                .FindingCount;
        }
        Assert.Equal((0L, 0L, 1000L), (Findings(0), Findings(100), Findings(-1)));
    }

    static EmulatorResult Launch(string body, Dim3 grid, long sampled, int threads = 0)
    {
        using Kernel kernel = Kernel.Of(body);
        return kernel.Launch(grid, new Dim3(32), new EmulatorOptions { Profile = true, SampledInstructions = sampled, Threads = threads },
            kernel.Buffer("x", new byte[64]));
    }
}
