// The element types that tensors in files have.
namespace HSENet.Runtime;

/// <summary>Element type of a stored tensor, named as safetensors does. Bytes are little-endian.</summary>
enum DataType
{
    /// <summary>64-bit float.</summary>
    F64,
    /// <summary>32-bit float.</summary>
    F32,
    /// <summary>16-bit IEEE float.</summary>
    F16,
    /// <summary>The upper half of a 32-bit float.</summary>
    BF16,
    /// <summary>Signed 64-bit integer.</summary>
    I64,
    /// <summary>Signed 32-bit integer.</summary>
    I32,
    /// <summary>Signed 16-bit integer.</summary>
    I16,
    /// <summary>Signed 8-bit integer.</summary>
    I8,
    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
    /// <summary>Unsigned 32-bit integer.</summary>
    U32,
    /// <summary>Unsigned 16-bit integer.</summary>
    U16,
    /// <summary>Unsigned 8-bit integer.</summary>
    U8,
    /// <summary>One byte, 0 or 1.</summary>
    Bool,
    /// <summary>8-bit float of 4 exponent bits; this and all that follow can be listed, not read.</summary>
    F8_E4M3,
    /// <summary>8-bit float of 5 exponent bits.</summary>
    F8_E5M2,
    /// <summary>8-bit exponent.</summary>
    F8_E8M0,
    /// <summary>8-bit float of 4 exponent bits without infinity and negative zero.</summary>
    F8_E4M3FNUZ,
    /// <summary>8-bit float of 5 exponent bits without infinity and negative zero.</summary>
    F8_E5M2FNUZ,
    /// <summary>6-bit float of 2 exponent bits.</summary>
    F6_E2M3,
    /// <summary>6-bit float of 3 exponent bits.</summary>
    F6_E3M2,
    /// <summary>4-bit float.</summary>
    F4,
    /// <summary>Two 32-bit floats.</summary>
    C64,
}

/// <summary>Sizes and names of data types.</summary>
static class DataTypes
{
    /// <summary>Whether elements can be converted to numbers; a tensor of another type can be listed and compared.</summary>
    public static bool IsReadable(this DataType type) => type <= DataType.Bool;

    /// <summary>Whether elements are floating-point numbers that can be read, as weights are.</summary>
    public static bool IsFloat(this DataType type) => type <= DataType.BF16;

    /// <summary>Bits of one element.</summary>
    public static int Bits(this DataType type) => type switch
    {
        DataType.F6_E2M3 or DataType.F6_E3M2 => 6,
        DataType.F4 => 4,
        _ => 8 * type.Size(),
    };

    /// <summary>Bytes of one element.</summary>
    public static int Size(this DataType type) => type switch
    {
        DataType.F64 or DataType.I64 or DataType.U64 or DataType.C64 => 8,
        DataType.F32 or DataType.I32 or DataType.U32 => 4,
        DataType.F16 or DataType.BF16 or DataType.I16 or DataType.U16 => 2,
        DataType.I8 or DataType.U8 or DataType.Bool or (>= DataType.F8_E4M3 and <= DataType.F8_E5M2FNUZ) => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>The name in a safetensors header: <c>F32</c>, <c>BOOL</c>, ….</summary>
    public static string Name(this DataType type) => type == DataType.Bool ? "BOOL" : type.ToString();

    internal static bool TryParse(string name, out DataType type)
    {
        foreach (DataType candidate in Enum.GetValues<DataType>())
            if (candidate.Name() == name)
            {
                type = candidate;
                return true;
            }
        type = default;
        return false;
    }

    /// <summary>Number of elements of a shape, or null if a dimension is negative or the bytes do not fit 63 bits.</summary>
    internal static long? ElementCount(ReadOnlySpan<long> shape, DataType type)
    {
        // A zero anywhere makes the tensor empty, but the other dimensions must make sense all the same.
        UInt128 count = 1;
        bool empty = false;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
                return null;
            empty |= dimension == 0;
            count *= (UInt128)Math.Max(1, dimension);
            if (count * (UInt128)type.Bits() / 8 > long.MaxValue)
                return null;
        }
        return empty ? 0 : (long)count;
    }
}
