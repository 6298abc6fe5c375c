// The driver's calls on the emulator, in this process: a CudaDevice whose loads and launches a test can count.
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Runtime.Tests;

/// <summary>An H200 as the driver shows it, with memory and kernels of the emulator.</summary>
sealed unsafe class EmulatedCuda : ICudaDriver, IDisposable
{
    readonly EmulatorMemory _memory = new();
    readonly Dictionary<nint, EmulatorAllocation> _allocations = [];
    readonly List<EmulatorModule> _modules = [];
    readonly List<EmulatorKernel> _functions = [];

    /// <summary>Entries of the modules that were loaded.</summary>
    public List<string> Loads { get; } = [];

    public int Launches { get; private set; }

    public int Allocations { get; private set; }

    public int DeviceCount() => 1;

    public (string Name, int Major, int Minor, long MemoryBytes) DeviceFacts(int ordinal) => ("emulated", 9, 0, 1L << 32);

    public int SharedBytesPerGroup(int ordinal) => 227 << 10;

    public nint CreateContext(int ordinal) => 1;

    public void DestroyContext(nint context) { }

    public void SetCurrentContext(nint context) { }

    public (long Free, long Total) MemoryInfo() => (1L << 32, 1L << 32);

    public nint Allocate(long bytes)
    {
        Allocations++;
        var allocation = _memory.Allocate(bytes, $"allocation {Allocations}");
        _allocations[(nint)allocation.Address] = allocation;
        return (nint)allocation.Address;
    }

    public void Free(nint address)
    {
        Assert.True(_allocations.Remove(address, out var allocation));
        allocation.Dispose();
    }

    public void CopyToDevice(nint destination, ReadOnlySpan<byte> source)
    {
        var (allocation, offset) = Find(destination);
        allocation.Write(source, offset);
    }

    public void CopyToHost(Span<byte> destination, nint source) =>
        new ReadOnlySpan<byte>((void*)source, destination.Length).CopyTo(destination);

    public void CopyOnDevice(nint destination, nint source, long bytes) =>
        CopyToDevice(destination, new ReadOnlySpan<byte>((void*)source, (int)bytes));

    public void Clear(nint destination, long bytes) => CopyToDevice(destination, new byte[bytes]);

    public nint LoadModule(string ptx)
    {
        _modules.Add(EmulatorModule.Load(ptx));
        Loads.Add(_modules[^1].Kernels.Keys.Single());
        return _modules.Count;
    }

    public void UnloadModule(nint module) => _modules[(int)module - 1].Dispose();

    public nint GetFunction(nint module, string name)
    {
        _functions.Add(_modules[(int)module - 1].Kernels[name]);
        return _functions.Count;
    }

    public void AllowDynamicSharedMemory(nint function, int bytes) { }

    public void Launch(nint function, LaunchShape shape, int group, nint parameters)
    {
        Launches++;
        var kernel = _functions[(int)function - 1];
        var result = new Emulator(_memory).Launch(kernel, new Dim3(shape.GridX, shape.GridY, shape.GridZ), group, shape.DynamicSharedBytes,
            new ReadOnlySpan<byte>(*(void**)parameters, kernel.ParameterBytes));
        Assert.True(result.FindingCount == 0, string.Join('\n', result.Findings));
    }

    public void Synchronize() { }

    public nint CreateEvent() => throw new NotSupportedException("nothing is timed here");

    public void DestroyEvent(nint @event) { }

    public void RecordEvent(nint @event) { }

    public double SecondsBetween(nint first, nint last) => throw new NotSupportedException("nothing is timed here");

    public void Dispose() => _memory.Dispose();

    (EmulatorAllocation Allocation, long Offset) Find(nint address)
    {
        var allocation = _allocations.Values.Single(one =>
            (ulong)address >= one.Address && (ulong)address < one.Address + (ulong)one.Bytes);
        return (allocation, (long)((ulong)address - allocation.Address));
    }
}
