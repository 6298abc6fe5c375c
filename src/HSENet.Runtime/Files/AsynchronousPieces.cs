// Lets a reader that works synchronously read a stream that only gives its bytes asynchronously, without holding all of them.
using System.IO.Pipelines;

namespace HSENet.Runtime;

/// <summary>A stream whose pieces are fetched beside the reader, a few megabytes ahead at most.</summary>
sealed class AsynchronousPieces(Stream stream, CancellationToken cancellation)
{
    const int Ahead = 4 << 20;

    /// <summary>Runs the reader on another thread. What it does not read is not fetched.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<T> ReadBy<T>(Func<Stream, T> reader)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: Ahead, resumeWriterThreshold: Ahead / 2,
            useSynchronizationContext: false));
        var reading = OwnThread.Run(() =>
        {
            using var content = pipe.Reader.AsStream();
            return reader(content);
        });
        // A reader that is done, or has refused the content, ends the fetching.
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var fetching = Fetch(pipe.Writer, done.Token);
        try
        {
            return await reading.ConfigureAwait(false);
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await fetching.ConfigureAwait(false);
        }
    }

    async Task Fetch(PipeWriter writer, CancellationToken stop)
    {
        Exception? failure = null;
        try
        {
            await stream.CopyToAsync(writer, stop).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The reader meets it where its bytes end.
            failure = e;
        }
        await writer.CompleteAsync(failure).ConfigureAwait(false);
    }
}
