// Kernels as ILGPU compiles them, run with all checks against the same arithmetic in C#.
namespace HSENet.Ptx.Tests;

public class IlgpuKernelTests
{
    static readonly EmulatorOptions Everything = new() { Races = true, Profile = true };

    public static TheoryData<string> Samples => [.. Sample.Names.Where(name => PtxModule.Parse(Sample.Text(name)).Entries.Any())];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_is_decoded_at_every_level(string name)
    {
        using EmulatorModule module = EmulatorModule.Load(Sample.Text(name));
        foreach (EmulatorKernel kernel in module.Kernels.Values)
            foreach (CheckLevel level in Enum.GetValues<CheckLevel>())
                Assert.NotEmpty(kernel.Decoded(level).Blocks);
    }

    [Fact]
    public void Divergent_loops_with_breaks_and_continues()
    {
        const int Limit = 100000;
        using Kernel kernel = new(Sample.Text("Collatz"));
        Random random = new(3);
        int[] x = [.. Enumerable.Range(0, 512).Select(_ => random.Next(1, 3000))];
        EmulatorAllocation y = kernel.Buffer("y", [.. Enumerable.Repeat(-7, 512)]);
        EmulatorResult result = kernel.Launch(2, 256, Everything, kernel.Buffer("x", x), 512L, y, 512L, Limit);

        Assert.Empty(result.Findings);
        Assert.Equal(x.Select(v => Collatz(v, Limit)), Kernel.Values<int>(y));
        Assert.Contains(result.Profile!.DivergentBranches, count => count > 0);
    }

    static int Collatz(int v, int limit)
    {
        int n = 0;
        if (v < 5)
            return -7;
        while (v != 1)
        {
            if ((v & 1) == 0)
                v >>= 1;
            else
            {
                v = 3 * v + 1;
                if (v > limit)
                {
                    n -= 77777;
                    break;
                }
            }
            n++;
            for (int j = 0; j < (v & 3); j++)
            {
                if (j == 2)
                    continue;
                n += j * v;
            }
        }
        return n;
    }

    [Fact]
    public void Indexed_branches_take_each_lane_to_its_case()
    {
        using Kernel kernel = new(Sample.Text("Switch"));
        int[] x = [.. Enumerable.Range(0, 64).Select(i => i * 5 % 8 - 1)];
        for (int kind = 0; kind < 5; kind++)
        {
            EmulatorAllocation buffer = kernel.Buffer("x", x);
            Assert.Empty(kernel.Launch(1, 64, Everything, buffer, 64L, kind).Findings);
            Assert.Equal(x.Select((v, i) => Switch(v, i, kind)), Kernel.Values<int>(buffer));
        }
    }

    static int Switch(int v, int i, int kind)
    {
        v = v switch { 0 => 5, 1 => 9, 2 => v * 3, 3 => v - 1, 4 => v + i, _ => -1 };
        return kind switch { 0 => v + 1, 1 => v - 1, 2 => v << 1, _ => 0 };
    }

    [Fact]
    public void Calls_pass_structs_and_results_in_divergent_code()
    {
        const int Count = 64, N = 5;
        using Kernel kernel = new(Sample.Text("Calls"));
        // A thread adds to its neighbour's element, so every second one takes part.
        float[] x = [.. Enumerable.Range(0, Count + 1).Select(i => i % 3 - 0.5f)];
        float[] v = [.. Enumerable.Range(0, 4 * Count).Select(i => i * 0.25f)];
        EmulatorAllocation xs = kernel.Buffer("x", x), vs = kernel.Buffer("v", v);
        EmulatorResult result = kernel.Launch(1, 1, Everything, xs, Count + 1L, vs, (long)Count, N);

        Assert.Empty(result.Findings);
        float first = Power(x[0], N);
        Assert.Equal([v[0] + first, -v[1] is var b && N > 3 ? b : 0, v[2], v[3]], Kernel.Values<float>(vs)[..4]);
        Assert.Equal(x[1] + N, Kernel.Values<float>(xs)[1]);
        Assert.Equal(0f, Kernel.Values<float>(xs)[0]);
    }

    static float Power(float a, int n)
    {
        float s = a;
        for (int i = 0; i < n; i++)
            s = s * a + 1;
        return s;
    }

    [Fact]
    public void Local_arrays_are_each_threads_own()
    {
        using Kernel kernel = new(Sample.Text("LocalArr"));
        float[] x = [.. Enumerable.Range(0, 8 * 64).Select(i => (float)i)];
        EmulatorAllocation buffer = kernel.Buffer("x", x);
        EmulatorResult result = kernel.Launch(1, 64, Everything, buffer, (long)x.Length, 3);

        Assert.Empty(result.Findings);
        Assert.Equal(x.Select((_, i) => x[i / 8 * 8 + ((i + 3) & 7)]), Kernel.Values<float>(buffer));
        Assert.Contains(result.Profile!.LocalRequests, count => count > 0);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("down")]
    [InlineData("bfly")]
    [InlineData("idx")]
    public void Shuffles_of_all_lanes_and_of_some_agree(string mode)
    {
        foreach ((int b, int c) in new[] { (1, 31), (0, 0), (7, 0x1807), (16, 31), (3, 0x181f), (5, 0x1003), (31, 0x0f1f) })
        {
            // The values are the lanes; the second kernel's b differs by lane in a bit that does not count.
            uint[] Shuffle(string varied)
            {
                using Kernel kernel = Kernel.Of($"""
                    ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 8; add.u64 %rd2, %rd1, %rd2;
                    mov.u32 %r3, {b}; {varied}
                    shfl.sync.{mode}.b32 %r2|%p1, %r1, %r3, {c}, 0xffffffff;
                    selp.u32 %r4, 1, 0, %p1; st.global.v2.u32 [%rd2], {"{%r2, %r4}"};
                    """);
                EmulatorAllocation x = kernel.Memory.Allocate(256, "x");
                Assert.Empty(kernel.Launch(1, 32, Everything, x).Findings);
                return Kernel.Values<uint>(x);
            }

            Assert.Equal(Shuffle("shl.b32 %r5, %r1, 5; or.b32 %r3, %r3, %r5;"), Shuffle(""));
        }
    }

    [Fact]
    public void A_kernel_that_never_ends_is_given_up()
    {
        using Kernel kernel = Kernel.Of("LOOP: add.u32 %r1, %r1, 1; bra LOOP;", 0);
        EmulatorException failure = Assert.Throws<EmulatorException>(() =>
            kernel.Launch(1, 32, new EmulatorOptions { MaxInstructions = 100_000 }));

        Assert.Contains("k does not end within 100000 instructions of warps: block (0, 0, 0) thread (0, 0, 0) at line 13", failure.Message);
    }

    [Fact]
    public void Warps_may_wait_for_each_other_in_loops()
    {
        using Kernel kernel = Kernel.Of("""
            .shared .align 4 .b8 flag[4];
            mov.u32 %r1, %tid.x; setp.eq.u32 %p1, %r1, 0; @%p1 st.shared.u32 [flag], 0;
            bar.sync 0;
            setp.eq.u32 %p1, %r1, 63; @%p1 atom.shared.exch.b32 %r2, [flag], 1;
            setp.gt.u32 %p1, %r1, 31; @%p1 bra OUT;
            WAIT: atom.shared.add.u32 %r2, [flag], 0; setp.eq.u32 %p1, %r2, 0; @%p1 bra WAIT;
            OUT:
            """, 0);
        Assert.Empty(kernel.Launch(1, 64, Everything).Findings);
    }
}
