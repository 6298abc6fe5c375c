// A caller's stream that fails for a reason of its own: the client has gone, a body is too large, a network drive is away.
using System.Runtime.ExceptionServices;

namespace HSENet.Runtime;

/// <summary>Reads another stream and remembers what it threw, so that this is not taken for damage of the content.</summary>
sealed class WatchedStream(Stream inner) : ReadOnlyStream
{
    /// <summary>What the stream itself threw.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    public override bool CanSeek => inner.CanSeek;

    public override long Length => inner.Length;

    public override long Position { get => inner.Position; set => inner.Position = value; }

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (Exception e)
        {
            Failure = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }
}
