// Where the arrays of shared or local memory lie.
using System.Collections;

namespace HSENet.Ptx;

/// <summary>An array of shared or local memory.</summary>
readonly record struct SharedArray(string Name, int Offset, int Bytes, int Alignment);

/// <summary>
/// Places arrays so that faults show: with a gap behind each, so that its end is not the start of the next. Gaps are of 16 bytes, so an
/// array has the alignment, up to 16, that it has where a compiler packs them in their order. The dynamic array, whose place depends on
/// what the assembler puts before it, lies at a multiple of its declared alignment that is no multiple of twice that: an access that needs
/// more alignment never has it by luck.
/// </summary>
sealed class ArrayLayout : IEnumerable<SharedArray>
{
    const int Gap = 16;

    readonly List<SharedArray> _arrays = [];
    SharedArray? _dynamic;

    /// <summary>Bytes up to the end of the last gap.</summary>
    public int Bytes { get; private set; }

    /// <summary>Places an array and gives its offset.</summary>
    public int Add(string name, int bytes, int alignment)
    {
        int offset = (Bytes + alignment - 1) / alignment * alignment;
        _arrays.Add(new SharedArray(name, offset, bytes, alignment));
        Bytes = offset + bytes + Gap;
        return offset;
    }

    /// <summary>Adds an array whose place is given.</summary>
    public void AddAt(int offset, string name, int bytes, int alignment) =>
        _arrays.Add(new SharedArray(name, offset, bytes, alignment));

    /// <summary>Places the array whose size the launch gives behind all others; they must all be there.</summary>
    public int AddDynamic(string name, int alignment)
    {
        int offset = (Bytes + alignment - 1) / alignment * alignment;
        offset += offset / alignment % 2 == 0 ? alignment : 0;
        _dynamic = new SharedArray(name, offset, 0, alignment);
        Bytes = offset;
        return offset;
    }

    /// <summary>The arrays, the dynamic one with a size.</summary>
    public ArrayLayout With(int dynamicBytes)
    {
        if (_dynamic is not { } array)
            return this;
        ArrayLayout layout = new() { Bytes = Bytes };
        layout._arrays.AddRange(_arrays);
        layout._arrays.Add(array with { Bytes = dynamicBytes });
        return layout;
    }

    /// <summary>The array that an address lies in.</summary>
    public SharedArray? At(ulong address)
    {
        foreach (SharedArray array in _arrays)
            if (address >= (ulong)array.Offset && address < (ulong)(array.Offset + array.Bytes))
                return array;
        return null;
    }

    /// <summary>Name of the array that ends or starts nearest, and where the address lies against it.</summary>
    public (string Name, string Where) Nearest(ulong address)
    {
        SharedArray? best = null;
        ulong distance = ulong.MaxValue;
        foreach (SharedArray array in _arrays)
        {
            ulong start = (ulong)array.Offset, end = start + (ulong)array.Bytes;
            ulong here = address < start ? start - address : address < end ? 0 : address - end;
            if (here < distance)
                (best, distance) = (array, here);
        }
        if (best is not { } found)
            return ("", "the kernel has no array there");
        string side = address < (ulong)found.Offset ? "before" : distance == 0
            && address < (ulong)(found.Offset + found.Bytes) ? "before the end of" : "after the end of";
        ulong bytes = side == "before the end of" ? (ulong)(found.Offset + found.Bytes) - address : distance;
        return (found.Name, $"{bytes} bytes {side} {found.Name} ({found.Bytes} bytes)");
    }

    public IEnumerator<SharedArray> GetEnumerator() => _arrays.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
