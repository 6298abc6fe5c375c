// Studies that are kept: encoded once, given up in order, never freed under a reader.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Extensions.Tests;

public sealed class StudyStoreTests(DemoModel demo) : IClassFixture<DemoModel>
{
    static readonly ReportOptions Short = new() { MaxTokens = 3 };

    static Task<CtStudy> Open(int seed = 0) => Task.FromResult(DemoModel.Scan(seed));

    static void AssertFreed(EncodedStudy study) => Assert.Throws<ObjectDisposedException>(() => study.Bytes);

    [Fact]
    public async Task Many_that_ask_at_once_get_one_encoding()
    {
        var log = new Logged<StudyStore>();
        using var store = new StudyStore(demo.Model, 2, log);
        int opened = 0;
        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => store.GetOrEncodeAsync("one", async stop =>
        {
            Interlocked.Increment(ref opened);
            await Task.Delay(50, stop);
            return DemoModel.Scan();
        }))));
        Assert.Equal(1, opened);
        Assert.Equal(1, log.Count(3));
        Assert.Single(leases.Select(lease => lease.Study).Distinct());
        using var again = await store.GetOrEncodeAsync("one", _ => throw new InvalidOperationException("it is kept"));
        Assert.Same(leases[0].Study, again.Study);
        using var alone = demo.Model.Encode(DemoModel.Scan());
        Assert.Equal(alone.Report(Short).Complete().Ids, again.Study.Report(Short).Complete().Ids);
        foreach (var lease in leases)
            lease.Dispose();
    }

    [Fact]
    public async Task The_one_that_was_used_least_recently_is_given_up()
    {
        using var store = new StudyStore(demo.Model, 2);
        var studies = new List<EncodedStudy>();
        foreach (string key in (string[])["a", "b", "a", "c"])
        {
            using var lease = await store.GetOrEncodeAsync(key, _ => Open());
            studies.Add(lease.Study);
        }
        Assert.Equal(2, store.Count);
        Assert.Null(store.Find("b"));
        AssertFreed(studies[1]);
        using var a = store.Find("a");
        Assert.Same(studies[0], a?.Study);
        Assert.True(studies[0].Bytes > 0);
        using var c = store.Find("c");
        Assert.Same(studies[3], c?.Study);
    }

    [Fact]
    public async Task What_is_in_use_is_not_freed_by_removal_nor_by_others_nor_by_the_store()
    {
        var store = new StudyStore(demo.Model, 1);
        var removed = await store.GetOrEncodeAsync("removed", _ => Open());
        Assert.True(store.Remove("removed"));
        Assert.False(store.Remove("removed"));
        Assert.Null(store.Find("removed"));
        var one = await store.GetOrEncodeAsync("one", _ => Open());
        var two = await store.GetOrEncodeAsync("two", _ => Open(1));
        // Both are in use: the store holds more than it may for as long as that lasts.
        Assert.Equal(2, store.Count);
        two.Dispose();
        Assert.Equal(1, store.Count);
        AssertFreed(two.Study);
        store.Dispose();
        Assert.Equal(3, removed.Study.Report(Short).Complete().Ids.Count);
        Assert.Equal(3, one.Study.Report(Short).Complete().Ids.Count);
        removed.Dispose();
        removed.Dispose();
        one.Dispose();
        AssertFreed(removed.Study);
        AssertFreed(one.Study);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.GetOrEncodeAsync("three", _ => Open()));
    }

    [Fact]
    public async Task A_failure_is_told_to_all_that_wait_and_not_kept()
    {
        var log = new Logged<StudyStore>();
        using var store = new StudyStore(demo.Model, 2, log);
        using var go = new ManualResetEventSlim();
        Task<StudyLease>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => store.GetOrEncodeAsync("bad", stop => Task.Run(CtStudy () =>
        {
            go.Wait(stop);
            throw new HseNetException("bad: is no scan");
        }, stop)))];
        go.Set();
        foreach (var one in waiting)
            Assert.Equal("bad: is no scan", (await Assert.ThrowsAsync<HseNetException>(() => one)).Message);
        Assert.Equal(0, store.Count);
        Assert.Equal((1, "A study was not encoded: HseNetException"), (log.Count(4), log.Lines.Single().Text));
        using var good = await store.GetOrEncodeAsync("bad", _ => Open());
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public async Task Who_gives_up_ends_the_encoding_only_if_nobody_else_waits()
    {
        using var store = new StudyStore(demo.Model, 2);
        using var go = new SemaphoreSlim(0);
        TaskCompletionSource began = new(), stopped = new();
        async Task<CtStudy> Slow(CancellationToken stop)
        {
            stop.Register(stopped.SetResult);
            began.SetResult();
            await go.WaitAsync(stop);
            return DemoModel.Scan();
        }
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var one = store.GetOrEncodeAsync("slow", Slow, first.Token);
        var two = store.GetOrEncodeAsync("slow", Slow, second.Token);
        await began.Task;
        Assert.Null(store.Find("slow"));
        first.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.False(stopped.Task.IsCompleted);
        Assert.Equal(1, store.Count);
        second.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, store.Count);
    }

    [Fact]
    public async Task More_than_may_wait_are_refused_and_two_scans_at_most_are_in_memory()
    {
        using var device = new HostDevice(2);
        using var model = DemoModel.Open(device, queueLimit: 2);
        using var store = new StudyStore(model, 8);
        using var go = new SemaphoreSlim(0);
        int open = 0, most = 0;
        async Task<CtStudy> Held(CancellationToken stop)
        {
            most = Math.Max(most, Interlocked.Increment(ref open));
            await go.WaitAsync(stop);
            Interlocked.Decrement(ref open);
            return DemoModel.Scan();
        }
        Task<StudyLease>[] waiting = [.. Enumerable.Range(0, 3).Select(i => store.GetOrEncodeAsync($"{i}", Held))];
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref open) == 2, 10_000));
        await Assert.ThrowsAsync<ModelBusyException>(() => store.GetOrEncodeAsync("one more", Held));
        go.Release(3);
        foreach (var lease in await Task.WhenAll(waiting))
            lease.Dispose();
        Assert.Equal(2, most);
        using var later = await store.GetOrEncodeAsync("one more", _ => Open());
        Assert.Equal(4, store.Count);
    }

    [Fact]
    public async Task Many_threads_at_random_always_get_the_study_that_they_asked_for()
    {
        using var store = new StudyStore(demo.Model, 2);
        long[] expected = [.. Enumerable.Range(0, 4).Select(seed => Hash(demo.Model, seed))];
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        int right = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            var random = new Random(thread);
            while (!end.IsCancellationRequested)
            {
                int seed = random.Next(4);
                using var stop = new CancellationTokenSource();
                if (random.Next(4) == 0)
                    stop.CancelAfter(random.Next(40));
                try
                {
                    using var lease = await store.GetOrEncodeAsync($"{seed}", _ => Open(seed), stop.Token);
                    if (random.Next(6) == 0)
                        store.Remove($"{seed}");
                    var report = await lease.Study.Report(new ReportOptions { MaxTokens = 2, Logits = true }).CompleteAsync();
                    Assert.Equal(expected[seed], Sum(report));
                    Interlocked.Increment(ref right);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                }
            }
        })));
        Assert.True(right > 8, $"{right} answers");
        Assert.InRange(store.Count, 0, 2);
    }

    static long Hash(HseNetModel model, int seed)
    {
        using var scan = DemoModel.Scan(seed);
        using var encoded = model.Encode(scan);
        return Sum(encoded.Report(new ReportOptions { MaxTokens = 2, Logits = true }).Complete());
    }

    // Of what the model saw: answers of few tokens are alike.
    static long Sum(ReportResult result)
    {
        var hash = new HashCode();
        foreach (var logits in result.Logits!)
            foreach (float logit in logits.Span)
                hash.Add(logit);
        return hash.ToHashCode();
    }
}
