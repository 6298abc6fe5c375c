// The queue of a model: one request runs, the others wait, some are too many; closing it ends all of them.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A request that is refused because as many wait as <see cref="ModelOptions.QueueLimit"/> allows: later it may do.</summary>
public sealed class ModelBusyException : HseNetException
{
    /// <summary>Creates the error.</summary>
    /// <param name="limit">How many may wait.</param>
    public ModelBusyException(int limit)
        : base($"{limit} requests wait for the model already: expected at most ModelOptions.QueueLimit, {limit}")
    {
    }
}

/// <summary>Lets one request at a time run on a device.</summary>
/// <param name="owner">What messages call the model.</param>
/// <param name="limit">Requests that wait at most; null for any number.</param>
sealed class RequestQueue(HseNetModel owner, int? limit)
{
    // The queue whose request this thread runs: who is told of its progress is called here.
    [ThreadStatic] static RequestQueue? Running;

    readonly SemaphoreSlim _oneRequest = new(1, 1);
    readonly CancellationTokenSource _closing = new();
    bool _freed;
    int _count;

    /// <summary>Requests that wait at most; null for any number.</summary>
    public int? Limit => limit;

    /// <summary>Requests that run or wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, owner);

    /// <exception cref="InvalidOperationException">The calling thread runs a request of this queue: another one that it waits for would
    /// never begin.</exception>
    public void ThrowIfInside()
    {
        if (Running == this)
            throw new InvalidOperationException("a request waits for another of the same model: from the progress of one, start others "
                + "without waiting for them");
    }

    /// <summary>Runs the work when no other does, watched by whoever listens.</summary>
    /// <param name="operation">One of <see cref="OperationName"/>.</param>
    /// <param name="progress">Told where it stands.</param>
    /// <param name="work">Gets the stages to tell of, and a token that the disposal of the model cancels, too.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ModelBusyException">Too many wait.</exception>
    /// <exception cref="ObjectDisposedException">The queue was closed, before or meanwhile.</exception>
    public async Task<T> Run<T>(string operation, IProgress<ReportProgress>? progress, Func<StageProgress, CancellationToken, T> work,
        CancellationToken cancellation)
    {
        using var trace = OperationTrace.Begin(operation, isRequest: true);
        try
        {
            // The one that runs does not wait.
            if (Interlocked.Increment(ref _count) - 1 > limit)
                throw new ModelBusyException(limit.Value);
            return await Wait(new StageProgress(progress, trace), work, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            trace?.Fail(e);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }

    async Task<T> Wait<T>(StageProgress stages, Func<StageProgress, CancellationToken, T> work, CancellationToken cancellation)
    {
        stages.Begin(ReportStage.Waiting);
        try
        {
            return await EitherToken.Run(cancellation, _closing.Token, async stop =>
            {
                await _oneRequest.WaitAsync(stop).ConfigureAwait(false);
                try
                {
                    ThrowIfClosed();
                    return await OwnThread.Run(() => Work(stop)).ConfigureAwait(false);
                }
                finally
                {
                    _oneRequest.Release();
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (e.CancellationToken == _closing.Token)
        {
            throw new ObjectDisposedException(typeof(HseNetModel).FullName, "the model was disposed while it was used");
        }

        T Work(CancellationToken stop)
        {
            using var launches = Device.CancelLaunchesBy(stop);
            Running = this;
            try
            {
                return work(stages, stop);
            }
            finally
            {
                Running = null; // what awaits the request may go on on this thread
            }
        }
    }

    /// <summary>Cancels what runs and what waits, and frees what they used: once, however often it is called. From within the request that
    /// runs it cannot wait for its end: that frees.</summary>
    public void Close(Action free)
    {
        _closing.Cancel();
        if (Running == this)
        {
            _ = FreeAfterRequest(free);
            return;
        }
        _oneRequest.Wait();
        Free(free);
    }

    /// <summary>The same without blocking the caller while the running request ends.</summary>
    public async ValueTask CloseAsync(Action free)
    {
        if (Running == this)
        {
            Close(free);
            return;
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        await FreeAfterRequest(free).ConfigureAwait(false);
    }

    async Task FreeAfterRequest(Action free)
    {
        await _oneRequest.WaitAsync().ConfigureAwait(false);
        Free(free);
    }

    // Called by whoever has the place of the running request.
    void Free(Action free)
    {
        if (!_freed)
        {
            _freed = true;
            free();
        }
        _oneRequest.Release();
    }
}
