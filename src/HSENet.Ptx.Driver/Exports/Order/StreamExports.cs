// Streams and events; values in memory that a stream writes or waits for.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreate")]
    static int StreamCreate(nint* stream, uint flags) =>
        Device.Call("cuStreamCreate", () => *stream = Device.Add(new DriverStream(flags, 0)));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreateWithPriority")]
    static int StreamCreateWithPriority(nint* stream, uint flags, int priority) => Device.Call("cuStreamCreateWithPriority", () =>
        *stream = Device.Add(new DriverStream(flags, Math.Clamp(priority, HighestPriority, LowestPriority))));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamDestroy_v2")]
    static int StreamDestroy(nint stream) => Device.Call("cuStreamDestroy", () => Device.Remove<DriverStream>(stream));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamSynchronize")]
    static int StreamSynchronize(nint stream) => Device.Call("cuStreamSynchronize", () => Streams.NotWhileCapturing(stream));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamQuery")]
    static int StreamQuery(nint stream) => Device.Call("cuStreamQuery", () => Streams.NotWhileCapturing(stream));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetPriority")]
    static int StreamGetPriority(nint stream, int* priority) =>
        Device.Call("cuStreamGetPriority", () => *priority = Streams.Get(stream).Priority);

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetFlags")]
    static int StreamGetFlags(nint stream, uint* flags) => Device.Call("cuStreamGetFlags", () => *flags = Streams.Get(stream).Flags);

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetId")]
    static int StreamGetId(nint stream, ulong* id) => Device.Call("cuStreamGetId", () => *id = Streams.Get(stream).Id);

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCtx")]
    static int StreamGetContext(nint stream, nint* context) => Device.Call("cuStreamGetCtx", () =>
    {
        Streams.Get(stream);
        *context = Device.Contexts.Peek();
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetDevice")]
    static int StreamGetDevice(nint stream, int* device) => Device.Call("cuStreamGetDevice", () =>
    {
        Streams.Get(stream);
        *device = 0;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamSetAttribute")]
    static int StreamSetAttribute(nint stream, int attribute, void* value) => Device.Call("cuStreamSetAttribute", () =>
        Streams.Get(stream).Attributes[attribute] = new ReadOnlySpan<byte>(value, LaunchAttribute.Bytes).ToArray());

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetAttribute")]
    static int StreamGetAttribute(nint stream, int attribute, void* value) => Device.Call("cuStreamGetAttribute", () =>
        Streams.Get(stream).Attributes.GetValueOrDefault(attribute, new byte[LaunchAttribute.Bytes])
            .CopyTo(new Span<byte>(value, LaunchAttribute.Bytes)));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCopyAttributes")]
    static int StreamCopyAttributes(nint to, nint from) => Device.Call("cuStreamCopyAttributes", () =>
    {
        foreach ((int attribute, byte[] value) in Streams.Get(from).Attributes)
            Streams.Get(to).Attributes[attribute] = value;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWaitEvent")]
    static int StreamWaitEvent(nint stream, nint moment, uint flags) =>
        Device.Call("cuStreamWaitEvent", () => Streams.Wait(stream, moment, flags));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWriteValue32_v2")]
    static int StreamWriteValue32(nint stream, ulong address, uint value, uint flags) =>
        Device.Call("cuStreamWriteValue32", () => Streams.Submit(stream, () =>
            new FillWork(new() { To = address, Value = value, ElementBytes = 4, Width = 1, Height = 1 })));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWriteValue64_v2")]
    static int StreamWriteValue64(nint stream, ulong address, ulong value, uint flags) => Device.Call("cuStreamWriteValue64", () =>
    {
        for (uint half = 0; half < 2; half++)
        {
            FillArguments arguments = new()
            { To = address + 4 * half, Value = (uint)(value >> (int)(32 * half)), ElementBytes = 4, Width = 1, Height = 1 };
            Streams.Submit(stream, () => new FillWork(arguments));
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWaitValue32_v2")]
    static int StreamWaitValue32(nint stream, ulong address, uint value, uint flags) =>
        Device.Call("cuStreamWaitValue32", () => Await(stream, address, 4, value, flags));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWaitValue64_v2")]
    static int StreamWaitValue64(nint stream, ulong address, ulong value, uint flags) =>
        Device.Call("cuStreamWaitValue64", () => Await(stream, address, 8, value, flags));

    // CU_STREAM_WAIT_VALUE: at least (going round), equal, any bit in common, any bit neither has.
    static void Await(nint stream, ulong address, uint bytes, ulong value, uint flags)
    {
        Streams.NotWhileCapturing(stream);
        DeviceMemory.Need(address, bytes);
        ulong now = bytes == 4 ? *(uint*)address : *(ulong*)address;
        bool isReached = (flags & 3) switch
        {
            0 => bytes == 4 ? (int)(now - value) >= 0 : (long)(now - value) >= 0,
            1 => now == value,
            2 => (now & value) != 0,
            _ => bytes == 4 ? (uint)~(now | value) != 0 : ~(now | value) != 0,
        };
        if (!isReached)
            throw new DriverException(Result.NotSupported, $"a stream waits for {value} at 0x{address:x}, where {now} stands: work is done "
                + "when it is given, so nothing that comes later can be waited for");
    }

    [UnmanagedCallersOnly(EntryPoint = "cuEventCreate")]
    static int EventCreate(nint* moment, uint flags) => Device.Call("cuEventCreate", () => *moment = Device.Add(new Moment(flags)));

    [UnmanagedCallersOnly(EntryPoint = "cuEventDestroy_v2")]
    static int EventDestroy(nint moment) => Device.Call("cuEventDestroy", () => Device.Remove<Moment>(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuEventRecord")]
    static int EventRecord(nint moment, nint stream) => Device.Call("cuEventRecord", () => Streams.Record(stream, moment, 0));

    [UnmanagedCallersOnly(EntryPoint = "cuEventRecordWithFlags")]
    static int EventRecordWithFlags(nint moment, nint stream, uint flags) =>
        Device.Call("cuEventRecordWithFlags", () => Streams.Record(stream, moment, flags));

    [UnmanagedCallersOnly(EntryPoint = "cuEventSynchronize")]
    static int EventSynchronize(nint moment) => Device.Call("cuEventSynchronize", () => Recorded(moment));

    [UnmanagedCallersOnly(EntryPoint = "cuEventQuery")]
    static int EventQuery(nint moment) => Device.Call("cuEventQuery", () => Recorded(moment));

    static Moment Recorded(nint moment) => Device.Get<Moment>(moment) is { Captured: null } recorded
        ? recorded : throw new DriverException(Result.CapturedEvent);

    [UnmanagedCallersOnly(EntryPoint = "cuEventElapsedTime")]
    static int EventElapsedTime(float* milliseconds, nint start, nint end) => Device.Call("cuEventElapsedTime", () =>
        *milliseconds = Between(start, end));

    [UnmanagedCallersOnly(EntryPoint = "cuEventElapsedTime_v2")]
    static int EventElapsedTime2(float* milliseconds, nint start, nint end) => Device.Call("cuEventElapsedTime", () =>
        *milliseconds = Between(start, end));

    static float Between(nint start, nint end)
    {
        (Moment from, Moment to) = (Recorded(start), Recorded(end));
        return from.Ticks < 0 || to.Ticks < 0 || from.HasNoTime || to.HasNoTime
            ? throw new DriverException(Result.InvalidHandle, "an event was not recorded, or was made without time")
            : (float)Stopwatch.GetElapsedTime(from.Ticks, to.Ticks).TotalMilliseconds;
    }
}
