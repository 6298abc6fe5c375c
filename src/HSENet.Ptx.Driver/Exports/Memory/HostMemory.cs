// Memory that the host reaches: page-locked, mapped, registered, managed; what is known of an address.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocHost_v2")]
    static int MemAllocHost(ulong* address, ulong bytes) =>
        Device.Call("cuMemAllocHost", () => *address = HostMemory(bytes, PieceKind.Host, 0));

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostAlloc")]
    static int MemHostAlloc(ulong* address, ulong bytes, uint flags) =>
        Device.Call("cuMemHostAlloc", () => *address = HostMemory(bytes, PieceKind.Host, flags));

    static ulong HostMemory(ulong bytes, PieceKind kind, uint flags)
    {
        if (bytes == 0)
            throw new DriverException(Result.InvalidValue);
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, HostAlignment);
        NativeMemory.Clear(memory, (nuint)bytes);
        return DeviceMemory.Attach((nint)memory, bytes, kind, flags);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeHost")]
    static int MemFreeHost(ulong address) => Device.Call("cuMemFreeHost", () => Free(address));

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostRegister_v2")]
    static int MemHostRegister(nint address, ulong bytes, uint flags) => Device.Call("cuMemHostRegister", () =>
    {
        if (address == 0 || bytes == 0)
            throw new DriverException(Result.InvalidValue);
        if (DeviceMemory.Find((ulong)address, 1) != null || DeviceMemory.Find((ulong)address + bytes - 1, 1) != null)
            throw new DriverException(Result.HostMemoryAlreadyRegistered);
        DeviceMemory.Attach(address, bytes, PieceKind.Registered, flags);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostUnregister")]
    static int MemHostUnregister(ulong address) => Device.Call("cuMemHostUnregister", () =>
    {
        if (DeviceMemory.Find(address, 1) is not { Kind: PieceKind.Registered })
            throw new DriverException(Result.HostMemoryNotRegistered);
        DeviceMemory.Release(address);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostGetDevicePointer_v2")]
    static int MemHostGetDevicePointer(ulong* address, ulong host, uint flags) => Device.Call("cuMemHostGetDevicePointer", () =>
    {
        DeviceMemory.Need(host, 1);
        *address = host;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostGetFlags")]
    static int MemHostGetFlags(uint* flags, ulong host) =>
        Device.Call("cuMemHostGetFlags", () => *flags = DeviceMemory.Need(host, 1).Flags);

    [UnmanagedCallersOnly(EntryPoint = "cuMemGetAddressRange_v2")]
    static int MemGetAddressRange(ulong* start, ulong* bytes, ulong address) => Device.Call("cuMemGetAddressRange", () =>
    {
        Piece piece = DeviceMemory.Need(address, 1);
        if (start != null)
            *start = piece.Start;
        if (bytes != null)
            *bytes = piece.Bytes;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuPointerGetAttribute")]
    static int PointerGetAttribute(void* value, int attribute, ulong address) => Device.Call("cuPointerGetAttribute", () =>
        Put(value, attribute, address, DeviceMemory.Need(address, 1)));

    [UnmanagedCallersOnly(EntryPoint = "cuPointerGetAttributes")]
    static int PointerGetAttributes(uint count, int* attributes, void** values, ulong address) =>
        Device.Call("cuPointerGetAttributes", () =>
        {
            Piece? piece = DeviceMemory.Find(address, 1);
            for (uint n = 0; n < count; n++)
                if (piece != null)
                    Put(values[n], attributes[n], address, piece);
                else // zero, or what stands for none
                    new Span<byte>(values[n], Width(attributes[n])).Fill((byte)(attributes[n] == 9 ? 0xfe : 0));
        });

    // CU_POINTER_ATTRIBUTE: context, memory type, device and host pointer, synchronous, id, managed, ordinal, start, size, mapped, pool.
    static void Put(void* value, int attribute, ulong address, Piece piece)
    {
        switch (attribute)
        {
            case 1: *(nint*)value = Device.Contexts.Peek(); break;
            case 2: *(uint*)value = piece.Kind is PieceKind.Host or PieceKind.Registered ? 1u : 2; break;
            case 3: *(ulong*)value = address; break;
            case 4: *(ulong*)value = piece.OnHost ? address : throw new DriverException(Result.InvalidValue); break;
            case 6: *(uint*)value = 1; break;
            case 7: *(ulong*)value = piece.Id; break;
            case 8: *(byte*)value = piece.Kind == PieceKind.Managed ? (byte)1 : (byte)0; break;
            case 9: *(int*)value = 0; break;
            case 10: *(byte*)value = 0; break;
            case 11: *(ulong*)value = piece.Start; break;
            case 12: *(ulong*)value = piece.Bytes; break;
            case 13: *(byte*)value = 1; break;
            case 17: *(nint*)value = piece.Pool == null ? 0 : MemoryPool.Default; break;
            default: throw new DriverException(Result.InvalidValue, $"pointer attribute {attribute} is not there");
        }
    }

    static int Width(int attribute) => attribute switch
    {
        8 or 10 or 13 => 1,
        2 or 6 or 9 => 4,
        _ => 8,
    };

    [UnmanagedCallersOnly(EntryPoint = "cuPointerSetAttribute")]
    static int PointerSetAttribute(void* value, int attribute, ulong address) => Device.Call("cuPointerSetAttribute", () =>
    {
        // Copies are synchronous anyway.
        if (attribute != 6)
            throw new DriverException(Result.InvalidValue);
        DeviceMemory.Need(address, 1);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemAdvise")]
    static int MemAdvise(ulong address, ulong bytes, int advice, int device) => Device.Call("cuMemAdvise", () =>
        Advise(address, bytes, advice, device));

    /// <summary>A place is its kind (1 device, 2 host) and number.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuMemAdvise_v2")]
    static int MemAdvise2(ulong address, ulong bytes, int advice, ulong place) => Device.Call("cuMemAdvise", () =>
        Advise(address, bytes, advice, DeviceOf(place)));

    [UnmanagedCallersOnly(EntryPoint = "cuMemPrefetchAsync")]
    static int MemPrefetch(ulong address, ulong bytes, int device, nint stream) => Device.Call("cuMemPrefetchAsync", () =>
        Prefetch(address, bytes, device, stream));

    [UnmanagedCallersOnly(EntryPoint = "cuMemPrefetchAsync_v2")]
    static int MemPrefetch2(ulong address, ulong bytes, ulong place, uint flags, nint stream) => Device.Call("cuMemPrefetchAsync", () =>
        Prefetch(address, bytes, DeviceOf(place), stream));

    // CU_DEVICE_CPU is -1.
    static int DeviceOf(ulong place) => (uint)place == 1 ? (int)(place >> 32) : -1;

    const int LastPrefetch = 4, NoDevice = -2;

    static void Advise(ulong address, ulong bytes, int advice, int device)
    {
        // Read mostly, preferred place, accessed by: each is set and, with the next number, taken back.
        Piece piece = Managed(address, bytes);
        if (advice is < 1 or > 6)
            throw new DriverException(Result.InvalidValue);
        int attribute = (advice + 1) / 2;
        if (advice % 2 == 1)
            piece.Advice[attribute] = attribute == 1 ? 1 : device;
        else
            piece.Advice.Remove(attribute);
    }

    static void Prefetch(ulong address, ulong bytes, int device, nint stream)
    {
        Piece piece = Managed(address, bytes);
        Streams.Submit(stream, () => new EmptyWork());
        piece.Advice[LastPrefetch] = device;
    }

    static Piece Managed(ulong address, ulong bytes) => DeviceMemory.Need(address, bytes) is { Kind: PieceKind.Managed } piece
        ? piece : throw new DriverException(Result.InvalidValue, $"0x{address:x} is no managed memory");

    [UnmanagedCallersOnly(EntryPoint = "cuMemRangeGetAttribute")]
    static int MemRangeGetAttribute(int* value, ulong size, int attribute, ulong address, ulong bytes) =>
        Device.Call("cuMemRangeGetAttribute", () => *value = attribute is >= 1 and <= LastPrefetch && size >= sizeof(int)
            ? Managed(address, bytes).Advice.GetValueOrDefault(attribute, attribute == 1 ? 0 : NoDevice)
            : throw new DriverException(Result.InvalidValue));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamAttachMemAsync")]
    static int StreamAttach(nint stream, ulong address, ulong bytes, uint flags) =>
        Device.Call("cuStreamAttachMemAsync", () => Streams.Submit(stream, () => new EmptyWork()));
}
