// Addresses of functions by their names, in the form that the asked version of the API has.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    // What an older program means by a name whose arguments changed: name, the version from which, the form.
    static readonly (string Name, int Since, string Form)[] Forms =
    [
        ("cuGraphInstantiate", 12000, "cuGraphInstantiateWithFlags"), ("cuGraphInstantiate", 0, "cuGraphInstantiate_v2"),
        ("cuCtxCreate", 12050, "cuCtxCreate_v4"), ("cuCtxCreate", 11040, "cuCtxCreate_v3"), ("cuCtxCreate", 0, "cuCtxCreate_v2"),
        ("cuGraphAddKernelNode", 12000, "cuGraphAddKernelNode_v2"), ("cuGraphAddKernelNode", 0, "cuGraphAddKernelNode"),
        ("cuGraphKernelNodeGetParams", 12000, "cuGraphKernelNodeGetParams_v2"),
        ("cuGraphKernelNodeGetParams", 0, "cuGraphKernelNodeGetParams"),
        ("cuGraphKernelNodeSetParams", 12000, "cuGraphKernelNodeSetParams_v2"),
        ("cuGraphKernelNodeSetParams", 0, "cuGraphKernelNodeSetParams"),
        ("cuGraphExecKernelNodeSetParams", 12000, "cuGraphExecKernelNodeSetParams_v2"),
        ("cuGraphExecKernelNodeSetParams", 0, "cuGraphExecKernelNodeSetParams"),
        ("cuGraphExecUpdate", 12000, "cuGraphExecUpdate_v2"), ("cuGraphExecUpdate", 0, "cuGraphExecUpdate"),
        ("cuGetProcAddress", 12000, "cuGetProcAddress_v2"), ("cuGetProcAddress", 0, "cuGetProcAddress"),
        ("cuStreamGetCaptureInfo", 12030, "cuStreamGetCaptureInfo_v3"), ("cuStreamGetCaptureInfo", 11030, "cuStreamGetCaptureInfo_v2"),
        ("cuStreamGetCaptureInfo", 0, "cuStreamGetCaptureInfo"),
        ("cuStreamUpdateCaptureDependencies", 12030, "cuStreamUpdateCaptureDependencies_v2"),
        ("cuStreamUpdateCaptureDependencies", 0, "cuStreamUpdateCaptureDependencies"),
        ("cuGraphAddDependencies", 12030, "cuGraphAddDependencies_v2"), ("cuGraphAddDependencies", 0, "cuGraphAddDependencies"),
        ("cuGraphRemoveDependencies", 12030, "cuGraphRemoveDependencies_v2"), ("cuGraphRemoveDependencies", 0, "cuGraphRemoveDependencies"),
        ("cuGraphGetEdges", 12030, "cuGraphGetEdges_v2"), ("cuGraphGetEdges", 0, "cuGraphGetEdges"),
        ("cuGraphNodeGetDependencies", 12030, "cuGraphNodeGetDependencies_v2"),
        ("cuGraphNodeGetDependencies", 0, "cuGraphNodeGetDependencies"),
        ("cuGraphNodeGetDependentNodes", 12030, "cuGraphNodeGetDependentNodes_v2"),
        ("cuGraphNodeGetDependentNodes", 0, "cuGraphNodeGetDependentNodes"),
        ("cuGraphAddNode", 12030, "cuGraphAddNode_v2"), ("cuGraphAddNode", 0, "cuGraphAddNode"),
        ("cuMemAdvise", 12020, "cuMemAdvise_v2"), ("cuMemAdvise", 0, "cuMemAdvise"),
        ("cuMemPrefetchAsync", 12020, "cuMemPrefetchAsync_v2"), ("cuMemPrefetchAsync", 0, "cuMemPrefetchAsync"),
        ("cuStreamBeginCapture", 10010, "cuStreamBeginCapture_v2"), ("cuStreamBeginCapture", 0, "cuStreamBeginCapture"),
    ];

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress")]
    static int GetProcAddress(byte* symbol, nint* address, int version, ulong flags) => Find(symbol, address, version, null);

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress_v2")]
    static int GetProcAddress2(byte* symbol, nint* address, int version, ulong flags, int* status) =>
        Find(symbol, address, version, status);

    static int Find(byte* symbol, nint* address, int version, int* status)
    {
        string name = Device.Text(symbol);
        string[] forms = Forms.FirstOrDefault(form => form.Name == name && version >= form.Since) is { Form: { } exact }
            ? [exact] : [name + "_v4", name + "_v3", name + "_v2", name];
        *address = 0;
        foreach (string form in forms)
            if (NativeLibrary.TryGetExport(Self.Value, form, out nint found))
            {
                *address = found;
                if (status != null)
                    *status = 0;
                return 0;
            }
        if (status != null)
            *status = 1;
        Console.Error.WriteLine($"hsenet: cuGetProcAddress: there is no {name} in the emulated driver");
        return (int)Result.NotFound;
    }

    static readonly Lazy<nint> Self = new(() =>
    {
        nint* facts = stackalloc nint[4];
        delegate* unmanaged<uint, int> inside = &Init;
        return dladdr((nint)inside, facts) != 0
            ? NativeLibrary.Load(Marshal.PtrToStringUTF8(facts[0])!) : NativeLibrary.GetMainProgramHandle();
    });

    [DllImport("libc.so.6")]
    static extern int dladdr(nint address, nint* facts);
}
