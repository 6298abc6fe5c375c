// Prepares samples in the background, a few ahead of the device, in an order that does not depend on which is ready first.
using System.Diagnostics;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A batch that is ready.</summary>
/// <param name="Number">Its number in the run.</param>
/// <param name="Epoch">The pass over the samples that it belongs to.</param>
/// <param name="Examples">Its samples; fewer when some were skipped.</param>
/// <param name="Skipped">Why samples are missing, one line for each.</param>
sealed record LoadedBatch(long Number, long Epoch, IReadOnlyList<TrainingExample> Examples, IReadOnlyList<string> Skipped);

/// <summary>Loads the batches of one list of rows.</summary>
sealed class SampleLoader : IDisposable
{
    readonly record struct Result(TrainingExample? Example, string? Problem);

    readonly string _manifest;
    readonly IReadOnlyList<ManifestRow> _rows;
    readonly Func<ManifestRow, SamplePlace, CancellationToken, TrainingExample> _prepare;
    readonly bool _skipBad;
    readonly SemaphoreSlim _workers;
    readonly int _ahead;
    readonly Stopwatch _wait = new();

    /// <summary>Creates a loader.</summary>
    /// <param name="manifest">File that lists the rows, in messages.</param>
    /// <param name="rows">The samples.</param>
    /// <param name="prepare">Makes one; called by <paramref name="workers"/> threads at a time.</param>
    /// <param name="workers">Samples prepared at a time.</param>
    /// <param name="ahead">Samples prepared before they are asked for.</param>
    /// <param name="skipBad">Whether a sample that cannot be used is left out.</param>
    public SampleLoader(string manifest, IReadOnlyList<ManifestRow> rows,
        Func<ManifestRow, SamplePlace, CancellationToken, TrainingExample> prepare, int workers, int ahead, bool skipBad) =>
        (_manifest, _rows, _prepare, _ahead, _skipBad, _workers) = (manifest, rows, prepare, ahead, skipBad, new SemaphoreSlim(workers));

    /// <summary>How long the caller waited for samples so far.</summary>
    public TimeSpan Wait => _wait.Elapsed;

    /// <summary>The batches from a number on, without end.</summary>
    /// <exception cref="HseNetException">A sample cannot be used; the message names its line.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerable<LoadedBatch> From(long number, SampleOrder order, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pending = new Queue<(long Number, long Epoch, Task<Result>[] Samples)>();
        int ahead = 0;
        try
        {
            for (long next = number; ;)
            {
                while (pending.Count == 0 || ahead < _ahead)
                {
                    SamplePlace[] places = order.At(next);
                    pending.Enqueue((next++, places[0].Epoch, [.. places.Select(place => Start(place, stop.Token))]));
                    ahead += places.Length;
                }
                var (first, epoch, samples) = pending.Dequeue();
                ahead -= samples.Length;
                _wait.Start();
                Result[] results;
                try
                {
                    results = Task.WhenAll(samples).GetAwaiter().GetResult();
                }
                finally
                {
                    _wait.Stop();
                }
                yield return new LoadedBatch(first, epoch,
                    [.. results.Where(result => result.Example is not null).Select(result => result.Example!)],
                    [.. results.Where(result => result.Problem is not null).Select(result => result.Problem!)]);
            }
        }
        finally
        {
            stop.Cancel();
            // No worker may touch what the caller disposes next.
            Task.WhenAll(pending.SelectMany(batch => batch.Samples)).ContinueWith(_ => { }, TaskScheduler.Default)
                .Wait(CancellationToken.None);
        }
    }

    async Task<Result> Start(SamplePlace place, CancellationToken cancellation)
    {
        await _workers.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Load(place, cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            _workers.Release();
        }
    }

    Result Load(SamplePlace place, CancellationToken cancellation)
    {
        ManifestRow row = _rows[place.Row];
        try
        {
            return new Result(_prepare(row, place, cancellation), null);
        }
        catch (Exception e) when (e.IsOfOneItem())
        {
            var named = e is HseNetFileException file
                ? new HseNetFileException(_manifest, $"line {row.Line} cannot be used: {file.File}: {file.Problem}", file.Expected, e)
                : new HseNetException($"{_manifest}: line {row.Line} cannot be used: {e.Message}", e);
            return _skipBad ? new Result(null, named.Message) : throw named;
        }
    }

    public void Dispose() => _workers.Dispose();
}
