// Launches in every form, and calls of the program's own functions.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuLaunchKernel")]
    static int LaunchKernel(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared,
        nint stream, byte** parameters, nint* extra) => Device.Call("cuLaunchKernel", () =>
            Launch(function, Size(gridX, gridY, gridZ), Size(blockX, blockY, blockZ), shared, stream, parameters, extra, false));

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchCooperativeKernel")]
    static int LaunchCooperative(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared,
        nint stream, byte** parameters) => Device.Call("cuLaunchCooperativeKernel", () =>
            Launch(function, Size(gridX, gridY, gridZ), Size(blockX, blockY, blockZ), shared, stream, parameters, null, true));

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchKernelEx")]
    static int LaunchKernelEx(LaunchConfig* config, nint function, byte** parameters, nint* extra) => Device.Call("cuLaunchKernelEx", () =>
    {
        LaunchAttributes attributes = LaunchAttributes.Read(config);
        if (attributes.Before != 0)
            Streams.Record(config->Stream, attributes.Before, 0);
        Launch(function, config->Grid, config->Block, config->SharedBytes, config->Stream, parameters, extra, attributes.Cooperative);
        if (attributes.After != 0)
            Streams.Record(config->Stream, attributes.After, 0);
    });

    static Dim3 Size(uint x, uint y, uint z) => new((int)x, (int)y, (int)z);

    static void Launch(nint function, Dim3 grid, Dim3 block, uint shared, nint stream, byte** parameters, nint* extra, bool cooperative) =>
        Streams.Submit(stream, () => new KernelWork(function, grid, block, shared, parameters, extra, cooperative));

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchHostFunc")]
    static int LaunchHostFunction(nint stream, nint function, nint data) => Device.Call("cuLaunchHostFunc", () =>
        Streams.Submit(stream, () => function != 0 ? new HostWork(function, data) : throw new DriverException(Result.InvalidValue)));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamAddCallback")]
    static int StreamAddCallback(nint stream, nint function, nint data, uint flags) => Device.Call("cuStreamAddCallback", () =>
    {
        Streams.NotWhileCapturing(stream);
        new CallbackWork(function != 0 ? function : throw new DriverException(Result.InvalidValue), stream, data).Run();
    });
}
