// The CPU as a device: native memory, host rungs on a small pool of threads.
using System.Runtime.InteropServices;

namespace HSENet.Kernels;

/// <summary>Runs host rungs: plain C# on vectors, on <see cref="Threads"/> threads. A launch returns when the rung has run.</summary>
public sealed unsafe class HostDevice : Device
{
    // Far beyond any machine: a number that was meant for something else would start a thread for each.
    const int MostThreads = 4096;

    readonly WorkerPool _pool;
    readonly Lock _launch = new();
    readonly nint[] _scratch;
    readonly long[] _scratchBytes;
    bool _disposed;

    /// <summary>A host device with the given number of threads; 0 means one for each processor.</summary>
    public HostDevice(int threads = 0) : this(threads, HostVector.DefaultBits) { }

    /// <summary>A host device whose products and attention use vectors of 128, 256 or 512 bits, whether the machine has them or
    /// not.</summary>
    internal HostDevice(int threads, int vectorBits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MostThreads);
        VectorBits = vectorBits;
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        _pool = new WorkerPool(Threads);
        _scratch = new nint[Threads + 1]; // the last one belongs to no worker
        _scratchBytes = new long[Threads + 1];
    }

    internal WorkerPool Pool => _pool;

    /// <summary>Threads that share the work, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Width of vectors in products and attention: the widest that the machine has, or what HSENET_HOST_VECTORS says.</summary>
    public int VectorBits { get; }

    /// <inheritdoc/>
    public override string Name => $"cpu ({Threads} threads)";

    /// <inheritdoc/>
    public override DeviceKind Kind => DeviceKind.Host;

    /// <inheritdoc/>
    public override DeviceMemory Allocate(long bytes, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ThrowIfDisposed();
        try
        {
            return new HostMemory(HostPages.Allocate(bytes), bytes, owned: true);
        }
        catch (OutOfMemoryException)
        {
            throw new DeviceMemoryException(Name, name, bytes);
        }
    }

    /// <inheritdoc/>
    public override DeviceMemory Import(nint address, long bytes, string name)
    {
        ThrowIfDisposed();
        return new HostMemory(address, bytes, owned: false);
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, View<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        ThrowIfDisposed();
        source.CopyTo(destination.AsSpan());
    }

    /// <inheritdoc/>
    public override void Download(View<byte> source, Span<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        ThrowIfDisposed();
        source.AsSpan().CopyTo(destination);
    }

    /// <inheritdoc/>
    public override void Copy(View<byte> source, View<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        ThrowIfDisposed();
        NativeMemory.Copy(source.Pointer, destination.Pointer, (nuint)source.Length);
    }

    /// <inheritdoc/>
    public override void Clear(View<byte> destination)
    {
        ThrowIfDisposed();
        NativeMemory.Clear(destination.Pointer, (nuint)destination.Length);
    }

    /// <inheritdoc/>
    public override void Synchronize() => ThrowIfDisposed();

    /// <inheritdoc/>
    public override bool CanRun(Rung rung) => rung.Target == RungTarget.Host;

    internal override void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments)
    {
        // One launch at a time, as on a stream: the workers' scratch memory belongs to it, whichever thread it came from.
        lock (_launch)
        {
            ThrowIfDisposed();
            LaunchCancellation.ThrowIfCancellationRequested();
            rung.HostKernel!(this, arguments);
        }
    }

    /// <summary>Runs <paramref name="count"/> items of <paramref name="work"/> on all threads and waits for them.</summary>
    public void For<TWork>(int count, TWork work) where TWork : struct, IHostWork => _pool.For(count, ref work);

    /// <summary>The same for work that is written once for every width of vectors, at the width of this device.</summary>
    internal void ForVectors<TWork>(int count, TWork work) where TWork : struct, IHostVectorWork
    {
        switch (VectorBits)
        {
            case 512:
                For(count, new AtWidth<TWork, Wide512>(work));
                break;
            case 256:
                For(count, new AtWidth<TWork, Wide256>(work));
                break;
            default:
                For(count, new AtWidth<TWork, Wide128>(work));
                break;
        }
    }

    readonly struct AtWidth<TWork, TVector>(TWork work) : IHostWork
        where TWork : struct, IHostVectorWork
        where TVector : unmanaged, IHostVector<TVector>
    {
        public void Run(int index, int worker) => work.Run<TVector>(index, worker);
    }

    /// <summary>
    /// Scratch memory of one worker, aligned to 64 bytes, valid until its next call. It only grows, so that launches in steady state
    /// allocate nothing.
    /// </summary>
    internal T* Scratch<T>(int worker, long count) where T : unmanaged
    {
        long bytes = count * sizeof(T);
        if (_scratchBytes[worker] < bytes)
        {
            NativeMemory.AlignedFree((void*)_scratch[worker]);
            _scratch[worker] = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            _scratchBytes[worker] = bytes;
        }
        return (T*)_scratch[worker];
    }

    /// <summary>Scratch memory of a whole launch, which all workers see; an operation that this launch runs inside itself must not ask for
    /// it.</summary>
    internal T* SharedScratch<T>(long count) where T : unmanaged => Scratch<T>(Threads, count);

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_launch)
        {
            if (_disposed)
                return;
            _disposed = true;
            _pool.Dispose();
            FreeScratch();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets the threads of a forgotten device end.</summary>
    // No launch can be running, and the threads hold the pool only.
    ~HostDevice()
    {
        _pool?.Stop();
        FreeScratch();
    }

    void FreeScratch()
    {
        foreach (ref nint scratch in _scratch.AsSpan())
            NativeMemory.AlignedFree((void*)Interlocked.Exchange(ref scratch, 0));
    }

    void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    sealed class HostMemory(nint address, long bytes, bool owned) : DeviceMemory
    {
        nint _address = address;

        public override View<byte> Bytes { get; } = new(address, bytes);

        public override void Dispose()
        {
            nint freed = Interlocked.Exchange(ref _address, 0);
            if (owned && freed != 0)
                HostPages.Free(freed, bytes);
            GC.SuppressFinalize(this);
        }

        ~HostMemory() => Dispose();
    }
}
