// Threads that open, report, cancel and dispose at random: typed errors, right answers, and no native memory that stays.
using System.Runtime.InteropServices;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

// The native heap is the process's: other tests must not use it meanwhile.
[CollectionDefinition(nameof(RandomLifetimeTests), DisableParallelization = true)]
[Collection(nameof(RandomLifetimeTests))]
public sealed partial class RandomLifetimeTests
{
    static readonly string Demo = LifetimeTests.Demo;

    [Fact]
    public async Task Threads_that_open_report_cancel_and_dispose_at_random_meet_typed_errors_only_and_leave_no_memory()
    {
        int[] whole;
        using (var device = new HostDevice(1))
        using (var model = HseNetModel.Open(Demo, device))
        using (var study = LifetimeTests.Study())
            whole = [.. model.Report(study).Complete().Ids];
        // The first run brings what is kept for the process's life.
        await Run(TimeSpan.FromSeconds(GoldenFolder.LongChecks ? 10 : 2), whole);
        long before = NativeBytes();
        int reports = await Run(TimeSpan.FromSeconds(GoldenFolder.LongChecks ? 60 : 2), whole);
        long left = NativeBytes() - before;
        // A report's working memory is some megabytes, a scan and its volume one.
        Assert.True(left < 4 << 20, $"{left:N0} bytes are left after {reports} reports");
    }

    static async Task<int> Run(TimeSpan time, int[] whole)
    {
        var end = DateTime.UtcNow + time;
        int reports = 0;
        var device0 = new HostDevice(2);
        var shared = HseNetModel.Open(Demo, device0);
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            var random = new Random(thread);
            while (DateTime.UtcNow < end)
            {
                try
                {
                    HseNetModel model;
                    lock (gate)
                        model = shared;
                    using var study = LifetimeTests.Study();
                    using var cancel = new CancellationTokenSource(random.Next(4) == 0 ? random.Next(30) : 60_000);
                    using var encoded = random.Next(3) == 0 ? await model.EncodeAsync(study, null, cancel.Token) : null;
                    var report = encoded?.Report(cancellation: cancel.Token) ?? model.Report(study, cancellation: cancel.Token);
                    if (encoded is not null && random.Next(5) == 0)
                        _ = Task.Run(encoded.Dispose);
                    if (random.Next(5) == 0)
                        _ = Task.Run(study.Dispose);
                    Assert.Equal(whole, report.Complete().Ids);
                    Interlocked.Increment(ref reports);
                }
                catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
                {
                }
                if (random.Next(8) == 0)
                    lock (gate)
                    {
                        IDisposable[] gone = random.Next(2) == 0 ? [shared, device0] : [device0, shared];
                        foreach (var each in gone)
                            each.Dispose();
                        device0 = new HostDevice(2);
                        shared = HseNetModel.Open(Demo, device0);
                    }
            }
        })));
        shared.Dispose();
        device0.Dispose();
        return reports;
    }

    /// <summary>Bytes of the native heap that are in use, once nothing waits for a finalizer; 0 where the system does not say.</summary>
    static long NativeBytes()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        if (!OperatingSystem.IsLinux())
            return 0;
        try
        {
            var heap = MallInfo2();
            return (long)(heap.InUse + heap.Mapped);
        }
        catch (EntryPointNotFoundException)
        {
            return 0; // another C library
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial HeapFacts MallInfo2();

    // struct mallinfo2 of glibc.
    readonly record struct HeapFacts(nuint Arena, nuint FreeChunks, nuint FastChunks, nuint MappedChunks, nuint Mapped, nuint Unused,
        nuint FastFree, nuint InUse, nuint Free, nuint Releasable);
}
