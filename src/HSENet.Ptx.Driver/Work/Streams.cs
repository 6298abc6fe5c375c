// Streams: everything that is given to one is done at once, unless a capture records it.
namespace HSENet.Ptx.Driver;

/// <summary>What several streams record into one graph.</summary>
sealed class Capture(Graph graph, DriverStream origin)
{
    static ulong LastId;

    public Graph Graph => graph;

    public DriverStream Origin => origin;

    public ulong Id { get; } = ++LastId;

    /// <summary>Something was done that cannot be recorded: its end gives no graph.</summary>
    public bool Invalid { get; set; }

    public List<DriverStream> Streams { get; } = [origin];
}

sealed class DriverStream(uint flags, int priority)
{
    static ulong LastId;

    public uint Flags => flags;

    /// <summary>Whether it waits for the legacy stream and that for it.</summary>
    public bool IsBlocking => (flags & 1) == 0;

    public int Priority => priority;

    public ulong Id { get; } = ++LastId;

    public Dictionary<int, byte[]> Attributes { get; } = [];

    public Capture? Capture { get; set; }

    /// <summary>While it captures: what the next node stands behind.</summary>
    public List<GraphNode> Last { get; set; } = [];
}

static class Streams
{
    /// <summary>CU_STREAM_LEGACY and CU_STREAM_PER_THREAD; 0 is the first of them.</summary>
    const nint LegacyHandle = 1, PerThreadHandle = 2;

    static readonly DriverStream Legacy = new(0, 0);

    [ThreadStatic]
    static DriverStream? OwnOfThread;

    public static DriverStream Get(nint handle) => handle switch
    {
        0 or LegacyHandle => Legacy,
        PerThreadHandle => OwnOfThread ??= new DriverStream(0, 0),
        _ => Device.Get<DriverStream>(handle),
    };

    /// <summary>Does the work, or records it where the stream captures.</summary>
    public static void Submit(nint handle, Func<Work> work)
    {
        DriverStream stream = Get(handle);
        if (stream.Capture is not { } capture)
        {
            CheckImplicit(stream);
            work().Run();
            return;
        }
        ThrowIfInvalid(capture);
        stream.Last = [capture.Graph.Add(work(), stream.Last)];
    }

    /// <summary>A call that cannot be recorded and waits for a stream.</summary>
    public static void NotWhileCapturing(nint handle)
    {
        DriverStream stream = Get(handle);
        CheckImplicit(stream);
        if (stream.Capture is not { } capture)
            return;
        capture.Invalid = true;
        throw new DriverException(Result.StreamCaptureUnsupported);
    }

    /// <summary>A call that waits for everything.</summary>
    public static void NotWhileAnyCaptures()
    {
        foreach (DriverStream stream in Device.All<DriverStream>().Where(stream => stream.Capture != null))
        {
            stream.Capture!.Invalid = true;
            throw new DriverException(Result.StreamCaptureUnsupported);
        }
    }

    /// <summary>Records a moment: in earnest, or as a place in a graph.</summary>
    public static void Record(nint handle, nint moment, uint flags)
    {
        const uint External = 1;
        DriverStream stream = Get(handle);
        Moment recorded = Device.Get<Moment>(moment);
        if (stream.Capture is not { } capture || (flags & External) != 0)
            Submit(handle, () => new EventRecordWork(recorded, moment));
        else
        {
            ThrowIfInvalid(capture);
            recorded.Captured = (capture, [.. stream.Last]);
        }
    }

    /// <summary>Waits for a moment: nothing to do, or a stream joins a capture.</summary>
    public static void Wait(nint handle, nint moment, uint flags)
    {
        const uint External = 1;
        DriverStream stream = Get(handle);
        Moment awaited = Device.Get<Moment>(moment);
        if (stream.Capture is { } own && (flags & External) != 0)
            Submit(handle, () => new EventWaitWork(moment));
        else if (awaited.Captured is { } captured)
        {
            ThrowIfInvalid(captured.Capture);
            if (stream.Capture != null && stream.Capture != captured.Capture)
                throw new DriverException(Result.StreamCaptureIsolation);
            if (stream.Capture == null)
            {
                (stream.Capture, stream.Last) = (captured.Capture, []);
                captured.Capture.Streams.Add(stream);
            }
            stream.Last = [.. stream.Last.Union(captured.Behind)];
        }
        else if (stream.Capture is { } capture)
        {
            capture.Invalid = true;
            throw new DriverException(Result.StreamCaptureIsolation);
        }
    }

    public static void Begin(nint handle, Graph graph, IEnumerable<GraphNode> behind)
    {
        DriverStream stream = Get(handle);
        if (stream == Legacy)
            throw new DriverException(Result.StreamCaptureUnsupported);
        if (stream.Capture != null)
            throw new DriverException(Result.StreamCaptureUnsupported);
        stream.Capture = new Capture(graph, stream);
        stream.Last = [.. behind];
    }

    /// <summary>Ends a capture; its graph, unless something could not be recorded.</summary>
    public static Graph End(nint handle)
    {
        DriverStream stream = Get(handle);
        Capture capture = stream.Capture ?? throw new DriverException(Result.StreamCaptureUnmatched);
        if (capture.Origin != stream)
            throw new DriverException(Result.StreamCaptureUnmatched);
        HashSet<GraphNode> joined = Graph.Before(stream.Last);
        bool isJoined = capture.Streams.All(other => other.Last.All(joined.Contains));
        foreach (DriverStream other in capture.Streams)
            (other.Capture, other.Last) = (null, []);
        if (capture.Invalid)
            throw new DriverException(Result.StreamCaptureInvalidated);
        return isJoined ? capture.Graph : throw new DriverException(Result.StreamCaptureUnjoined);
    }

    public static void ThrowIfInvalid(Capture capture)
    {
        if (capture.Invalid)
            throw new DriverException(Result.StreamCaptureInvalidated);
    }

    // The legacy stream waits for every blocking stream, and those that capture have not done anything yet.
    static void CheckImplicit(DriverStream stream)
    {
        if (stream != Legacy)
            return;
        foreach (DriverStream other in Device.All<DriverStream>().Where(other => other is { IsBlocking: true, Capture: not null }))
        {
            other.Capture!.Invalid = true;
            throw new DriverException(Result.StreamCaptureImplicit);
        }
    }
}
