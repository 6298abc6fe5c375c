// Graphs as a whole: made, cloned, their order asked and changed, their nodes taken out.
using System.Runtime.InteropServices;
using System.Text;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuGraphCreate")]
    static int GraphCreate(nint* graph, uint flags) => Ask("cuGraphCreate", () => *graph = new Graph().Register());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphDestroy")]
    static int GraphDestroy(nint graph) => Ask("cuGraphDestroy", () => Device.Get<Graph>(graph).Destroy());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphClone")]
    static int GraphClone(nint* clone, nint graph) => Ask("cuGraphClone", () => *clone = Device.Get<Graph>(graph).Clone().Register());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeFindInClone")]
    static int NodeFindInClone(nint* node, nint original, nint clone) => Ask("cuGraphNodeFindInClone", () =>
    {
        GraphNode sought = Device.Get<GraphNode>(original);
        *node = Device.Get<Graph>(clone).Nodes.FirstOrDefault(twin => twin.Original == sought)?.Handle
            ?? throw new DriverException(Result.InvalidValue, "the graph is no clone of the node's");
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphDestroyNode")]
    static int NodeDestroy(nint node) => Ask("cuGraphDestroyNode", () =>
        Device.Get<GraphNode>(node).Owner.Remove(Device.Get<GraphNode>(node)));

    // Without a list only the number is told; with one as many as fit, and zeros behind them.
    static void Put(IEnumerable<GraphNode> nodes, nint* list, ulong* count)
    {
        nint[] handles = [.. nodes.Select(node => node.Handle)];
        if (list != null)
            for (ulong n = 0; n < *count; n++)
                list[n] = n < (ulong)handles.Length ? handles[n] : 0;
        *count = list == null ? (ulong)handles.Length : Math.Min(*count, (ulong)handles.Length);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuGraphGetNodes")]
    static int GraphGetNodes(nint graph, nint* nodes, ulong* count) =>
        Ask("cuGraphGetNodes", () => Put(Device.Get<Graph>(graph).Nodes, nodes, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphGetRootNodes")]
    static int GraphGetRoots(nint graph, nint* nodes, ulong* count) => Ask("cuGraphGetRootNodes", () =>
        Put(Device.Get<Graph>(graph).Nodes.Where(node => node.Behind.Count == 0), nodes, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphGetEdges")]
    static int GraphGetEdges(nint graph, nint* from, nint* to, ulong* count) => Edges(graph, from, to, null, count);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphGetEdges_v2")]
    static int GraphGetEdges2(nint graph, nint* from, nint* to, ulong* data, ulong* count) => Edges(graph, from, to, data, count);

    // Data of an edge are eight bytes, zero for a whole dependency.
    static int Edges(nint graph, nint* from, nint* to, ulong* data, ulong* count) => Ask("cuGraphGetEdges", () =>
    {
        (GraphNode From, GraphNode To)[] edges =
            [.. Device.Get<Graph>(graph).Nodes.SelectMany(node => node.Behind.Select(other => (other, node)))];
        ulong places = *count;
        Put(edges.Select(edge => edge.From), from, count);
        if (to != null)
            Put(edges.Select(edge => edge.To), to, &places);
        if (data != null)
            new Span<ulong>(data, (int)*count).Clear();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetDependencies")]
    static int NodeGetBehind(nint node, nint* nodes, ulong* count) =>
        Ask("cuGraphNodeGetDependencies", () => Put(Device.Get<GraphNode>(node).Behind, nodes, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetDependencies_v2")]
    static int NodeGetBehind2(nint node, nint* nodes, void* data, ulong* count) =>
        Ask("cuGraphNodeGetDependencies", () => Put(Device.Get<GraphNode>(node).Behind, nodes, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetDependentNodes")]
    static int NodeGetAfter(nint node, nint* nodes, ulong* count) =>
        Ask("cuGraphNodeGetDependentNodes", () => Put(After(node), nodes, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetDependentNodes_v2")]
    static int NodeGetAfter2(nint node, nint* nodes, void* data, ulong* count) =>
        Ask("cuGraphNodeGetDependentNodes", () => Put(After(node), nodes, count));

    static IEnumerable<GraphNode> After(nint node)
    {
        GraphNode first = Device.Get<GraphNode>(node);
        return first.Owner.Nodes.Where(other => other.Behind.Contains(first));
    }

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddDependencies")]
    static int AddEdges(nint graph, nint* from, nint* to, ulong count) =>
        Ask("cuGraphAddDependencies", () => Connect(graph, from, to, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddDependencies_v2")]
    static int AddEdges2(nint graph, nint* from, nint* to, void* data, ulong count) =>
        Ask("cuGraphAddDependencies", () => Connect(graph, from, to, count));

    static void Connect(nint graph, nint* from, nint* to, ulong count)
    {
        GraphNode[] first = Nodes(from, count), then = Nodes(to, count);
        Graph owner = Device.Get<Graph>(graph);
        for (ulong n = 0; n < count; n++)
        {
            if (first[n].Owner != owner || then[n].Owner != owner || then[n].Behind.Contains(first[n]) || first[n] == then[n])
                throw new DriverException(Result.InvalidValue, "both nodes have to be of the graph, and not connected yet");
            then[n].Behind.Add(first[n]);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "cuGraphRemoveDependencies")]
    static int RemoveEdges(nint graph, nint* from, nint* to, ulong count) =>
        Ask("cuGraphRemoveDependencies", () => Part(from, to, count));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphRemoveDependencies_v2")]
    static int RemoveEdges2(nint graph, nint* from, nint* to, void* data, ulong count) =>
        Ask("cuGraphRemoveDependencies", () => Part(from, to, count));

    static void Part(nint* from, nint* to, ulong count)
    {
        GraphNode[] first = Nodes(from, count), then = Nodes(to, count);
        for (ulong n = 0; n < count; n++)
            if (!then[n].Behind.Remove(first[n]))
                throw new DriverException(Result.InvalidValue, "the nodes are not connected");
    }

    [UnmanagedCallersOnly(EntryPoint = "cuGraphDebugDotPrint")]
    static int GraphPrint(nint graph, byte* path, uint flags) => Ask("cuGraphDebugDotPrint", () =>
    {
        List<GraphNode> nodes = Device.Get<Graph>(graph).InOrder();
        StringBuilder text = new("digraph graph_1 {\n");
        foreach (GraphNode node in nodes)
        {
            string what = node.Work is KernelWork kernel
                ? $"{kernel.Function.Kernel.Name} {kernel.Grid} {kernel.Block}" : $"{node.Work.Kind}";
            text.Append($"n{nodes.IndexOf(node)} [label=\"{what}\"];\n");
            foreach (GraphNode other in node.Behind)
                text.Append($"n{nodes.IndexOf(other)} -> n{nodes.IndexOf(node)};\n");
        }
        File.WriteAllText(Device.Text(path), text.Append("}\n").ToString());
    });

    [UnmanagedCallersOnly(EntryPoint = "cuUserObjectCreate")]
    static int UserObjectCreate(nint* handle, nint pointer, nint destroy, uint count, uint flags) => Ask("cuUserObjectCreate", () =>
    {
        UserObject made = new(pointer, destroy, count);
        *handle = made.Handle = Device.Add(made);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuUserObjectRetain")]
    static int UserObjectRetain(nint handle, uint count) =>
        Ask("cuUserObjectRetain", () => Device.Get<UserObject>(handle).Retain(count));

    [UnmanagedCallersOnly(EntryPoint = "cuUserObjectRelease")]
    static int UserObjectRelease(nint handle, uint count) =>
        Ask("cuUserObjectRelease", () => Device.Get<UserObject>(handle).Release(count));

    /// <summary>A graph takes references of its own, or with CU_GRAPH_USER_OBJECT_MOVE (1) the caller's.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuGraphRetainUserObject")]
    static int GraphRetain(nint graph, nint handle, uint count, uint flags) => Ask("cuGraphRetainUserObject", () =>
    {
        UserObject kept = Device.Get<UserObject>(handle);
        if ((flags & 1) == 0)
            kept.Retain(count);
        Graph owner = Device.Get<Graph>(graph);
        owner.Kept[kept] = owner.Kept.GetValueOrDefault(kept) + count;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphReleaseUserObject")]
    static int GraphRelease(nint graph, nint handle, uint count) => Ask("cuGraphReleaseUserObject", () =>
    {
        UserObject kept = Device.Get<UserObject>(handle);
        Graph owner = Device.Get<Graph>(graph);
        if (owner.Kept.GetValueOrDefault(kept) < count)
            throw new DriverException(Result.InvalidValue);
        owner.Kept[kept] -= count;
        kept.Release(count);
    });
}
