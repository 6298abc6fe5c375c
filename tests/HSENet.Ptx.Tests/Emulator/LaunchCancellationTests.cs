// A launch that would go on for hours ends when it is told to, and the memory can be used as before.
namespace HSENet.Ptx.Tests;

public class LaunchCancellationTests
{
    // Each thread counts, and writes how far it came.
    const string Counting = """
        ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1];
        mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mad.lo.u32 %r4, %r2, %r3, %r1;
        mul.wide.u32 %rd3, %r4, 8; add.u64 %rd4, %rd1, %rd3; mov.u64 %rd5, 0;
        MORE:
        add.u64 %rd5, %rd5, 1; st.global.u64 [%rd4], %rd5;
        setp.lt.u64 %p1, %rd5, %rd2; @%p1 bra MORE;
        """;

    [Theory, InlineData(false, false), InlineData(true, false), InlineData(false, true), InlineData(true, true)]
    public void Ends_in_the_middle_and_leaves_nothing_behind(bool races, bool cooperative)
    {
        using Kernel kernel = Kernel.Of(Counting, parameters: 2);
        EmulatorAllocation counts = kernel.Buffer("counts", new ulong[256]);
        using CancellationTokenSource stop = new();
        EmulatorOptions options = new() { Races = races, Cooperative = cooperative, Profile = true };
        var error = Assert.Throws<OperationCanceledException>(() => kernel.Launch(4, 64,
            options with { Observer = new Stops(stop), Cancellation = stop.Token }, counts, ulong.MaxValue));
        Assert.Equal(stop.Token, error.CancellationToken);
        EmulatorResult result = kernel.Launch(4, 64, options, counts, 3UL);
        Assert.Empty(result.Findings);
        Assert.All(Kernel.Values<ulong>(counts), count => Assert.Equal(3UL, count));
    }

    [Fact]
    public void Ends_on_several_threads()
    {
        using Kernel kernel = Kernel.Of(Counting, parameters: 2);
        EmulatorAllocation counts = kernel.Buffer("counts", new ulong[64 * 64]);
        // Known to be long, so that the blocks are handed to several threads.
        kernel.Launch(64, 64, new EmulatorOptions { Threads = 3 }, counts, 2_000UL);
        using CancellationTokenSource stop = new();
        Task launch = Task.Run(() =>
            kernel.Launch(64, 64, new EmulatorOptions { Threads = 3, Cancellation = stop.Token }, counts, ulong.MaxValue));
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => launch.GetAwaiter().GetResult());
    }

    sealed class Stops(CancellationTokenSource stop) : IExecutionObserver
    {
        int _blocks;

        public void Block(Warp warp, int block, uint mask)
        {
            if (++_blocks == 20)
                stop.Cancel();
        }

        public void Ending(int block, uint mask, uint taken)
        {
        }

        public void Access(int statement, PtxSpace space, ReadOnlySpan<ulong> addresses, long offset, uint mask, uint bytes)
        {
        }
    }
}
