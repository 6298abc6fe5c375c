// A report while it is generated: pieces of text for whoever reads it, the whole result at the end.
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace HSENet.Runtime;

/// <summary>
/// Pieces of a report's text in order; put together they are <see cref="ReportResult.Text"/>. Generation starts at the first enumeration
/// and runs beside the reader; it can be enumerated once. A reader that stops early ends the generation.
/// </summary>
/// <remarks><c>foreach</c> and <c>await foreach</c> both work. Only one of the two interfaces is implemented: with both, every LINQ method
/// would be ambiguous (CS0121); <see cref="AsAsyncEnumerable"/> gives the other.</remarks>
public sealed class ReportStream : IEnumerable<string>
{
    readonly Func<Action<string>, CancellationToken, Task<ReportResult>> _generate;
    readonly CancellationToken _cancellation;
    readonly Action _beforeWaiting;
    ReportResult? _result;
    int _started;

    internal ReportStream(Func<Action<string>, CancellationToken, Task<ReportResult>> generate, Action beforeWaiting,
        CancellationToken cancellation) => (_generate, _beforeWaiting, _cancellation) = (generate, beforeWaiting, cancellation);

    /// <summary>The whole result, once the last piece was read.</summary>
    /// <exception cref="InvalidOperationException">The stream was not read to its end.</exception>
    public ReportResult Result => _result ?? throw new InvalidOperationException("the report has not been read to its end");

    /// <summary>Reads the rest and returns the result.</summary>
    /// <exception cref="OperationCanceledException">The token given to the request was cancelled.</exception>
    public ReportResult Complete()
    {
        if (_result is { } read)
            return read;
        foreach (string _ in this)
        {
        }
        return Result;
    }

    /// <summary>Reads the rest and returns the result.</summary>
    /// <exception cref="OperationCanceledException">A token was cancelled.</exception>
    public async Task<ReportResult> CompleteAsync(CancellationToken cancellation = default)
    {
        if (_result is { } read)
            return read;
        await foreach (string _ in AsAsyncEnumerable().WithCancellation(cancellation).ConfigureAwait(false))
        {
        }
        return Result;
    }

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator()
    {
        _beforeWaiting();
        // Written over the asynchronous form: there is one way through the channel.
        var pieces = GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (Wait(pieces.MoveNextAsync()))
                yield return pieces.Current;
        }
        finally
        {
            pieces.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The pieces as an asynchronous sequence, for what takes one.</summary>
    public async IAsyncEnumerable<string> AsAsyncEnumerable([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using var pieces = GetAsyncEnumerator(cancellation);
        while (await pieces.MoveNextAsync().ConfigureAwait(false))
            yield return pieces.Current;
    }

    /// <summary>What <c>await foreach</c> calls.</summary>
    public async IAsyncEnumerator<string> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("a report can be read once");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_cancellation, cancellationToken);
        var pieces = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var generation = Generate(pieces.Writer, cancellationToken, stop.Token);
        try
        {
            await foreach (string piece in pieces.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return piece;
            _result = await generation.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            // The model must be free again when the reader goes on.
            await ((Task)generation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task<ReportResult> Generate(ChannelWriter<string> pieces, CancellationToken readers, CancellationToken either)
    {
        try
        {
            return await _generate(piece => pieces.TryWrite(piece), either).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (readers.IsCancellationRequested || _cancellation.IsCancellationRequested)
        {
            throw EitherToken.Named(e, readers.IsCancellationRequested ? readers : _cancellation);
        }
        finally
        {
            pieces.Complete();
        }
    }

    static bool Wait(ValueTask<bool> next) => next.IsCompleted ? next.Result : next.AsTask().GetAwaiter().GetResult();
}
