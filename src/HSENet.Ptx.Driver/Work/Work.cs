// What a stream does: at once, or when the graph that recorded it is launched.
namespace HSENet.Ptx.Driver;

/// <summary>CUgraphNodeType of what can be in a graph.</summary>
enum NodeKind
{
    Kernel = 0,
    Copy = 1,
    Fill = 2,
    Host = 3,
    Graph = 4,
    Empty = 5,
    EventWait = 6,
    EventRecord = 7,
    Allocation = 10,
    Free = 11,
}

/// <summary>One operation with its arguments, which were read when it was given.</summary>
abstract class Work(NodeKind kind)
{
    public NodeKind Kind => kind;

    public abstract void Run();

    /// <summary>What an executable graph or a clone keeps, so that the original may change.</summary>
    public virtual Work Copy() => (Work)MemberwiseClone();
}

/// <summary>Only an order between others.</summary>
sealed class EmptyWork() : Work(NodeKind.Empty)
{
    public override void Run()
    {
    }
}

/// <summary>A call of the program's own function.</summary>
sealed unsafe class HostWork(nint function, nint data) : Work(NodeKind.Host)
{
    public nint Function => function;

    public nint Data => data;

    public override void Run() => ((delegate* unmanaged<nint, void>)function)(data);
}

/// <summary>The older call of a program's function, which is told stream and result.</summary>
sealed unsafe class CallbackWork(nint function, nint stream, nint data) : Work(NodeKind.Host)
{
    public override void Run() => ((delegate* unmanaged<nint, int, nint, void>)function)(stream, 0, data);
}

/// <summary>A point in time; everything is done when it is recorded.</summary>
sealed class Moment(uint flags)
{
    /// <summary>Stopwatch ticks when it was recorded last, -1 before.</summary>
    public long Ticks { get; set; } = -1;

    /// <summary>CU_EVENT_DISABLE_TIMING.</summary>
    public bool HasNoTime => (flags & 2) != 0;

    /// <summary>The capture that recorded it last, and the nodes that it stands behind; null when it was recorded in earnest.</summary>
    public (Capture Capture, List<GraphNode> Behind)? Captured { get; set; }
}

sealed class EventRecordWork(Moment moment, nint handle) : Work(NodeKind.EventRecord)
{
    public nint Handle => handle;

    public override void Run() => (moment.Ticks, moment.Captured) = (System.Diagnostics.Stopwatch.GetTimestamp(), null);
}

/// <summary>Nothing is left to wait for: what was given before is done.</summary>
sealed class EventWaitWork(nint handle) : Work(NodeKind.EventWait)
{
    public nint Handle => handle;

    public override void Run()
    {
    }
}

/// <summary>Memory whose address is known when the work is given, and whose bytes nobody has written when it runs.</summary>
sealed class AllocationWork(ulong address, ulong bytes) : Work(NodeKind.Allocation)
{
    readonly Holders _holders = new();

    public ulong Address => address;

    public ulong Bytes => bytes;

    public override void Run() => DeviceMemory.Need(address, bytes).Allocation.MarkUninitialised(0, (long)bytes);

    /// <summary>A graph, a clone or an executable form of it has the work.</summary>
    public void Hold() => _holders.Count++;

    /// <summary>One of them is gone; with the last the memory goes, unless the program has freed it.</summary>
    public void Release()
    {
        if (--_holders.Count == 0 && DeviceMemory.Find(address, 1) is { } piece && piece.Start == address)
            DeviceMemory.Release(address);
    }

    sealed class Holders
    {
        public int Count { get; set; }
    }
}

/// <summary>A graph's memory keeps its address until the graph is gone, so its bytes only become unwritten.</summary>
sealed class FreeWork(ulong address) : Work(NodeKind.Free)
{
    public ulong Address => address;

    public override void Run()
    {
        EmulatorAllocation allocation = DeviceMemory.Need(address, 1).Allocation;
        allocation.MarkUninitialised(0, allocation.Bytes);
    }
}

/// <summary>A graph inside a graph.</summary>
sealed class GraphWork(Graph graph) : Work(NodeKind.Graph)
{
    public Graph Graph => graph;

    public override void Run() => throw new InvalidOperationException("a graph runs as an executable graph");

    public override Work Copy() => new GraphWork(graph.Clone());
}
