// Launches hear a cancellation between and, on the host, inside operations; a device that heard one goes on working.
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public class CancellationTests
{
    const int Items = 10_000;

    [Theory, InlineData(1), InlineData(3)]
    public void Work_on_the_host_ends_between_two_items(int threads)
    {
        using var device = new HostDevice(threads);
        using var cancel = new CancellationTokenSource();
        int[] run = [0];
        using (Device.CancelLaunchesBy(cancel.Token))
            Assert.ThrowsAny<OperationCanceledException>(() => device.For(Items, new CancelsItself(run, cancel)));
        Assert.InRange(run[0], 10, Items / 2);
        run[0] = 0;
        device.For(Items, new CancelsItself(run, cancel));
        Assert.Equal(Items, run[0]);
    }

    [Fact]
    public void A_launch_is_not_started_and_other_threads_are_left_alone()
    {
        using var device = new HostDevice(2);
        using var memory = device.Allocate(64, "x");
        var x = memory.View<float>(0, 16);
        var launch = () => Gelu.Forward(device, new GeluArguments { X = x, Y = x, Count = 16 });
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        using (Device.CancelLaunchesBy(cancelled.Token))
        {
            Assert.ThrowsAny<OperationCanceledException>(launch);
            var other = new Thread(() => launch());
            other.Start();
            other.Join();
        }
        launch();
    }

    [Fact]
    public void A_launch_in_the_emulator_ends_in_its_midst()
    {
        using var cancel = new CancellationTokenSource();
        var stops = new StopsAtAccess(cancel);
        using var device = new EmulatorDevice(new EmulatorOptions { Profile = true, Observer = stops });
        using var memory = device.Allocate(1 << 16, "x");
        var x = memory.View<float>(0, 1 << 14);
        device.Clear(memory.Bytes);
        var launch = () => Gelu.Forward(device, new GeluArguments { X = x, Y = x, Count = 1 << 14 });
        using (Device.CancelLaunchesBy(cancel.Token))
            Assert.Equal(cancel.Token, Assert.Throws<OperationCanceledException>(launch).CancellationToken);
        int seen = stops.Accesses;
        launch();
        Assert.InRange(stops.Accesses - seen, 2 * seen, int.MaxValue);
    }

    sealed class StopsAtAccess(CancellationTokenSource cancel) : IExecutionObserver
    {
        public int Accesses { get; private set; }

        public void Block(Warp warp, int block, uint mask)
        {
        }

        public void Ending(int block, uint mask, uint taken)
        {
        }

        public void Access(int statement, PtxSpace space, ReadOnlySpan<ulong> addresses, long offset, uint mask, uint bytes)
        {
            if (++Accesses == 3)
                cancel.Cancel();
        }
    }

    readonly struct CancelsItself(int[] run, CancellationTokenSource cancel) : IHostWork
    {
        public void Run(int index, int worker)
        {
            if (Interlocked.Increment(ref run[0]) == 10)
                cancel.Cancel();
        }
    }
}
