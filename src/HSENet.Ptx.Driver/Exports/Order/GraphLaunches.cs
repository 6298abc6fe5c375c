// Executable graphs: instantiated, launched, changed between launches.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiate")]
    static int Instantiate1(nint* executable, nint graph, nint* node, byte* log, ulong bytes) => Instantiate(executable, graph, node, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiate_v2")]
    static int Instantiate2(nint* executable, nint graph, nint* node, byte* log, ulong bytes) => Instantiate(executable, graph, node, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiateWithFlags")]
    static int InstantiateWithFlags(nint* executable, nint graph, ulong flags) => Instantiate(executable, graph, null, flags);

    /// <summary>CUDA_GRAPH_INSTANTIATE_PARAMS: flags, stream, and the node and reason of a failure.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuGraphInstantiateWithParams")]
    static int InstantiateWithParams(nint* executable, nint graph, ulong* arguments)
    {
        int result = Instantiate(executable, graph, (nint*)(arguments + 2), arguments[0]);
        *(int*)(arguments + 3) = result == 0 ? 0 : 1;
        return result;
    }

    static int Instantiate(nint* executable, nint graph, nint* node, ulong flags) => Ask("cuGraphInstantiate", () =>
    {
        if (node != null)
            *node = 0;
        const ulong DeviceLaunch = 4;
        if ((flags & DeviceLaunch) != 0)
            throw new DriverException(Result.NotSupported, "graphs that kernels launch are not supported by the emulated driver");
        *executable = Device.Add(new ExecutableGraph(Device.Get<Graph>(graph)) { Flags = flags });
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphLaunch")]
    static int GraphLaunch(nint executable, nint stream) => Device.Call("cuGraphLaunch", () =>
    {
        ExecutableGraph graph = Device.Get<ExecutableGraph>(executable);
        if (Streams.Get(stream).Capture != null)
            Streams.Submit(stream, () => new GraphWork(graph.ToGraph()));
        else
            graph.Run();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphUpload")]
    static int GraphUpload(nint executable, nint stream) =>
        Device.Call("cuGraphUpload", () => Device.Get<ExecutableGraph>(executable));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecDestroy")]
    static int ExecDestroy(nint executable) =>
        Ask("cuGraphExecDestroy", () => Device.Remove<ExecutableGraph>(executable).Destroy());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecGetFlags")]
    static int ExecGetFlags(nint executable, ulong* flags) =>
        Ask("cuGraphExecGetFlags", () => *flags = Device.Get<ExecutableGraph>(executable).Flags);

    static ExecutableGraph.Step StepOf(nint executable, nint node) =>
        Device.Get<ExecutableGraph>(executable)[Device.Get<GraphNode>(node)];

    static int SetStep<T>(string name, nint executable, nint node, Func<T> work) where T : Work => Ask(name, () =>
    {
        ExecutableGraph.Step step = StepOf(executable, node);
        T given = work();
        if (step.Work.Kind != given.Kind)
            throw new DriverException(Result.InvalidValue, $"the node is a {step.Work.Kind}");
        step.Work = given;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecKernelNodeSetParams")]
    static int ExecKernelSet(nint executable, nint node, KernelArguments* arguments) =>
        SetStep("cuGraphExecKernelNodeSetParams", executable, node, () => arguments->ToWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecKernelNodeSetParams_v2")]
    static int ExecKernelSet2(nint executable, nint node, KernelArguments2* arguments) =>
        SetStep("cuGraphExecKernelNodeSetParams", executable, node, () => arguments->ToWork());

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecMemcpyNodeSetParams")]
    static int ExecCopySet(nint executable, nint node, Copy3D* copy, nint context) =>
        SetStep("cuGraphExecMemcpyNodeSetParams", executable, node, () => new CopyWork(*copy));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecMemsetNodeSetParams")]
    static int ExecFillSet(nint executable, nint node, FillArguments* fill, nint context) =>
        SetStep("cuGraphExecMemsetNodeSetParams", executable, node, () => new FillWork(*fill));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecHostNodeSetParams")]
    static int ExecHostSet(nint executable, nint node, HostArguments* host) =>
        SetStep("cuGraphExecHostNodeSetParams", executable, node, () => new HostWork(host->Function, host->Data));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecEventRecordNodeSetEvent")]
    static int ExecRecordSet(nint executable, nint node, nint moment) => SetStep("cuGraphExecEventRecordNodeSetEvent", executable, node,
        () => new EventRecordWork(Device.Get<Moment>(moment), moment));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecEventWaitNodeSetEvent")]
    static int ExecWaitSet(nint executable, nint node, nint moment) =>
        SetStep("cuGraphExecEventWaitNodeSetEvent", executable, node, () => new EventWaitWork(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecNodeSetParams")]
    static int ExecNodeSet(nint executable, nint node, NodeArguments* arguments) =>
        SetStep("cuGraphExecNodeSetParams", executable, node, arguments->ToWork);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecChildGraphNodeSetParams")]
    static int ExecChildSet(nint executable, nint node, nint child) => Ask("cuGraphExecChildGraphNodeSetParams", () =>
        Refuse(StepOf(executable, node).Child?.Update(Device.Get<Graph>(child))));

    static void Refuse(GraphNode? node)
    {
        if (node != null)
            throw new DriverException(Result.GraphExecUpdateFailure, $"a {node.Work.Kind} does not fit");
    }

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeSetEnabled")]
    static int NodeSetEnabled(nint executable, nint node, uint enabled) =>
        Ask("cuGraphNodeSetEnabled", () => StepOf(executable, node).IsEnabled = enabled != 0);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphNodeGetEnabled")]
    static int NodeGetEnabled(nint executable, nint node, uint* enabled) =>
        Ask("cuGraphNodeGetEnabled", () => *enabled = StepOf(executable, node).IsEnabled ? 1u : 0);

    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecUpdate")]
    static int ExecUpdate(nint executable, nint graph, nint* node, int* reason) => Update(executable, graph, reason, node);

    /// <summary>CUgraphExecUpdateResultInfo: reason, node, and the node that its edge comes from.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuGraphExecUpdate_v2")]
    static int ExecUpdate2(nint executable, nint graph, nint* info)
    {
        info[2] = 0;
        return Update(executable, graph, (int*)info, info + 1);
    }

    // CU_GRAPH_EXEC_UPDATE_SUCCESS is 0, ERROR_TOPOLOGY_CHANGED 2.
    static int Update(nint executable, nint graph, int* reason, nint* node) => Ask("cuGraphExecUpdate", () =>
    {
        (*reason, *node) = (2, 0);
        GraphNode? failed = Device.Get<ExecutableGraph>(executable).Update(Device.Get<Graph>(graph));
        *node = failed?.Handle ?? 0;
        Refuse(failed);
        *reason = 0;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGraphMemTrim")]
    static int GraphMemoryTrim(int device) => OfDevice("cuDeviceGraphMemTrim", device, () => { });
}
