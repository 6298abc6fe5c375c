// Nodes of graphs: added with what they stand behind, asked, changed.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    static GraphNode[] Nodes(nint* nodes, ulong count)
    {
        GraphNode[] found = new GraphNode[count];
        for (ulong n = 0; n < count; n++)
            found[n] = Device.Get<GraphNode>(nodes[n]);
        return found;
    }

    static int Add(string name, nint* node, nint graph, nint* behind, ulong count, Func<Work> work) => Device.Call(name, () =>
        *node = Device.Get<Graph>(graph).Add(work(), Nodes(behind, count)).Handle, needsContext: false);

    // The work of a node that has to be of one kind.
    static T WorkOf<T>(nint node) where T : Work => Device.Get<GraphNode>(node).Work as T
        ?? throw new DriverException(Result.InvalidValue, $"the node is a {Device.Get<GraphNode>(node).Work.Kind}");

    static int Ask(string name, Action action) => Device.Call(name, action, needsContext: false);

    // A node keeps its kind.
    static int SetWork<T>(string name, nint node, Func<T> work) where T : Work => Ask(name, () =>
    {
        WorkOf<T>(node);
        Device.Get<GraphNode>(node).Work = work();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddNode")]
    static int AddNode(nint* node, nint graph, nint* behind, ulong count, NodeArguments* arguments) =>
        AddAny(node, graph, behind, count, arguments);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddNode_v2")]
    static int AddNode2(nint* node, nint graph, nint* behind, void* edges, ulong count, NodeArguments* arguments) =>
        AddAny(node, graph, behind, count, arguments);

    static int AddAny(nint* node, nint graph, nint* behind, ulong count, NodeArguments* arguments) =>
        Add("cuGraphAddNode", node, graph, behind, count, () =>
        {
            Work work = arguments->ToWork();
            if (work is AllocationWork memory)
                arguments->Allocation.Address = memory.Address;
            return work;
        });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddKernelNode")]
    static int AddKernel(nint* node, nint graph, nint* behind, ulong count, KernelArguments* arguments) =>
        Add("cuGraphAddKernelNode", node, graph, behind, count, () => arguments->ToWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddKernelNode_v2")]
    static int AddKernel2(nint* node, nint graph, nint* behind, ulong count, KernelArguments2* arguments) =>
        Add("cuGraphAddKernelNode", node, graph, behind, count, () => arguments->ToWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddMemcpyNode")]
    static int AddCopy(nint* node, nint graph, nint* behind, ulong count, Copy3D* copy, nint context) =>
        Add("cuGraphAddMemcpyNode", node, graph, behind, count, () => new CopyWork(*copy));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddMemsetNode")]
    static int AddFill(nint* node, nint graph, nint* behind, ulong count, FillArguments* fill, nint context) =>
        Add("cuGraphAddMemsetNode", node, graph, behind, count, () => new FillWork(*fill));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddHostNode")]
    static int AddHost(nint* node, nint graph, nint* behind, ulong count, HostArguments* host) =>
        Add("cuGraphAddHostNode", node, graph, behind, count, () => new HostWork(host->Function, host->Data));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddChildGraphNode")]
    static int AddChild(nint* node, nint graph, nint* behind, ulong count, nint child) =>
        Add("cuGraphAddChildGraphNode", node, graph, behind, count, () => new GraphWork(Device.Get<Graph>(child).Clone()));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddEmptyNode")]
    static int AddEmpty(nint* node, nint graph, nint* behind, ulong count) =>
        Add("cuGraphAddEmptyNode", node, graph, behind, count, () => new EmptyWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddEventRecordNode")]
    static int AddEventRecord(nint* node, nint graph, nint* behind, ulong count, nint moment) =>
        Add("cuGraphAddEventRecordNode", node, graph, behind, count, () => new EventRecordWork(Device.Get<Moment>(moment), moment));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddEventWaitNode")]
    static int AddEventWait(nint* node, nint graph, nint* behind, ulong count, nint moment) =>
        Add("cuGraphAddEventWaitNode", node, graph, behind, count, () => new EventWaitWork(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddMemAllocNode")]
    static int AddAllocation(nint* node, nint graph, nint* behind, ulong count, AllocationArguments* arguments) =>
        Add("cuGraphAddMemAllocNode", node, graph, behind, count, () =>
            new AllocationWork(arguments->Address = DeviceMemory.Allocate(arguments->Bytes), arguments->Bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphAddMemFreeNode")]
    static int AddFree(nint* node, nint graph, nint* behind, ulong count, ulong address) =>
        Add("cuGraphAddMemFreeNode", node, graph, behind, count, () => new FreeWork(DeviceMemory.Need(address, 1).Start));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetType")]
    static int NodeGetType(nint node, int* kind) =>
        Ask("cuGraphNodeGetType", () => *kind = (int)Device.Get<GraphNode>(node).Work.Kind);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphKernelNodeGetParams")]
    static int KernelGet(nint node, KernelArguments* arguments) =>
        Ask("cuGraphKernelNodeGetParams", () => *arguments = KernelArguments.Of(WorkOf<KernelWork>(node)));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphKernelNodeGetParams_v2")]
    static int KernelGet2(nint node, KernelArguments2* arguments) => Ask("cuGraphKernelNodeGetParams", () =>
        *arguments = new() { First = KernelArguments.Of(WorkOf<KernelWork>(node)) });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphKernelNodeSetParams")]
    static int KernelSet(nint node, KernelArguments* arguments) => SetWork("cuGraphKernelNodeSetParams", node, () => arguments->ToWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphKernelNodeSetParams_v2")]
    static int KernelSet2(nint node, KernelArguments2* arguments) => SetWork("cuGraphKernelNodeSetParams", node, () => arguments->ToWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphMemcpyNodeGetParams")]
    static int CopyGet(nint node, Copy3D* copy) => Ask("cuGraphMemcpyNodeGetParams", () => *copy = WorkOf<CopyWork>(node).Arguments);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphMemcpyNodeSetParams")]
    static int CopySet(nint node, Copy3D* copy) => SetWork("cuGraphMemcpyNodeSetParams", node, () => new CopyWork(*copy));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphMemsetNodeGetParams")]
    static int FillGet(nint node, FillArguments* fill) => Ask("cuGraphMemsetNodeGetParams", () => *fill = WorkOf<FillWork>(node).Arguments);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphMemsetNodeSetParams")]
    static int FillSet(nint node, FillArguments* fill) => SetWork("cuGraphMemsetNodeSetParams", node, () => new FillWork(*fill));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphHostNodeGetParams")]
    static int HostGet(nint node, HostArguments* host) => Ask("cuGraphHostNodeGetParams", () =>
        *host = new() { Function = WorkOf<HostWork>(node).Function, Data = WorkOf<HostWork>(node).Data });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphHostNodeSetParams")]
    static int HostSet(nint node, HostArguments* host) =>
        SetWork("cuGraphHostNodeSetParams", node, () => new HostWork(host->Function, host->Data));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeSetParams")]
    static int NodeSet(nint node, NodeArguments* arguments) => Ask("cuGraphNodeSetParams", () =>
    {
        GraphNode found = Device.Get<GraphNode>(node);
        if ((int)found.Work.Kind != arguments->Kind)
            throw new DriverException(Result.InvalidValue, $"the node is a {found.Work.Kind}");
        found.Work = arguments->ToWork();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphChildGraphNodeGetGraph")]
    static int ChildGet(nint node, nint* graph) =>
        Ask("cuGraphChildGraphNodeGetGraph", () => *graph = WorkOf<GraphWork>(node).Graph.Register());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphEventRecordNodeGetEvent")]
    static int EventRecordGet(nint node, nint* moment) =>
        Ask("cuGraphEventRecordNodeGetEvent", () => *moment = WorkOf<EventRecordWork>(node).Handle);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphEventWaitNodeGetEvent")]
    static int EventWaitGet(nint node, nint* moment) =>
        Ask("cuGraphEventWaitNodeGetEvent", () => *moment = WorkOf<EventWaitWork>(node).Handle);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphEventRecordNodeSetEvent")]
    static int EventRecordSet(nint node, nint moment) =>
        SetWork("cuGraphEventRecordNodeSetEvent", node, () => new EventRecordWork(Device.Get<Moment>(moment), moment));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphEventWaitNodeSetEvent")]
    static int EventWaitSet(nint node, nint moment) => SetWork("cuGraphEventWaitNodeSetEvent", node, () => new EventWaitWork(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphMemAllocNodeGetParams")]
    static int AllocationGet(nint node, AllocationArguments* arguments) => Ask("cuGraphMemAllocNodeGetParams", () =>
        *arguments = new() { Bytes = WorkOf<AllocationWork>(node).Bytes, Address = WorkOf<AllocationWork>(node).Address });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphMemFreeNodeGetParams")]
    static int FreeGet(nint node, ulong* address) =>
        Ask("cuGraphMemFreeNodeGetParams", () => *address = WorkOf<FreeWork>(node).Address);
}
