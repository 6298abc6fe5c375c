// GPU rungs without a GPU: final PTX in the emulator, every access checked.
using System.Runtime.InteropServices;
using HSENet.Ptx;

namespace HSENet.Kernels;

/// <summary>
/// Runs GPU rungs in the emulator of HSENet.Ptx. A launch returns when the kernel has run, and throws
/// <see cref="KernelFaultException"/> when the checker found a fault. Launches from several threads run one after the other.
/// </summary>
/// <param name="options">What is checked; null for bounds, alignment and uninitialised reads.</param>
public sealed unsafe class EmulatorDevice(EmulatorOptions? options = null) : Device
{
    readonly EmulatorOptions _options = options ?? EmulatorOptions.Default;
    readonly EmulatorMemory _memory = new();
    readonly SortedList<ulong, EmulatorAllocation> _allocations = [];
    readonly List<EmulatorAllocation> _inOrder = [];
    readonly Dictionary<Rung, EmulatorKernel> _kernels = new(ReferenceEqualityComparer.Instance);
    readonly Lock _lock = new();
    bool _disposed;

    /// <inheritdoc/>
    public override string Name => "emulator";

    /// <inheritdoc/>
    public override DeviceKind Kind => DeviceKind.Emulator;

    internal override int Architecture => 90;

    /// <summary>Instructions of all launches so far, counted once for each active lane.</summary>
    public long Instructions { get; private set; }

    /// <summary>Called after each launch with what was counted, when the options ask for a profile.</summary>
    public Action<Rung, LaunchProfile>? Profiled { get; set; }

    /// <summary>Gets each launch instead of the emulator, as when its time is to be predicted.</summary>
    public Action<EmulatedLaunch>? Instead { get; set; }

    /// <summary>Gets each launch before the emulator runs it.</summary>
    internal Action<EmulatedLaunch>? Before { get; set; }

    /// <summary>Where the PTX of a rung comes from: tests break it.</summary>
    internal Func<Rung, string> Texts { get; init; } = KernelTexts.Get;

    /// <inheritdoc/>
    public override DeviceMemory Allocate(long bytes, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        try
        {
            lock (_lock)
            {
                ThrowIfDisposed();
                Memory memory = Add(_memory.Allocate(bytes, name));
                if ((Instead ?? Before) != null) // nobody writes it, and what comes out must not depend on what lay there
                    NativeMemory.Clear(memory.Bytes.Pointer, (nuint)bytes);
                return memory;
            }
        }
        catch (OutOfMemoryException)
        {
            throw new DeviceMemoryException(Name, name, bytes);
        }
    }

