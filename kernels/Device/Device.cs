// The one seam between the model and what it runs on: allocate, copy, launch, synchronise.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace HSENet.Kernels;

/// <summary>What a device executes.</summary>
public enum DeviceKind
{
    /// <summary>Host rungs: vectorised C# on the CPU's threads.</summary>
    Host,

    /// <summary>GPU rungs: final PTX through the CUDA driver.</summary>
    Cuda,

    /// <summary>GPU rungs: final PTX in the emulator, every access checked.</summary>
    Emulator,
}

/// <summary>
/// A place where tensors live and rungs run. Launches run in the order they are made; nothing waits except
/// <see cref="Synchronize"/> and the downloads. Every member but <see cref="Name"/>, <see cref="Kind"/> and
/// <see cref="CanRun"/> throws <see cref="ObjectDisposedException"/> once the device is disposed.
/// </summary>
public abstract class Device : IDisposable
{
    [ThreadStatic] static CancellationToken Cancellation;

    DeviceMemory? _scratch;

    /// <summary>Opens a device by its name, as settings and command lines have it.</summary>
    /// <param name="name"><c>auto</c> (a GPU if there is one, otherwise the CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>, or
    /// <c>emulator</c> (the PTX of a GPU, every access checked).</param>
    /// <exception cref="HseNetException">It is none of these, or there is no such GPU.</exception>
    public static Device Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return name switch
            {
                "auto" => CudaDevice.Count > 0 ? CudaDevice.Open() : new HostDevice(),
                "cpu" => new HostDevice(),
                "emulator" => new EmulatorDevice(),
                "cuda" => CudaDevice.Open(),
                _ when name.StartsWith("cuda:", StringComparison.Ordinal)
                    && int.TryParse(name.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) =>
                    CudaDevice.Open(ordinal),
                _ => throw new HseNetException($"device {name}: expected auto, cpu, cuda:N or emulator"),
            };
        }
        catch (CudaDriverException e) when (name != "auto")
        {
            throw new HseNetException($"device {name}: {e.Message}", e);
        }
    }

    /// <summary>Name for people: model of GPU, or "cpu (8 threads)".</summary>
    public abstract string Name { get; }

    /// <summary>What this device executes.</summary>
    public abstract DeviceKind Kind { get; }

    /// <summary>New memory of <paramref name="bytes"/> bytes with undefined content, aligned to at least 256 bytes.</summary>
    /// <param name="bytes">Size, at least 1.</param>
    /// <param name="name">What it is for, in messages.</param>
    /// <exception cref="DeviceMemoryException">The device has no room for it.</exception>
    public abstract DeviceMemory Allocate(long bytes, string name);

    /// <summary>
    /// Makes read-only host memory (a mapped weight file) visible to kernels: in place where the device can read it, as a copy
    /// otherwise. <paramref name="address"/> must stay valid until the returned memory is disposed.
    /// </summary>
    /// <exception cref="DeviceMemoryException">The device has no room for a copy.</exception>
    public abstract DeviceMemory Import(nint address, long bytes, string name);

    /// <summary>Copies host bytes into device memory of the same size.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public abstract void Upload(ReadOnlySpan<byte> source, View<byte> destination);

    /// <summary>Waits for all launches, then copies device memory to as many bytes of the host.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public abstract void Download(View<byte> source, Span<byte> destination);

    /// <summary>Copies between device memories of the same size that do not overlap, in launch order.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public abstract void Copy(View<byte> source, View<byte> destination);

    /// <summary>Sets device memory to zero, in launch order.</summary>
    public abstract void Clear(View<byte> destination);

    /// <summary>Waits until everything that was launched is done.</summary>
    public abstract void Synchronize();

    /// <summary>Seconds that the device takes for what <paramref name="launches"/> starts; on a GPU between two events around it.</summary>
    public virtual double Time(Action launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        Synchronize();
        long start = Stopwatch.GetTimestamp();
        launches();
        Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Whether the device can run the rung at all (kind and architecture); shapes are the rung's own business.</summary>
    public abstract bool CanRun(Rung rung);

    /// <summary>
    /// Loads what a work will launch, and allocates the scratch that its launches take, so that the first request does not wait for it.
    /// The work is called on a device that computes nothing: its memory has no bytes, and what it downloads is 0. On devices that have
    /// nothing to load it is not called.
    /// </summary>
    public virtual void Warm(Action<Device> work) => ArgumentNullException.ThrowIfNull(work);

    /// <summary>Starts a rung. Called by <see cref="Operation{TArguments}"/>, which has checked the arguments.</summary>
    internal abstract void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments) where TArguments : unmanaged;

    /// <summary>The architecture that GPU rungs are chosen for (90: sm_90); 0 where none runs.</summary>
    internal virtual int Architecture => 0;

    /// <summary>Dynamic shared memory that a group can have at most; what a rung launches with more cannot run.</summary>
    internal virtual int SharedBytesPerGroup => int.MaxValue;

    /// <summary>Held while the stages of a launch are started.</summary>
    internal Lock ScratchLock { get; } = new();

    /// <summary>Memory that stages of one launch share. It grows when a launch needs more than any before; for that what has been launched
    /// must have ended.</summary>
    internal virtual View<byte> Scratch(long bytes)
    {
        if (_scratch == null || _scratch.Bytes.Length < bytes)
        {
            Synchronize();
            _scratch?.Dispose();
            _scratch = null;
            _scratch = Allocate(bytes, "scratch of staged kernels");
        }
        return _scratch.Bytes.Slice(0, bytes);
    }

    /// <summary>Called around each launch when set: for traces, per-operation times and the tour in data order.</summary>
    public ILaunchObserver? Observer { get; set; }

    /// <summary>Copies host elements into a view of the same length.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Upload<T>(ReadOnlySpan<T> source, View<T> destination) where T : unmanaged =>
        Upload(MemoryMarshal.AsBytes(source), destination.As<byte>());

    /// <summary>Waits for all launches, then copies a view into host elements of the same length.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Download<T>(View<T> source, Span<T> destination) where T : unmanaged =>
        Download(source.As<byte>(), MemoryMarshal.AsBytes(destination));

    /// <summary>Copies floats into activations of the same length, rounded to their type.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Upload(ReadOnlySpan<float> source, Activations destination)
    {
        if (destination.Type == ActivationType.F32)
        {
            Upload(source, destination.Floats);
            return;
        }
        var stored = new ushort[source.Length];
        for (int i = 0; i < stored.Length; i++)
            stored[i] = (ushort)TensorInstructions.Pack(0f, source[i]);
        Upload<ushort>(stored, destination.Values.As<ushort>());
    }

    /// <summary>Waits for all launches, then copies activations into as many floats.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Download(Activations source, Span<float> destination)
    {
        if (source.Type == ActivationType.F32)
        {
            Download(source.Floats, destination);
            return;
        }
        var stored = new ushort[destination.Length];
        Download<ushort>(source.Values.As<ushort>(), stored);
        for (int i = 0; i < stored.Length; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)stored[i] << 16);
    }

    /// <summary>Copies between two views of the same length that do not overlap, in launch order.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Copy<T>(View<T> source, View<T> destination) where T : unmanaged => Copy(source.As<byte>(), destination.As<byte>());

    /// <summary>
    /// Until the result is disposed, launches of the calling thread end with <see cref="OperationCanceledException"/> once the token is
    /// cancelled: before a launch, on the host also between the items of one, and in the emulator between turns of its warps. What a
    /// cancelled launch writes is undefined.
    /// </summary>
    public static CancellationScope CancelLaunchesBy(CancellationToken cancellation)
    {
        var scope = new CancellationScope(Cancellation);
        Cancellation = cancellation;
        return scope;
    }

    /// <summary>What ends the launches of the calling thread.</summary>
    internal static CancellationToken LaunchCancellation => Cancellation;

    /// <summary>
    /// Waits for the launch that is running and frees what the device holds. Memories may be disposed before or after; what uses the
    /// device from now on gets <see cref="ObjectDisposedException"/>.
    /// </summary>
    public abstract void Dispose();

    /// <summary>The time in which a thread's launches can be cancelled: see <see cref="CancelLaunchesBy"/>.</summary>
    public readonly struct CancellationScope : IDisposable
    {
        readonly CancellationToken _before;

        internal CancellationScope(CancellationToken before) => _before = before;

        /// <summary>Puts back what held before.</summary>
        public void Dispose() => Cancellation = _before;
    }

    /// <summary>The sizes of a copy must be equal on both sides.</summary>
    private protected static void CheckCopy(long source, long destination)
    {
        if (source != destination)
            throw new ArgumentException($"copy of {source} bytes into {destination} bytes");
    }
}

/// <summary>Sees every launch of a <see cref="Device"/>.</summary>
public interface ILaunchObserver
{
    /// <summary>Before the rung is launched.</summary>
    void Launching(Rung rung, object arguments);

    /// <summary>After it was launched; on the host also after it has run.</summary>
    void Launched(Rung rung);
}

/// <summary>An allocation on a device. Views into it are valid until it is disposed.</summary>
public abstract class DeviceMemory : IDisposable
{
    /// <summary>All of the memory.</summary>
    public abstract View<byte> Bytes { get; }

    /// <summary>Elements from a byte offset on, which must be a multiple of the element's size.</summary>
    /// <exception cref="ArgumentException">It is none, or the elements are not inside the memory.</exception>
    public unsafe View<T> View<T>(long byteOffset, long length) where T : unmanaged =>
        byteOffset % sizeof(T) == 0
            ? Bytes.Slice(byteOffset, length * sizeof(T)).As<T>()
            : throw new ArgumentException($"offset {byteOffset} is no multiple of {sizeof(T)}");

    /// <summary>Frees the memory.</summary>
    public abstract void Dispose();
}
