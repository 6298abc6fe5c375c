// Graphs: operations with an order between them, and the executable form of one.
namespace HSENet.Ptx.Driver;

sealed class GraphNode(Graph owner, Work work)
{
    public Graph Owner => owner;

    public Work Work { get; set; } = work;

    /// <summary>The nodes that come before it.</summary>
    public List<GraphNode> Behind { get; } = [];

    public nint Handle { get; set; }

    /// <summary>The node that it is a clone of.</summary>
    public GraphNode? Original { get; init; }
}

sealed class Graph
{
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>The program's objects that it keeps alive, with the number of its references.</summary>
    public Dictionary<UserObject, uint> Kept { get; } = [];

    public nint Handle { get; set; }

    public GraphNode Add(Work work, IEnumerable<GraphNode> behind, GraphNode? original = null)
    {
        GraphNode node = new(this, work) { Original = original };
        node.Behind.AddRange(behind);
        if (node.Behind.Any(other => other.Owner != this))
            throw new DriverException(Result.InvalidValue, "a node depends on a node of another graph");
        node.Handle = Device.Add(node);
        if (work is GraphWork child)
            child.Graph.Register();
        (work as AllocationWork)?.Hold();
        Nodes.Add(node);
        return node;
    }

    /// <summary>Gives it a handle.</summary>
    public nint Register() => Handle == 0 ? Handle = Device.Add(this) : Handle;

    public void Remove(GraphNode node)
    {
        Nodes.Remove(node);
        (node.Work as AllocationWork)?.Release();
        foreach (GraphNode other in Nodes)
            other.Behind.Remove(node);
        Device.Remove<GraphNode>(node.Handle);
    }

    /// <summary>Ends its handles and its own memory.</summary>
    public void Destroy()
    {
        foreach (GraphNode node in Nodes)
        {
            Device.Remove<GraphNode>(node.Handle);
            (node.Work as AllocationWork)?.Release();
            (node.Work as GraphWork)?.Graph.Destroy();
        }
        foreach ((UserObject kept, uint count) in Kept)
            kept.Release(count);
        if (Handle != 0)
            Device.Remove<Graph>(Handle);
    }

    /// <summary>The same graph with nodes of its own.</summary>
    public Graph Clone()
    {
        Graph clone = new();
        Dictionary<GraphNode, GraphNode> twins = [];
        foreach (GraphNode node in InOrder())
            twins[node] = clone.Add(node.Work.Copy(), node.Behind.Select(other => twins[other]), node);
        foreach ((UserObject kept, uint count) in Kept)
        {
            kept.Retain(count);
            clone.Kept[kept] = count;
        }
        return clone;
    }

    /// <summary>The nodes, each after those that it stands behind; otherwise as they were added.</summary>
    public List<GraphNode> InOrder()
    {
        List<GraphNode> order = [];
        HashSet<GraphNode> done = [], open = [];
        foreach (GraphNode node in Nodes)
            Visit(node);
        return order;

        void Visit(GraphNode node)
        {
            if (done.Contains(node))
                return;
            if (!open.Add(node))
                throw new DriverException(Result.InvalidValue, "the graph's dependencies go round in a circle");
            node.Behind.ForEach(Visit);
            done.Add(node);
            order.Add(node);
        }
    }

    /// <summary>The nodes and everything that comes before them.</summary>
    public static HashSet<GraphNode> Before(IEnumerable<GraphNode> nodes)
    {
        HashSet<GraphNode> found = [];
        Stack<GraphNode> open = new(nodes);
        while (open.TryPop(out GraphNode? node))
            if (found.Add(node))
                node.Behind.ForEach(open.Push);
        return found;
    }
}

/// <summary>A graph as it was when it was instantiated, with what was set since.</summary>
sealed class ExecutableGraph
{
    readonly Dictionary<GraphNode, Step> _steps = [];
    readonly HashSet<AllocationWork> _memory = [];
    List<Step> _order = [];

    public ExecutableGraph(Graph graph) => Take(graph);

    public ulong Flags { get; init; }

    /// <summary>The step of a node of the graph that it was made of.</summary>
    public Step this[GraphNode node] => _steps.GetValueOrDefault(node)
        ?? throw new DriverException(Result.InvalidValue, "the node is not of the graph that was instantiated");

    public void Run()
    {
        foreach (Step step in _order.Where(step => step.IsEnabled))
            if (step.Child != null)
                step.Child.Run();
            else
                step.Work.Run();
    }

    /// <summary>The graph that it stands for now, as part of another.</summary>
    public Graph ToGraph()
    {
        Graph graph = new();
        List<GraphNode> nodes = [];
        foreach (Step step in _order)
        {
            Work work = !step.IsEnabled ? new EmptyWork() : step.Child != null ? new GraphWork(step.Child.ToGraph()) : step.Work.Copy();
            nodes.Add(graph.Add(work, step.Behind.Select(place => nodes[place])));
        }
        return graph;
    }

    /// <summary>Takes over the arguments of another graph of the same shape; the node that does not fit otherwise.</summary>
    public GraphNode? Update(Graph graph)
    {
        List<GraphNode> nodes = graph.InOrder();
        if (nodes.Count != _order.Count)
            return nodes.LastOrDefault() ?? throw new DriverException(Result.GraphExecUpdateFailure);
        for (int n = 0; n < nodes.Count; n++)
            if (nodes[n].Work.Kind != _order[n].Work.Kind
                || !nodes[n].Behind.Select(other => nodes.IndexOf(other)).Order().SequenceEqual(_order[n].Behind.Order()))
                return nodes[n];
        Take(graph);
        return null;
    }

    void Take(Graph graph)
    {
        List<GraphNode> nodes = graph.InOrder();
        _order = [.. nodes.Select(node => new Step(node.Work is GraphWork child ? child : node.Work.Copy(),
            [.. node.Behind.Select(other => nodes.IndexOf(other))]))];
        for (int n = 0; n < nodes.Count; n++)
        {
            _steps[nodes[n]] = _order[n];
            if (_order[n].Work is AllocationWork memory && _memory.Add(memory))
                memory.Hold();
        }
    }

    public void Destroy()
    {
        foreach (AllocationWork memory in _memory)
            memory.Release();
        foreach (Step step in _order)
            step.Child?.Destroy();
    }

    public sealed class Step(Work work, int[] behind)
    {
        public Work Work { get; set; } = work;

        public int[] Behind => behind;

        public bool IsEnabled { get; set; } = true;

        public ExecutableGraph? Child { get; set; } = work is GraphWork child ? new ExecutableGraph(child.Graph) : null;
    }
}

/// <summary>An object of the program that lives as long as somebody refers to it.</summary>
sealed unsafe class UserObject(nint pointer, nint destroy, uint count)
{
    uint _count = count;

    public nint Handle { get; set; }

    public void Retain(uint count) => _count += count;

    public void Release(uint count)
    {
        if (count > _count)
            throw new DriverException(Result.InvalidValue, "an object is released more often than it was retained");
        if ((_count -= count) > 0)
            return;
        Device.Remove<UserObject>(Handle);
        ((delegate* unmanaged<nint, void>)destroy)(pointer);
    }
}