    /// <inheritdoc/>
    public override DeviceMemory Import(nint address, long bytes, string name)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            return Add(_memory.Attach(address, bytes, name, readOnly: true));
        }
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, View<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        if (destination.IsEmpty)
            return;
        lock (_lock)
        {
            var (allocation, offset) = Find(destination);
            allocation.Write(source, offset);
        }
    }

    /// <inheritdoc/>
    public override void Download(View<byte> source, Span<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        if (source.IsEmpty)
            return;
        lock (_lock)
        {
            var (allocation, offset) = Find(source);
            allocation.Read(destination, offset);
        }
    }

    /// <summary>Copies between device memories of the same size that do not overlap. The copy counts as initialised.</summary>
    public override void Copy(View<byte> source, View<byte> destination)
    {
        CheckCopy(source.Length, destination.Length);
        if (source.IsEmpty)
            return;
        lock (_lock)
        {
            Find(source);
            var (allocation, offset) = Find(destination);
            allocation.MarkInitialised(offset, destination.Length);
            NativeMemory.Copy(source.Pointer, destination.Pointer, (nuint)source.Length);
        }
    }

    /// <inheritdoc/>
    public override void Clear(View<byte> destination)
    {
        if (destination.IsEmpty)
            return;
        lock (_lock)
        {
            var (allocation, offset) = Find(destination);
            allocation.MarkInitialised(offset, destination.Length);
            NativeMemory.Clear(destination.Pointer, (nuint)destination.Length);
        }
    }

    /// <summary>Declares bytes uninitialised again, as when an arena hands them to another tensor: reading them before a write is a
    /// fault.</summary>
    public void MarkUninitialised(View<byte> view)
    {
        lock (_lock)
        {
            var (allocation, offset) = Find(view);
            allocation.MarkUninitialised(offset, view.Length);
        }
    }

    /// <inheritdoc/>
    public override void Synchronize() => ThrowIfDisposed();

    // What a stage does not write is a fault to read; of a sample of blocks the stages do not write all.
    internal override View<byte> Scratch(long bytes)
    {
        var scratch = base.Scratch(bytes);
        if (_options.SampledInstructions > 0)
            Clear(scratch);
        else
            MarkUninitialised(scratch);
        return scratch;
    }

    /// <inheritdoc/>
    public override bool CanRun(Rung rung) => rung.Target == RungTarget.Gpu;

    internal override void Launch<TArguments>(Rung<TArguments> rung, in TArguments arguments)
    {
        var shape = rung.Launch!(arguments);
        if ((Instead ?? Before) is { } listener)
        {
            PlacedMemory placed;
            lock (_lock)
                placed = new PlacedMemory(_inOrder);
            var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<TArguments>(in arguments));
            listener(new EmulatedLaunch(rung, new Dim3(shape.GridX, shape.GridY, shape.GridZ), rung.Group, shape.DynamicSharedBytes,
                placed.Parameters(bytes), placed.Word, bytes.ToArray(), _memory));
            if (Instead != null)
                return;
        }
        lock (_lock)
        {
            ThrowIfDisposed();
            LaunchCancellation.ThrowIfCancellationRequested();
            var result = new Emulator(_memory)
                .Launch(Kernel(rung), new Dim3(shape.GridX, shape.GridY, shape.GridZ), rung.Group, shape.DynamicSharedBytes,
                MemoryMarshal.AsBytes(new ReadOnlySpan<TArguments>(in arguments)),
                LaunchCancellation.CanBeCanceled ? _options with { Cancellation = LaunchCancellation } : _options);
            Instructions += result.Instructions;
            if (result.FindingCount > 0)
                throw new KernelFaultException(result.Findings, result.FindingCount);
            if (result.Profile != null)
                Profiled?.Invoke(rung, result.Profile);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (var kernel in _kernels.Values)
                kernel.Module.Dispose();
            _kernels.Clear();
            _allocations.Clear();
            _inOrder.Clear();
            _memory.Dispose();
        }
    }

    void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    EmulatorKernel Kernel(Rung rung)
    {
        if (!_kernels.TryGetValue(rung, out var kernel))
            _kernels[rung] = kernel = EmulatorModule.Load(Texts(rung)).Kernel(rung.EntryName);
        return kernel;
    }

    Memory Add(EmulatorAllocation allocation)
    {
        lock (_lock)
        {
            _allocations.Add(allocation.Address, allocation);
            _inOrder.Add(allocation);
        }
        return new Memory(this, allocation);
    }

    void Remove(EmulatorAllocation allocation)
    {
        lock (_lock)
            if (!_allocations.Remove(allocation.Address) | !_inOrder.Remove(allocation))
                return;
        allocation.Dispose();
    }

    /// <summary>The allocation that a view lies in.</summary>
    (EmulatorAllocation Allocation, long Offset) Find(View<byte> view)
    {
        ulong address = (ulong)view.Address;
        lock (_lock)
        {
            ThrowIfDisposed();
            int low = 0, high = _allocations.Count; // the first allocation behind the address
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_allocations.GetKeyAtIndex(middle) <= address)
                    low = middle + 1;
                else
                    high = middle;
            }
            if (low > 0 && _allocations.GetValueAtIndex(low - 1) is var found
                && address - found.Address + (ulong)view.Length <= (ulong)found.Bytes)
                return (found, (long)(address - found.Address));
        }
        throw new ArgumentException($"{view.Length} bytes at 0x{address:x} do not lie in memory of this device");
    }

    sealed class Memory(EmulatorDevice device, EmulatorAllocation allocation) : DeviceMemory
    {
        public override View<byte> Bytes { get; } = new((long)allocation.Address, allocation.Bytes);

        public override void Dispose() => device.Remove(allocation);
    }
}

/// <summary>A launch that <see cref="EmulatorDevice.Instead"/> gets.</summary>
/// <param name="Rung">What is launched.</param>
/// <param name="Grid">Blocks.</param>
/// <param name="Block">Threads of a block.</param>
/// <param name="DynamicSharedBytes">Dynamic shared memory.</param>
/// <param name="Parameters">Bytes of the parameters, with addresses that are the same in every process.</param>
/// <param name="Word">Reads four bytes of the device's memory at such an address.</param>
/// <param name="EmulatorParameters">Bytes of the parameters with the addresses of <paramref name="Memory"/>.</param>
/// <param name="Memory">The device's memory.</param>
public sealed record EmulatedLaunch(Rung Rung, Dim3 Grid, Dim3 Block, int DynamicSharedBytes, byte[] Parameters, Func<ulong, uint> Word,
    byte[] EmulatorParameters, EmulatorMemory Memory)
{
    /// <summary>The launch for the model of time.</summary>
    internal TimedLaunch Timed(string ptx, long bufferBytes) =>
        new(ptx, Rung.EntryName, Grid, Block, DynamicSharedBytes, Parameters, bufferBytes, Word);
}
