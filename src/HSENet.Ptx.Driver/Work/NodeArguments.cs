// How programs hand over the arguments of a graph's nodes.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

/// <summary>CUDA_KERNEL_NODE_PARAMS; its second form has two more fields.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct KernelArguments
{
    public nint Function;
    public uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
    public byte** Parameters;
    public nint* Extra;

    public readonly KernelWork ToWork(nint kernel = 0, bool cooperative = false) => new(Function != 0 ? Function : kernel,
        new Dim3((int)GridX, (int)GridY, (int)GridZ), new Dim3((int)BlockX, (int)BlockY, (int)BlockZ), SharedBytes, Parameters, Extra,
        cooperative);

    public static KernelArguments Of(KernelWork work) => new()
    {
        Function = work.Handle,
        GridX = (uint)work.Grid.X,
        GridY = (uint)work.Grid.Y,
        GridZ = (uint)work.Grid.Z,
        BlockX = (uint)work.Block.X,
        BlockY = (uint)work.Block.Y,
        BlockZ = (uint)work.Block.Z,
        SharedBytes = work.SharedBytes,
        Parameters = work.ParameterList(),
    };
}

/// <summary>CUDA_KERNEL_NODE_PARAMS_v2: the kernel of a library may stand instead of the function.</summary>
[StructLayout(LayoutKind.Sequential)]
struct KernelArguments2
{
    public KernelArguments First;
    public nint Kernel, Context;

    public readonly KernelWork ToWork() => First.ToWork(Kernel);
}

/// <summary>CUDA_HOST_NODE_PARAMS.</summary>
[StructLayout(LayoutKind.Sequential)]
struct HostArguments
{
    public nint Function, Data;
}

/// <summary>CUDA_MEM_ALLOC_NODE_PARAMS: properties of the pool, access, size, and the address that the node gets.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct AllocationArguments
{
    public fixed byte Pool[88];
    public nint Access;
    public ulong AccessCount, Bytes, Address;
}

/// <summary>CUgraphNodeParams: a kind, and from byte 16 on what that kind takes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
struct NodeArguments
{
    [FieldOffset(0)] public int Kind;
    [FieldOffset(16)] public KernelArguments2 Kernel;

    // Flags and a context stand before the copy.
    [FieldOffset(32)] public Copy3D Copy;
    [FieldOffset(16)] public FillArguments Fill;
    [FieldOffset(16)] public HostArguments Host;
    [FieldOffset(16)] public AllocationArguments Allocation;
    [FieldOffset(16)] public ulong Address;
    [FieldOffset(16)] public nint Handle;

    public readonly Work ToWork() => (NodeKind)Kind switch
    {
        NodeKind.Kernel => Kernel.ToWork(),
        NodeKind.Copy => new CopyWork(Copy),
        NodeKind.Fill => new FillWork(Fill),
        NodeKind.Host => new HostWork(Host.Function, Host.Data),
        NodeKind.Graph => new GraphWork(Device.Get<Graph>(Handle).Clone()),
        NodeKind.Empty => new EmptyWork(),
        NodeKind.EventWait => new EventWaitWork(Handle),
        NodeKind.EventRecord => new EventRecordWork(Device.Get<Moment>(Handle), Handle),
        NodeKind.Allocation => new AllocationWork(DeviceMemory.Allocate(Allocation.Bytes), Allocation.Bytes),
        NodeKind.Free => new FreeWork(Address),
        _ => throw new DriverException(Result.NotSupported, $"nodes of kind {Kind} are not supported by the emulated driver"),
    };
}
