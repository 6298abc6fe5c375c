// An NVIDIA GPU as a device: the final PTX that travels with the package, loaded and launched through the driver.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>
/// Runs GPU rungs on a CUDA device. A rung's text is assembled by the driver at its first launch and kept. Launches return at once;
/// <see cref="Device.Download(View{byte}, Span{byte})"/> and <see cref="Device.Synchronize"/> wait.
/// </summary>
public sealed unsafe class CudaDevice : Device
{
    /// <summary>The lowest compute capability that any rung is compiled for: 8.0 (A100; consumer cards from the RTX 30 series
    /// on).</summary>
    public const int LowestArchitecture = 80;

    // Above this a kernel's dynamic shared memory must be asked for.
    const int DefaultDynamicSharedBytes = 48 << 10;

    // Grids of y and z are 16-bit in every architecture.
    const int LargestGridYz = 65535;

    readonly ICudaDriver _driver;
    readonly nint _context;
    readonly int _architecture;
    readonly long _totalBytes;
    readonly Dictionary<Rung, nint> _functions = new(ReferenceEqualityComparer.Instance); // comparing records would cost more than a launch
    readonly nint[] _events = new nint[2];
    readonly List<nint> _modules = [];
    readonly Lock _lock = new();
    bool _disposed;

    CudaDevice(ICudaDriver driver, int ordinal, string name, int architecture, long totalBytes)
    {
        (_driver, _architecture, _totalBytes) = (driver, architecture, totalBytes);
        Name = $"cuda:{ordinal} ({name})";
        SharedBytesPerGroup = driver.SharedBytesPerGroup(ordinal);
        _context = driver.CreateContext(ordinal);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override DeviceKind Kind => DeviceKind.Cuda;

    internal override int Architecture => _architecture;

    internal override int SharedBytesPerGroup { get; }

    /// <summary>Number of CUDA devices; 0 when the machine has no driver.</summary>
    public static int Count => CudaDriver.TryOpen()?.DeviceCount() ?? 0;

    /// <summary>Opens a GPU.</summary>
    /// <param name="ordinal">Number of the device, from 0.</param>
    /// <exception cref="CudaDriverException">There is no driver or no such device, or the GPU is older than
    /// <see cref="LowestArchitecture"/>.</exception>
    public static CudaDevice Open(int ordinal = 0) =>
        Open(CudaDriver.TryOpen() ?? throw new CudaDriverException("cuInit",
            "this machine has no CUDA driver; a HostDevice runs everywhere"), ordinal);

    internal static CudaDevice Open(ICudaDriver driver, int ordinal)
    {
        int count = driver.DeviceCount();
        if (ordinal < 0 || ordinal >= count)
            throw new CudaDriverException("cuDeviceGet", $"there is no device cuda:{ordinal}; this machine has {count}");
        var (name, major, minor, bytes) = driver.DeviceFacts(ordinal);
        int architecture = 10 * major + minor;
        if (architecture < LowestArchitecture)
            throw new CudaDriverException("cuDeviceGet",
                $"{name} is sm_{architecture}: the kernels need sm_{LowestArchitecture} or newer; a HostDevice runs everywhere");
        return new CudaDevice(driver, ordinal, name, architecture, bytes);
    }

    /// <inheritdoc/>
    public override DeviceMemory Allocate(long bytes, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        lock (_lock)
        {
            var driver = Current();
            nint address = driver.Allocate(bytes);
            if (address == 0)
                throw new DeviceMemoryException(Name, name, bytes, $"{driver.MemoryInfo().Free:N0} of {_totalBytes:N0} bytes are free");
            return new Memory(this, address, bytes);
        }
    }

    /// <inheritdoc/>
    public override DeviceMemory Import(nint address, long bytes, string name)
    {
        var memory = Allocate(bytes, name);
        for (long done = 0; done < bytes;)
        {
            int part = (int)Math.Min(1 << 30, bytes - done);
            Upload(new ReadOnlySpan<byte>((byte*)address + done, part), memory.Bytes.Slice(done, part));
            done += part;
        }
        return memory;
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, View<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        lock (_lock)
            if (!source.IsEmpty)
                Current().CopyToDevice((nint)destination.Address, source);
    }

    /// <inheritdoc/>
    public override void Download(View<byte> source, Span<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        lock (_lock)
            if (!source.IsEmpty)
                Current().CopyToHost(destination, (nint)source.Address);
    }

    /// <inheritdoc/>
    public override void Copy(View<byte> source, View<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        lock (_lock)
            if (!source.IsEmpty)
                Current().CopyOnDevice((nint)destination.Address, (nint)source.Address, source.Length);
    }

    /// <inheritdoc/>
    public override void Clear(View<byte> destination)
    {
        lock (_lock)
            if (!destination.IsEmpty)
                Current().Clear((nint)destination.Address, destination.Length);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        lock (_lock)
            Current().Synchronize();
    }

    /// <inheritdoc/>
    public override double Time(Action launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        var driver = Current();
        if (_events[0] == 0)
            (_events[0], _events[1]) = (driver.CreateEvent(), driver.CreateEvent());
        // Not waited for before: what is queued ahead hides the time that launching takes.
        driver.RecordEvent(_events[0]);
        launches();
        driver.RecordEvent(_events[1]);
        return driver.SecondsBetween(_events[0], _events[1]);
    }

    /// <inheritdoc/>
    public override bool CanRun(Rung rung) => rung.Target == RungTarget.Gpu && rung.RunsOn(_architecture);

    internal override void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments)
    {
        var shape = rung.Launch!(arguments);
        if (shape.GridX < 1 || shape.GridY is < 1 or > LargestGridYz || shape.GridZ is < 1 or > LargestGridYz)
            throw new KernelArgumentException(rung.Operation, "grid", $"x ≥ 1, y and z from 1 to {LargestGridYz}",
                $"{shape.GridX} × {shape.GridY} × {shape.GridZ}");
        LaunchCancellation.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var driver = Current();
            nint function = Function(driver, rung, shape.DynamicSharedBytes);
            // The kernel's one parameter is the arguments struct, by value.
            void* parameter = Unsafe.AsPointer(ref Unsafe.AsRef(in arguments));
            driver.Launch(function, shape, rung.Group, (nint)(&parameter));
        }
    }

    /// <inheritdoc/>
    public override void Warm(Action<Device> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var rehearsal = new RehearsalDevice(this);
        work(rehearsal);
        lock (_lock)
            foreach (var rung in rehearsal.Rungs)
                Function(Current(), rung, 0);
        if (rehearsal.ScratchBytes > 0)
            lock (ScratchLock)
                Scratch(rehearsal.ScratchBytes);
    }

    nint Function(ICudaDriver driver, Rung rung, int dynamicSharedBytes)
    {
        if (!_functions.TryGetValue(rung, out nint function))
        {
            nint module = driver.LoadModule(KernelTexts.Get(rung));
            _modules.Add(module);
            _functions.Add(rung, function = driver.GetFunction(module, rung.EntryName));
        }
        if (dynamicSharedBytes > DefaultDynamicSharedBytes)
            driver.AllowDynamicSharedMemory(function, dynamicSharedBytes);
        return function;
    }

    // The driver keeps a current context per thread.
    ICudaDriver Current()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _driver.SetCurrentContext(_context);
        return _driver;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            var driver = Current();
            driver.Synchronize();
            _modules.ForEach(driver.UnloadModule);
            foreach (nint @event in _events)
                if (@event != 0)
                    driver.DestroyEvent(@event);
            driver.DestroyContext(_context);
            _disposed = true;
        }
    }

    // The context's memory is gone with it.
    void Free(nint address)
    {
        lock (_lock)
            if (!_disposed)
                Current().Free(address);
    }

    sealed class Memory(CudaDevice device, nint address, long bytes) : DeviceMemory
    {
        nint _address = address;

        public override View<byte> Bytes { get; } = new(address, bytes);

        public override void Dispose()
        {
            nint freed = Interlocked.Exchange(ref _address, 0);
            if (freed != 0)
                device.Free(freed);
        }
    }
}
