// Modules from PTX text, their kernels and variables, and what a program asks to be logged.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadData")]
    static int ModuleLoadData(nint* module, byte* image) => Device.Call("cuModuleLoadData", () => *module = Load(Image.Text(image)));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadFatBinary")]
    static int ModuleLoadFatBinary(nint* module, byte* image) =>
        Device.Call("cuModuleLoadFatBinary", () => *module = Load(Image.Text(image)));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoadDataEx")]
    static int ModuleLoadDataEx(nint* module, byte* image, uint count, int* options, void** values) =>
        Device.Call("cuModuleLoadDataEx", () => JitOptions.Log(count, options, values, () => *module = Load(Image.Text(image))));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleLoad")]
    static int ModuleLoad(nint* module, byte* path) =>
        Device.Call("cuModuleLoad", () => *module = Load(Image.Read(Device.Text(path))));

    static nint Load(string text) => Device.Add(new LoadedModule(Image.Load(text)));

    [UnmanagedCallersOnly(EntryPoint = "cuModuleUnload")]
    static int ModuleUnload(nint module) => Device.Call("cuModuleUnload", () => Unload(module));

    static void Unload(nint module)
    {
        LoadedModule removed = Device.Remove<LoadedModule>(module);
        foreach (nint function in removed.Functions.Values)
            Device.Remove<Function>(function);
        DeviceMemory.ForgetVariables(removed.Module);
        removed.Module.Dispose();
    }

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetFunction")]
    static int ModuleGetFunction(nint* function, nint module, byte* name) =>
        Device.Call("cuModuleGetFunction", () => *function = FunctionOf(module, Device.Text(name)));

    static nint FunctionOf(nint module, string name)
    {
        LoadedModule owner = Device.Get<LoadedModule>(module);
        if (owner.Functions.TryGetValue(name, out nint known))
            return known;
        return owner.Module.Kernels.TryGetValue(name, out EmulatorKernel? kernel)
            ? owner.Functions[name] = Device.Add(new Function(module, owner, kernel))
            : throw new DriverException(Result.NotFound, $"the module has no kernel '{name}'");
    }

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetFunctionCount")]
    static int ModuleGetFunctionCount(uint* count, nint module) => Device.Call("cuModuleGetFunctionCount", () =>
        *count = (uint)Device.Get<LoadedModule>(module).Module.Kernels.Count);

    [UnmanagedCallersOnly(EntryPoint = "cuModuleEnumerateFunctions")]
    static int ModuleEnumerate(nint* functions, uint count, nint module) => Device.Call("cuModuleEnumerateFunctions", () =>
        Enumerate(functions, count, module));

    static void Enumerate(nint* functions, uint count, nint module)
    {
        foreach (string name in Device.Get<LoadedModule>(module).Module.Kernels.Keys.Take((int)count))
            *functions++ = FunctionOf(module, name);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetLoadingMode")]
    static int ModuleGetLoadingMode(int* mode) => Device.Call("cuModuleGetLoadingMode", () => *mode = 1, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuModuleGetGlobal_v2")]
    static int ModuleGetGlobal(ulong* address, ulong* bytes, nint module, byte* name) => Device.Call("cuModuleGetGlobal", () =>
        VariableOf(address, bytes, module, Device.Text(name)));

    static void VariableOf(ulong* address, ulong* bytes, nint module, string name)
    {
        EmulatorModule program = Device.Get<LoadedModule>(module).Module;
        EmulatorAllocation variable = program.Variable(name)
            ?? throw new DriverException(Result.NotFound, $"the module has no variable '{name}'");
        DeviceMemory.Know(program, variable);
        if (address != null)
            *address = variable.Address;
        if (bytes != null)
            *bytes = (ulong)variable.Bytes;
    }
}
