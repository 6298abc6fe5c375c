// Captures: what is given to streams becomes a graph.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    // CU_STREAM_CAPTURE_STATUS.
    const int NoCapture = 0, Capturing = 1, InvalidCapture = 2;

    [ThreadStatic]
    static int CaptureMode;

    [UnmanagedCallersOnly(EntryPoint = "cuStreamBeginCapture")]
    static int StreamBeginCapture(nint stream) => Device.Call("cuStreamBeginCapture", () => Streams.Begin(stream, new Graph(), []));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamBeginCapture_v2")]
    static int StreamBeginCapture2(nint stream, int mode) =>
        Device.Call("cuStreamBeginCapture", () => Streams.Begin(stream, new Graph(), []));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamBeginCaptureToGraph")]
    static int StreamBeginCaptureToGraph(nint stream, nint graph, nint* nodes, void* edges, ulong count, int mode) =>
        Device.Call("cuStreamBeginCaptureToGraph", () => Streams.Begin(stream, Device.Get<Graph>(graph), Nodes(nodes, count)));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamEndCapture")]
    static int StreamEndCapture(nint stream, nint* graph) => Device.Call("cuStreamEndCapture", () =>
    {
        *graph = 0;
        *graph = Streams.End(stream).Register();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamIsCapturing")]
    static int StreamIsCapturing(nint stream, int* status) =>
        Device.Call("cuStreamIsCapturing", () => *status = StatusOf(Streams.Get(stream)));

    static int StatusOf(DriverStream stream) =>
        stream.Capture == null ? NoCapture : stream.Capture.Invalid ? InvalidCapture : Capturing;

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCaptureInfo")]
    static int StreamGetCaptureInfo(nint stream, int* status, ulong* id) =>
        Device.Call("cuStreamGetCaptureInfo", () => PutCapture(stream, status, id, null, null, null));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCaptureInfo_v2")]
    static int StreamGetCaptureInfo2(nint stream, int* status, ulong* id, nint* graph, nint** nodes, ulong* count) =>
        Device.Call("cuStreamGetCaptureInfo", () => PutCapture(stream, status, id, graph, nodes, count));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCaptureInfo_v3")]
    static int StreamGetCaptureInfo3(nint stream, int* status, ulong* id, nint* graph, nint** nodes, void** edges, ulong* count) =>
        Device.Call("cuStreamGetCaptureInfo", () =>
        {
            PutCapture(stream, status, id, graph, nodes, count);
            if (edges != null)
                *edges = null;
        });

    [ThreadStatic]
    static nint* LastNodes;

    // The list of nodes is valid until the thread asks again.
    static void PutCapture(nint handle, int* status, ulong* id, nint* graph, nint** nodes, ulong* count)
    {
        DriverStream stream = Streams.Get(handle);
        *status = StatusOf(stream);
        if (stream.Capture is not { Invalid: false } capture)
            return;
        if (id != null)
            *id = capture.Id;
        if (graph != null)
            *graph = capture.Graph.Register();
        if (nodes != null)
        {
            LastNodes = (nint*)NativeMemory.Realloc(LastNodes, (nuint)((stream.Last.Count + 1) * sizeof(nint)));
            for (int n = 0; n < stream.Last.Count; n++)
                LastNodes[n] = stream.Last[n].Handle;
            *nodes = LastNodes;
        }
        if (count != null)
            *count = (ulong)stream.Last.Count;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuStreamUpdateCaptureDependencies")]
    static int UpdateDependencies(nint stream, nint* nodes, ulong count, uint flags) =>
        Device.Call("cuStreamUpdateCaptureDependencies", () => Depend(stream, nodes, count, flags));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamUpdateCaptureDependencies_v2")]
    static int UpdateDependencies2(nint stream, nint* nodes, void* edges, ulong count, uint flags) =>
        Device.Call("cuStreamUpdateCaptureDependencies", () => Depend(stream, nodes, count, flags));

    // CU_STREAM_SET_CAPTURE_DEPENDENCIES is 1; otherwise they are added.
    static void Depend(nint handle, nint* nodes, ulong count, uint flags)
    {
        DriverStream stream = Streams.Get(handle);
        if (stream.Capture == null)
            throw new DriverException(Result.InvalidValue, "the stream does not capture");
        stream.Last = [.. ((flags & 1) != 0 ? [] : stream.Last).Union(Nodes(nodes, count))];
    }

    [UnmanagedCallersOnly(EntryPoint = "cuThreadExchangeStreamCaptureMode")]
    static int ExchangeCaptureMode(int* mode) => Device.Call("cuThreadExchangeStreamCaptureMode", () =>
        (CaptureMode, *mode) = (*mode, CaptureMode), needsContext: false);
}
