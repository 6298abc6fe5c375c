// The pool of the host device: each item once, exceptions reach the caller, several devices and callers at once.
namespace HSENet.Kernels.Tests;

public sealed class WorkerPoolTests
{
    readonly struct CountItems(int[] runs, int[] byWorker) : IHostWork
    {
        public void Run(int index, int worker)
        {
            Interlocked.Increment(ref runs[index]);
            Interlocked.Increment(ref byWorker[worker]);
        }
    }

    readonly struct Throwing(int at) : IHostWork
    {
        public void Run(int index, int worker)
        {
            if (index == at)
                throw new InvalidOperationException("item failed");
        }
    }

    readonly struct Sleeping(int[] runs) : IHostWork
    {
        public void Run(int index, int worker)
        {
            Thread.Sleep(2);
            Interlocked.Increment(ref runs[index]);
        }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(7)]
    public void Every_item_runs_once_on_a_thread_of_the_pool(int threads)
    {
        using var device = new HostDevice(threads);
        var byWorker = new int[threads];
        int total = 0;
        for (int round = 0; round < 2000; round++)
        {
            int count = round % 23;
            var runs = new int[count];
            device.For(count, new CountItems(runs, byWorker));
            Assert.All(runs, run => Assert.Equal(1, run));
            total += count;
            if (round % 500 == 0)
                Thread.Sleep(1); // the workers fall asleep
        }
        Assert.Equal(total, byWorker.Sum());
    }

    [Fact]
    public void Waits_for_items_that_take_long()
    {
        using var device = new HostDevice(3);
        var runs = new int[9];
        device.For(runs.Length, new Sleeping(runs));
        Assert.All(runs, run => Assert.Equal(1, run));
    }

    [Fact]
    public void An_exception_of_an_item_reaches_the_caller_and_the_pool_goes_on()
    {
        using var device = new HostDevice(4);
        for (int round = 0; round < 100; round++)
        {
            Assert.Throws<InvalidOperationException>(() => device.For(50, new Throwing(round % 50)));
            var runs = new int[20];
            device.For(runs.Length, new CountItems(runs, new int[4]));
            Assert.All(runs, run => Assert.Equal(1, run));
        }
    }

    [Fact]
    public void Several_devices_and_callers_work_at_once()
    {
        using HostDevice first = new(3), second = new(2);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, caller =>
        {
            var device = caller % 2 == 0 ? first : second;
            for (int round = 0; round < 300; round++)
            {
                var runs = new int[17];
                device.For(runs.Length, new CountItems(runs, new int[3]));
                Assert.All(runs, run => Assert.Equal(1, run));
            }
        });
    }

    [Fact]
    public void A_launch_allocates_nothing()
    {
        using var device = new HostDevice(2);
        int[] runs = new int[8], byWorker = new int[2];
        device.For(8, new CountItems(runs, byWorker));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 100; round++)
            device.For(8, new CountItems(runs, byWorker));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
