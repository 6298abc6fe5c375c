// A number and its index as one integer, so that "the largest, of equal ones the first" is a maximum of integers.
using ILGPU;

namespace HSENet.Kernels;

/// <summary>Integers of 64 bits that order numbers and break ties; no two are equal.</summary>
static class OrderedKey
{
    /// <summary>Larger for a larger number, then for a lower index; of what is not a number, less than 2^32.</summary>
    public static ulong Of(float number, int index)
    {
        uint bits = Interop.FloatAsInt(number), magnitude = bits << 1;
        bits &= (uint)((int)(magnitude | 0u - magnitude) >> 31); // −0 equals 0, without a branch
        uint ordered = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        if ((bits & 0x7FFF_FFFF) > 0x7F80_0000)
            ordered = 0;
        return (ulong)ordered << 32 | ~(uint)index;
    }

    /// <summary>The number in a key; −0 became 0.</summary>
    public static float Number(ulong key)
    {
        uint ordered = (uint)(key >> 32);
        return Interop.IntAsFloat((ordered & 0x8000_0000) != 0 ? ordered & 0x7FFF_FFFF : ~ordered);
    }

    /// <summary>The index in a key.</summary>
    public static int Index(ulong key) => (int)~(uint)key;

    /// <summary>Whether a key is of a number.</summary>
    public static bool IsNumber(ulong key) => key >> 32 != 0;
}
