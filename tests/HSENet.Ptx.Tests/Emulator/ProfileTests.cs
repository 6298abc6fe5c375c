// Counters on accesses whose sectors, passes and lanes can be counted by hand.
namespace HSENet.Ptx.Tests;

public class ProfileTests
{
    [Theory]
    [InlineData("u32", 4, 0, 4, 128)] // neighbouring words: 128 bytes in 4 sectors
    [InlineData("u32", 8, 0, 8, 128)] // every second word
    [InlineData("u32", 128, 0, 32, 128)] // a sector each
    [InlineData("u32", 0, 0, 1, 128)] // all the same
    [InlineData("u32", 4, 4, 5, 128)] // neighbouring words that start inside a sector
    [InlineData("u8", 1, 0, 1, 32)]
    [InlineData("v4.u32", 16, 0, 16, 512)]
    public void Sectors_of_global_memory(string type, int stride, int offset, int sectors, int bytes)
    {
        string target = type.StartsWith("v4") ? "{%r3, %r4, %r5, %r6}" : "%r3";
        using Kernel kernel = Kernel.Of($"""
            ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, {stride}; add.u64 %rd2, %rd1, %rd2;
            mov.u32 %r7, 0;
            LOOP: ld.global.{type} {target}, [%rd2+{offset}]; add.u32 %r7, %r7, 1; setp.lt.u32 %p1, %r7, 3; @%p1 bra LOOP;
            """);
        LaunchProfile profile = kernel.Launch(1, 32, new EmulatorOptions { Profile = true }, kernel.Buffer("x", new byte[8192])).Profile!;

        int load = Enumerable.Range(0, profile.Instructions.Count)
            .Single(i => profile.Instructions[i].Opcode == "ld" && profile.GlobalRequests[i] > 0);
        Assert.Equal((3, 3 * sectors, 3 * bytes), (profile.GlobalRequests[load], profile.GlobalSectors[load], profile.GlobalBytes[load]));
    }

    [Theory]
    [InlineData("u32", 4, 1, 1)]
    [InlineData("u32", 8, 2, 1)]
    [InlineData("u32", 128, 32, 1)]
    [InlineData("u32", 132, 1, 1)]
    [InlineData("u32", 0, 1, 1)]
    [InlineData("u16", 2, 1, 1)]
    [InlineData("u64", 8, 2, 2)]
    [InlineData("v4.u32", 16, 4, 4)]
    [InlineData("v4.u32", 32, 8, 4)]
    public void Bank_conflicts_of_shared_memory(string type, int stride, int passes, int ideal)
    {
        (string target, string value) = type.StartsWith("v4") ? ("{%r3, %r4, %r5, %r6}", "0") : type == "u64" ? ("%rd5", "0")
            : type == "u16" ? ("%rs1", "0") : ("%r3", "0");
        using Kernel kernel = Kernel.Of($"""
            .shared .align 16 .b8 tile[8192];
            mov.u32 %r1, %tid.x; mul.lo.u32 %r2, %r1, {stride}; mov.u32 %r7, tile; add.u32 %r7, %r7, %r2;
            {(type == "u64" ? "mov.u64" : type == "u16" ? "mov.u16" : "mov.u32")} {target.Trim('{').Split(',')[0].TrimEnd('}')}, {value};
            st.shared.{type} [%r7], {target};
            """, 0);
        LaunchProfile profile = kernel.Launch(1, 32, new EmulatorOptions { Profile = true }).Profile!;

        int store = Enumerable.Range(0, profile.Instructions.Count).Single(i => profile.Instructions[i].Opcode == "st");
        Assert.Equal((1, passes, ideal),
            (profile.SharedRequests[store], profile.SharedWavefronts[store], profile.SharedIdealWavefronts[store]));
    }

    [Theory]
    [InlineData("v4.u32", "shr.u32 %r2, %r1, 1; mul.lo.u32 %r2, %r2, 16;", 2, 2)] // pairs of lanes read the same: halves go together
    [InlineData("v4.u32", "shr.u32 %r2, %r1, 2; mul.lo.u32 %r2, %r2, 16;", 1, 1)]
    [InlineData("v4.u32", "mov.u32 %r2, 0;", 1, 1)]
    [InlineData("v4.u32", "shr.u32 %r2, %r1, 1; mul.lo.u32 %r2, %r2, 32;", 4, 2)] // the same with words of half the banks
    [InlineData("v2.u32", "shr.u32 %r2, %r1, 1; mul.lo.u32 %r2, %r2, 8;", 1, 1)]
    [InlineData("v2.u32", "mul.lo.u32 %r2, %r1, 8;", 2, 2)]
    [InlineData("v2.u32", "mul.lo.u32 %r2, %r1, 16;", 4, 2)]
    public void Wide_loads_whose_lanes_share_words_take_fewer_passes(string type, string address, int passes, int ideal)
    {
        using Kernel kernel = Kernel.Of($"""
            .shared .align 16 .b8 tile[8192];
            mov.u32 %r1, %tid.x; {address} mov.u32 %r7, tile; add.u32 %r7, %r7, %r2;
            ld.shared.{type} {(type == "v4.u32" ? "{%r3, %r4, %r5, %r6}" : "{%r3, %r4}")}, [%r7];
            """, 0);
        LaunchProfile profile = kernel.Launch(1, 32, new EmulatorOptions { Profile = true }).Profile!;
        Assert.Equal((passes, ideal), (profile.SharedWavefronts.Sum(), profile.SharedIdealWavefronts.Sum()));
    }

    [Fact]
    public void Lanes_that_a_predicate_or_a_branch_holds_back_are_not_counted()
    {
        using Kernel kernel = Kernel.Of("""
            mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 5;
            @%p1 add.u32 %r2, %r1, 1;
            @%p1 bra IN; bra OUT;
            IN: sub.u32 %r2, %r1, 1;
            OUT: xor.b32 %r2, %r1, 1;
            """, 0);
        LaunchProfile profile = kernel.Launch(2, 64, new EmulatorOptions { Profile = true }).Profile!;

        int Of(string opcode) => Enumerable.Range(0, profile.Instructions.Count).First(i => profile.Instructions[i].Opcode == opcode);
        Assert.Equal((4, 10), (profile.WarpInstructions[Of("add")], profile.ActiveLanes[Of("add")]));
        Assert.Equal((2, 10), (profile.WarpInstructions[Of("sub")], profile.ActiveLanes[Of("sub")]));
        Assert.Equal((4, 128), (profile.WarpInstructions[Of("xor")], profile.ActiveLanes[Of("xor")]));
        Assert.Equal(2, profile.DivergentBranches[Of("bra")]);
        Assert.Equal((2, 64), (profile.Blocks, profile.Threads));
    }

    [Fact]
    public void Counters_do_not_depend_on_the_number_of_workers()
    {
        long[] Sectors(int threads)
        {
            using Kernel kernel = new(Sample.Text("Tiled"));
            EmulatorAllocation c = kernel.Memory.Allocate(4096 * 4, "c");
            EmulatorResult result = kernel.Launch(new Dim3(4, 4), new Dim3(16, 16),
                new EmulatorOptions { Profile = true, Threads = threads },
                kernel.Buffer("a", new float[4096]), 4096L, kernel.Buffer("b", new float[4096]), 4096L, c, 4096L, 64, 64, 64);
            return [.. result.Profile!.GlobalSectors, .. result.Profile.SharedWavefronts, .. result.Profile.ActiveLanes];
        }

        Assert.Equal(Sectors(1), Sectors(3));
    }
}
