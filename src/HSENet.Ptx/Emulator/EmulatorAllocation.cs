// One allocation of global memory: its bytes, which of them are initialised, and names for messages.
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

/// <summary>Global memory that kernels reach; made by <see cref="EmulatorMemory"/>. Not to be written during a launch that uses
/// it.</summary>
public sealed unsafe class EmulatorAllocation : IDisposable
{
    /// <summary>Bytes before and after an allocation that belong to nobody, so that a stray address does not hit a neighbour.</summary>
    const int Guard = 512;

    readonly EmulatorMemory _memory;
    readonly byte* _block;
    readonly bool _readOnly;
    readonly SortedList<long, (long End, string Name)> _parts = [];
    byte* _data;
    byte* _shadow;
    RaceStamps* _stamps;
    bool _initialised;

    internal EmulatorAllocation(EmulatorMemory memory, long bytes, string name)
    {
        _memory = memory;
        Bytes = bytes;
        Name = name;
        _block = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + 2 * Guard), Guard);
        _data = _block + Guard;
    }

    internal EmulatorAllocation(EmulatorMemory memory, byte* data, long bytes, string name, bool readOnly)
    {
        _memory = memory;
        _data = data;
        Bytes = bytes;
        Name = name;
        _readOnly = readOnly;
        _initialised = true;
    }

    /// <summary>Frees memory of allocations that nobody disposed.</summary>
    ~EmulatorAllocation() => Release();

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The name that findings show.</summary>
    public string Name { get; }

    /// <summary>The address that kernels are given; also the address on the host.</summary>
    public ulong Address => (ulong)_data;

    /// <summary>Whether it is a variable of a module's .const.</summary>
    internal bool IsConstant { get; init; }

    /// <summary>Copies values in and marks their bytes initialised.</summary>
    /// <exception cref="EmulatorException">They do not fit, the allocation is read-only or disposed.</exception>
    public void Write<T>(ReadOnlySpan<T> values, long byteOffset = 0) where T : unmanaged
    {
        if (_readOnly)
            throw new EmulatorException($"{Name} is read-only");
        long bytes = (long)values.Length * sizeof(T);
        MarkInitialised(byteOffset, bytes);
        fixed (T* source = values)
            Buffer.MemoryCopy(source, _data + byteOffset, bytes, bytes);
    }

    /// <summary>Copies values out, initialised or not.</summary>
    /// <exception cref="EmulatorException">The allocation is smaller, or disposed.</exception>
    public void Read<T>(Span<T> values, long byteOffset = 0) where T : unmanaged
    {
        long bytes = (long)values.Length * sizeof(T);
        CheckRange(byteOffset, bytes);
        fixed (T* target = values)
            Buffer.MemoryCopy(_data + byteOffset, target, bytes, bytes);
    }

    /// <summary>Copies bytes to an allocation, and with them which are initialised; the two ranges may overlap.</summary>
    internal void CopyTo(long byteOffset, EmulatorAllocation target, long targetOffset, long bytes)
    {
        CheckRange(byteOffset, bytes);
        target.CheckRange(targetOffset, bytes);
        if (target._readOnly)
            throw new EmulatorException($"{target.Name} is read-only");
        Buffer.MemoryCopy(_data + byteOffset, target._data + targetOffset, bytes, bytes);
        if (_shadow == null
            || new ReadOnlySpan<byte>(_shadow + byteOffset, checked((int)bytes)).IndexOfAnyExcept(MemoryRegion.Initialised) < 0)
        {
            if (_shadow != null || _initialised)
                target.MarkInitialised(targetOffset, bytes);
            else
                target.MarkUninitialised(targetOffset, bytes);
            return;
        }
        target.EnsureShadow();
        Buffer.MemoryCopy(_shadow + byteOffset, target._shadow + targetOffset, bytes, bytes);
    }

    /// <summary>Declares bytes initialised: the host wrote them through <see cref="Address"/>.</summary>
    public void MarkInitialised(long byteOffset, long bytes)
    {
        CheckRange(byteOffset, bytes);
        if (_initialised)
            return;
        if (bytes == Bytes)
        {
            _initialised = true;
            DropShadow();
            return;
        }
        EnsureShadow();
        Fill(byteOffset, bytes, MemoryRegion.Initialised);
    }

    /// <summary>Declares bytes uninitialised again, as when an arena hands them to a new tensor.</summary>
    public void MarkUninitialised(long byteOffset, long bytes)
    {
        CheckRange(byteOffset, bytes);
        EnsureShadow();
        Fill(byteOffset, bytes, MemoryRegion.Uninitialised);
    }

    /// <summary>Gives a part of the allocation a name of its own in findings.</summary>
    public void NamePart(string name, long byteOffset, long bytes)
    {
        CheckRange(byteOffset, bytes);
        lock (_parts)
            _parts[byteOffset] = (byteOffset + bytes, name);
    }

    /// <summary>Frees the memory; kernels no longer reach it.</summary>
    public void Dispose()
    {
        _memory.Remove(this);
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Name of the part at an offset, or of the allocation.</summary>
    internal string NameAt(long offset)
    {
        lock (_parts)
        {
            for (int i = _parts.Count - 1; i >= 0; i--)
                if (_parts.GetKeyAtIndex(i) <= offset && offset < _parts.GetValueAtIndex(i).End)
                    return _parts.GetValueAtIndex(i).Name;
        }
        return Name;
    }

    /// <summary>The allocation as accesses see it; memory for the race check is made when <paramref name="races"/> asks for it.</summary>
    internal MemoryRegion Region(bool races)
    {
        if (!_initialised)
            EnsureShadow();
        races &= !_readOnly && !IsConstant; // nobody writes there
        if (races && _stamps == null)
            _stamps = RaceStamps.Make(Bytes);
        return new MemoryRegion
        {
            Base = Address,
            Data = _data,
            LoadBytes = (ulong)Bytes,
            StoreBytes = _readOnly || IsConstant ? 0 : (ulong)Bytes,
            Shadow = _shadow,
            Stamps = races ? _stamps : null,
        };
    }

    void EnsureShadow()
    {
        if (_shadow != null)
            return;
        // Accesses check and mark up to a vector at once, so the shadow is longer than the data.
        _shadow = (byte*)NativeMemory.Alloc((nuint)Bytes + 64);
        NativeMemory.Fill(_shadow, (nuint)Bytes, _initialised ? MemoryRegion.Initialised : MemoryRegion.Uninitialised);
        _initialised = false;
        _memory.Changed();
    }

    void DropShadow()
    {
        NativeMemory.Free(_shadow);
        _shadow = null;
        _memory.Changed();
    }

    void Fill(long byteOffset, long bytes, byte state) => NativeMemory.Fill(_shadow + byteOffset, (nuint)bytes, state);

    void CheckRange(long byteOffset, long bytes)
    {
        if (_data == null)
            throw new EmulatorException($"{Name} was disposed");
        if (byteOffset < 0 || bytes < 0 || byteOffset > Bytes - bytes)
            throw new EmulatorException($"{Name} has {Bytes} bytes; {bytes} bytes at {byteOffset} do not lie inside");
    }

    void Release()
    {
        NativeMemory.AlignedFree(_block);
        NativeMemory.Free(_shadow);
        RaceStamps.Free(_stamps);
        _data = _shadow = null;
        _stamps = null;
    }
}
