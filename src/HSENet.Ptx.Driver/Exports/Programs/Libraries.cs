// Libraries and their kernels, which need no context: modules and functions under other names. Linking of several PTX texts.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuLibraryLoadData")]
    static int LibraryLoadData(nint* library, byte* code, int* options, void** values, uint count, int* more, void** moreValues,
        uint moreCount) => Device.Call("cuLibraryLoadData", () =>
            JitOptions.Log(count, options, values, () => *library = Load(Image.Text(code))), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryLoadFromFile")]
    static int LibraryLoadFromFile(nint* library, byte* path, int* options, void** values, uint count, int* more, void** moreValues,
        uint moreCount) => Device.Call("cuLibraryLoadFromFile", () =>
            JitOptions.Log(count, options, values, () => *library = Load(Image.Read(Device.Text(path)))), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryUnload")]
    static int LibraryUnload(nint library) => Device.Call("cuLibraryUnload", () => Unload(library), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryGetKernel")]
    static int LibraryGetKernel(nint* kernel, nint library, byte* name) =>
        Device.Call("cuLibraryGetKernel", () => *kernel = FunctionOf(library, Device.Text(name)), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryGetKernelCount")]
    static int LibraryGetKernelCount(uint* count, nint library) => Device.Call("cuLibraryGetKernelCount", () =>
        *count = (uint)Device.Get<LoadedModule>(library).Module.Kernels.Count, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryEnumerateKernels")]
    static int LibraryEnumerate(nint* kernels, uint count, nint library) =>
        Device.Call("cuLibraryEnumerateKernels", () => Enumerate(kernels, count, library), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryGetModule")]
    static int LibraryGetModule(nint* module, nint library) => Device.Call("cuLibraryGetModule", () =>
    {
        Device.Get<LoadedModule>(library);
        *module = library;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryGetGlobal")]
    static int LibraryGetGlobal(ulong* address, ulong* bytes, nint library, byte* name) => Device.Call("cuLibraryGetGlobal", () =>
        VariableOf(address, bytes, library, Device.Text(name)));

    [UnmanagedCallersOnly(EntryPoint = "cuLibraryGetManaged")]
    static int LibraryGetManaged(ulong* address, ulong* bytes, nint library, byte* name) => Device.Call("cuLibraryGetManaged", () =>
        VariableOf(address, bytes, library, Device.Text(name)), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuKernelGetFunction")]
    static int KernelGetFunction(nint* function, nint kernel) => Device.Call("cuKernelGetFunction", () =>
    {
        Device.Get<Function>(kernel);
        *function = kernel;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuKernelGetLibrary")]
    static int KernelGetLibrary(nint* library, nint kernel) =>
        Device.Call("cuKernelGetLibrary", () => *library = Device.Get<Function>(kernel).Module, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuKernelGetName")]
    static int KernelGetName(byte** name, nint kernel) => Device.Call("cuKernelGetName", () =>
        *name = Device.Kept(Device.Get<Function>(kernel).Kernel.Name), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuKernelGetParamInfo")]
    static int KernelGetParameter(nint kernel, ulong index, ulong* offset, ulong* bytes) =>
        Device.Call("cuKernelGetParamInfo", () => PutParameter(kernel, index, offset, bytes), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuKernelGetAttribute")]
    static int KernelGetAttribute(int* value, int attribute, nint kernel, int device) => OfDevice("cuKernelGetAttribute", device, () =>
        *value = Get(Device.Get<Function>(kernel), attribute));

    [UnmanagedCallersOnly(EntryPoint = "cuKernelSetAttribute")]
    static int KernelSetAttribute(int attribute, int value, nint kernel, int device) => OfDevice("cuKernelSetAttribute", device, () =>
        Set(Device.Get<Function>(kernel), attribute, value));

    [UnmanagedCallersOnly(EntryPoint = "cuKernelSetCacheConfig")]
    static int KernelSetCacheConfig(nint kernel, int config, int device) =>
        OfDevice("cuKernelSetCacheConfig", device, () => Device.Get<Function>(kernel));

    [UnmanagedCallersOnly(EntryPoint = "cuLinkCreate_v2")]
    static int LinkCreate(uint count, int* options, void** values, nint* state) => Device.Call("cuLinkCreate", () =>
    {
        JitOptions.Log(count, options, values, () => { });
        *state = Device.Add(new Linker());
    });

    [UnmanagedCallersOnly(EntryPoint = "cuLinkAddData_v2")]
    static int LinkAddData(nint state, int type, byte* data, ulong size, byte* name, uint count, int* options, void** values) =>
        Device.Call("cuLinkAddData", () => JitOptions.Log(count, options, values, () =>
            Device.Get<Linker>(state).Add(type, Image.Text(data, size), name == null ? "" : Device.Text(name))));

    [UnmanagedCallersOnly(EntryPoint = "cuLinkAddFile_v2")]
    static int LinkAddFile(nint state, int type, byte* path, uint count, int* options, void** values) =>
        Device.Call("cuLinkAddFile", () => JitOptions.Log(count, options, values, () =>
            Device.Get<Linker>(state).Add(type, Image.Read(Device.Text(path)), Device.Text(path))));

    [UnmanagedCallersOnly(EntryPoint = "cuLinkComplete")]
    static int LinkComplete(nint state, void** image, ulong* size) => Device.Call("cuLinkComplete", () =>
    {
        (nint text, int bytes) = Device.Get<Linker>(state).Complete();
        *image = (void*)text;
        if (size != null)
            *size = (ulong)bytes;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuLinkDestroy")]
    static int LinkDestroy(nint state) => Device.Call("cuLinkDestroy", () => Device.Remove<Linker>(state).Free());
}
