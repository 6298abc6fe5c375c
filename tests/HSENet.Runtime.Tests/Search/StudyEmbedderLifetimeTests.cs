// An embedder while a request runs: who waits for it is cancelled at once, and its disposal ends what runs and what waits.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class StudyEmbedderLifetimeTests : IDisposable
{
    const string Text = "No nodule.";

    readonly Held _held = new();
    readonly HostDevice _device;
    readonly StudyEmbedder _embedder;

    public StudyEmbedderLifetimeTests()
    {
        _device = new HostDevice(1) { Observer = _held };
        _embedder = StudyEmbedder.Open(GoldenFolder.Toy, _device);
    }

    [Fact]
    public async Task A_request_that_waits_for_another_is_cancelled_before_that_ends()
    {
        var running = Task.Run(() => _embedder.Embed(Text));
        _held.Began.Wait();
        using var stop = new CancellationTokenSource();
        var waiting = Task.Run(() => _embedder.Embed(Text, stop.Token));
        await stop.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.False(running.IsCompleted);
        _held.GoOn.Set();
        Assert.Equal(await running, _embedder.Embed(Text));
    }

    [Fact]
    public async Task Its_disposal_ends_the_request_that_runs_and_those_that_wait()
    {
        var running = Task.Run(() => _embedder.Embed(Text));
        _held.Began.Wait();
        var waiting = Task.Run(() => _embedder.Embed(Text));
        _embedder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        _held.GoOn.Set();
        Assert.Equal(typeof(StudyEmbedder).FullName, (await Assert.ThrowsAsync<ObjectDisposedException>(() => running)).ObjectName);
        Assert.Throws<ObjectDisposedException>(() => _embedder.Embed(Text));
    }

    public void Dispose()
    {
        _held.GoOn.Set();
        _embedder.Dispose();
        _device.Dispose();
        _held.Dispose();
    }

    // The first launch stands still until it may go on.
    sealed class Held : ILaunchObserver, IDisposable
    {
        public ManualResetEventSlim Began { get; } = new();

        public ManualResetEventSlim GoOn { get; } = new();

        public void Launching(Rung rung, object arguments)
        {
            Began.Set();
            GoOn.Wait();
        }

        public void Launched(Rung rung)
        {
        }

        public void Dispose()
        {
            Began.Dispose();
            GoOn.Dispose();
        }
    }
}
