// A pool of the stream-ordered allocator: what was taken from it, and its attributes.
namespace HSENet.Ptx.Driver;

/// <summary>Memory goes back to the system when it is freed, so what is reserved is what is used.</summary>
sealed class MemoryPool
{
    // CUmemPool_attribute.
    const int ReuseFirst = 1, ReuseLast = 3, Threshold = 4, ReservedNow = 5, ReservedMost = 6, UsedNow = 7, UsedMost = 8;

    readonly Dictionary<int, ulong> _settings = new() { [1] = 1, [2] = 1, [3] = 1, [Threshold] = 0 };
    ulong _used, _usedMost, _reservedMost;

    public static nint Default { get; } = Device.Add(new MemoryPool());

    /// <summary>The pool that cuMemAllocAsync takes from.</summary>
    public static nint Current { get; set; } = Default;

    public void Take(ulong bytes)
    {
        _used += bytes;
        (_usedMost, _reservedMost) = (Math.Max(_used, _usedMost), Math.Max(_used, _reservedMost));
    }

    public void Give(ulong bytes) => _used -= bytes;

    /// <summary>Whether an attribute is an int; the others are 64 bits wide.</summary>
    public static bool IsInteger(int attribute) => attribute is >= ReuseFirst and <= ReuseLast;

    public ulong this[int attribute]
    {
        get => attribute switch
        {
            ReservedNow or UsedNow => _used,
            ReservedMost => _reservedMost,
            UsedMost => _usedMost,
            _ => _settings.TryGetValue(attribute, out ulong value) ? value : throw new DriverException(Result.InvalidValue),
        };
        set
        {
            if (_settings.ContainsKey(attribute))
                _settings[attribute] = value;
            else if (attribute == ReservedMost && value == 0)
                _reservedMost = _used;
            else if (attribute == UsedMost && value == 0)
                _usedMost = _used;
            else
                throw new DriverException(Result.InvalidValue);
        }
    }
}
