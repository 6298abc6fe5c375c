// Encoded studies under keys: encoded once however many ask, kept while there is room, freed when nobody uses them any more.
using System.Diagnostics;
using HSENet.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HSENet.Extensions;

/// <summary>
/// Keeps encoded studies for further questions, at most <see cref="Capacity"/> beside those that are in use: the one that was used least
/// recently is given up. Requests for a study that is being encoded wait for that encoding; it is cancelled when none of them waits any
/// more. Safe to use from several threads.
/// </summary>
public sealed class StudyStore : IDisposable
{
    // One is encoded while the next is read: more would only hold voxels.
    const int ScansInMemory = 2;

    readonly HseNetModel _model;
    readonly ILogger _logger;
    readonly Lock _gate = new();
    readonly Dictionary<string, KeptStudy> _studies = [];
    readonly SemaphoreSlim _scans = new(ScansInMemory);
    long _uses;
    int _encoding;
    bool _disposed;

    /// <summary>An empty store.</summary>
    /// <param name="model">What encodes; stays the caller's.</param>
    /// <param name="capacity">Studies that are kept at most.</param>
    /// <param name="logger">Told what is encoded and given up.</param>
    public StudyStore(HseNetModel model, int capacity, ILogger<StudyStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_model, Capacity, _logger) = (model, capacity, logger ?? NullLogger<StudyStore>.Instance);
    }

    /// <summary>Studies that are kept at most.</summary>
    public int Capacity { get; }

    /// <summary>Studies that are kept or being encoded now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _studies.Count;
        }
    }

    /// <summary>The study of a key; encodes it if it is not kept.</summary>
    /// <param name="key">What it is kept under; the caller says when two studies are the same.</param>
    /// <param name="open">Opens the scan; called by one of those that ask for the key, when at most one other scan is in memory: others
    /// wait meanwhile, so an upload should have come before. The scan is disposed once it is encoded.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The study, which is kept at least until this is disposed.</returns>
    /// <exception cref="HseNetException">The scan cannot be used; as <see cref="HseNetModel.Encode"/>.</exception>
    /// <exception cref="ModelBusyException">Too many other studies wait to be encoded.</exception>
    /// <exception cref="ObjectDisposedException">Store or model was disposed.</exception>
    public Task<StudyLease> GetOrEncodeAsync(string key, Func<CancellationToken, Task<CtStudy>> open,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(open);
        return GetOrMakeAsync(key, async stop =>
        {
            using var scan = await open(stop).ConfigureAwait(false);
            return await _model.EncodeAsync(scan, cancellation: stop).ConfigureAwait(false);
        }, cancellation);
    }

    /// <summary>The study of a key; calls what encodes it if it is not kept.</summary>
    internal async Task<StudyLease> GetOrMakeAsync(string key, Func<CancellationToken, Task<EncodedStudy>> encode,
        CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        KeptStudy kept;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_studies.TryGetValue(key, out KeptStudy? found) || found.HasFailed)
            {
                if (_encoding > _model.QueueLimit)
                    throw new ModelBusyException(_model.QueueLimit.Value);
                found?.IsOut = true; // those who wait for it are still told
                _encoding++;
                _studies[key] = found = new KeptStudy(key, stop => Make(encode, stop));
            }
            Take(kept = found);
        }
        try
        {
            return new StudyLease(await kept.Study.WaitAsync(cancellation).ConfigureAwait(false), () => Release(kept));
        }
        catch
        {
            Release(kept);
            throw;
        }
    }

    /// <summary>The study of a key, if it is kept.</summary>
    /// <param name="key">What it is kept under.</param>
    /// <returns>The study, which is kept at least until this is disposed; null where there is none, or it is still being encoded.</returns>
    public StudyLease? Find(string key)
    {
        lock (_gate)
        {
            if (!_studies.TryGetValue(key, out var kept) || !kept.Study.IsCompletedSuccessfully)
                return null;
            Take(kept);
            return new StudyLease(kept.Study.Result, () => Release(kept));
        }
    }

    /// <summary>Keeps a study no more: it is freed when nobody uses it.</summary>
    /// <param name="key">What it was kept under.</param>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string key)
    {
        lock (_gate)
        {
            if (!_studies.Remove(key, out var kept))
                return false;
            kept.IsOut = true;
            FreeUnused(kept);
            return true;
        }
    }

    /// <summary>Frees all studies, those in use as soon as they are not.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (string key in _studies.Keys.ToArray())
                Remove(key);
        }
    }

    async Task<EncodedStudy> Make(Func<CancellationToken, Task<EncodedStudy>> encode, CancellationToken stop)
    {
        try
        {
            await _scans.WaitAsync(stop).ConfigureAwait(false);
            try
            {
                var clock = Stopwatch.StartNew();
                var encoded = await encode(stop).ConfigureAwait(false);
                foreach (string note in encoded.Notes)
                    Log.Note(_logger, note);
                Log.Encoded(_logger, clock.Elapsed.TotalSeconds, Count, Capacity);
                return encoded;
            }
            finally
            {
                _scans.Release();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotEncoded(_logger, e.GetType().Name);
            throw;
        }
        finally
        {
            lock (_gate)
                _encoding--;
        }
    }

    // Under the lock, as all below.
    void Take(KeptStudy kept)
    {
        kept.Users++;
        kept.LastUse = ++_uses;
    }

    void Release(KeptStudy kept)
    {
        lock (_gate)
        {
            kept.Users--;
            // What nobody waits for any more is not encoded to its end, and what failed is not kept.
            if (kept.Users == 0 && !kept.Study.IsCompletedSuccessfully && !kept.IsOut)
            {
                _studies.Remove(kept.Key);
                kept.IsOut = true;
            }
            FreeUnused(kept);
            while (_studies.Count > Capacity
                && _studies.Values.Where(other => other.Users == 0).MinBy(other => other.LastUse) is { } oldest)
            {
                Remove(oldest.Key);
                Log.GivenUp(_logger, _studies.Count, Capacity);
            }
        }
    }

    static void FreeUnused(KeptStudy kept)
    {
        if (kept is { IsOut: true, Users: 0 })
            kept.Free();
    }
}

/// <summary>The use of a kept study: while it is not disposed, the study is not freed.</summary>
public sealed class StudyLease : IDisposable
{
    readonly Action _end;
    int _ended;

    internal StudyLease(EncodedStudy study, Action end) => (Study, _end) = (study, end);

    /// <summary>The study; the store disposes it.</summary>
    public EncodedStudy Study { get; }

    /// <summary>Ends the use.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _end();
    }
}

/// <summary>A study of the store; its fields are changed under the store's lock.</summary>
sealed class KeptStudy
{
    readonly CancellationTokenSource _stop = new();

    public KeptStudy(string key, Func<CancellationToken, Task<EncodedStudy>> encode)
    {
        Key = key;
        var stop = _stop.Token;
        Study = Task.Run(() => encode(stop), CancellationToken.None);
    }

    public string Key { get; }

    public Task<EncodedStudy> Study { get; }

    public int Users { get; set; }

    public long LastUse { get; set; }

    /// <summary>Whether the store has it no more.</summary>
    public bool IsOut { get; set; }

    public bool HasFailed => Study.IsFaulted || Study.IsCanceled;

    /// <summary>Cancels the encoding, or frees what came of it, now or when it comes.</summary>
    public void Free()
    {
        // Not on this thread, which has the store's lock.
        _ = _stop.CancelAsync();
        Study.ContinueWith(static study =>
        {
            if (study.IsCompletedSuccessfully)
                study.Result.Dispose();
            else
                _ = study.Exception; // was told to those who waited
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
