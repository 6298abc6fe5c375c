// Addresses of functions by their names, in the form that the asked version of the API has.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    // Functions whose arguments changed: name, the version from which, the form. Before the first the name itself is the form.
    static readonly (string Name, int Since, string Form)[] Forms =
    [
        ("cuGraphInstantiate", 12000, "cuGraphInstantiateWithFlags"), ("cuGraphInstantiate", 0, "cuGraphInstantiate_v2"),
        ("cuCtxCreate", 12050, "cuCtxCreate_v4"), ("cuCtxCreate", 11040, "cuCtxCreate_v3"), ("cuCtxCreate", 0, "cuCtxCreate_v2"),
        ("cuStreamGetCaptureInfo", 12030, "cuStreamGetCaptureInfo_v3"), ("cuStreamGetCaptureInfo", 11030, "cuStreamGetCaptureInfo_v2"),
        ("cuStreamBeginCapture", 10010, "cuStreamBeginCapture_v2"),
        .. Second(12000, "cuGraphAddKernelNode", "cuGraphKernelNodeGetParams", "cuGraphKernelNodeSetParams",
            "cuGraphExecKernelNodeSetParams", "cuGraphExecUpdate", "cuGetProcAddress"),
        .. Second(12020, "cuMemAdvise", "cuMemPrefetchAsync"),
        .. Second(12030, "cuStreamUpdateCaptureDependencies", "cuGraphAddDependencies", "cuGraphRemoveDependencies", "cuGraphGetEdges",
            "cuGraphNodeGetDependencies", "cuGraphNodeGetDependentNodes", "cuGraphAddNode"),
    ];

    static IEnumerable<(string, int, string)> Second(int since, params string[] names) => names.Select(name => (name, since, name + "_v2"));

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress")]
    static int GetProcAddress(byte* symbol, nint* address, int version, ulong flags) => Find(symbol, address, version, null);

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress_v2")]
    static int GetProcAddress2(byte* symbol, nint* address, int version, ulong flags, int* status) =>
        Find(symbol, address, version, status);

    static int Find(byte* symbol, nint* address, int version, int* status)
    {
        string name = Device.Text(symbol);
        string[] forms = Forms.All(form => form.Name != name) ? [name + "_v2", name]
            : [Forms.FirstOrDefault(form => form.Name == name && version >= form.Since).Form ?? name];
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
