// Tensors of preprocessing come in two precisions: how a kernel reads and writes one element.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>Precision of a tensor.</summary>
public enum FloatType
{
    /// <summary>32-bit IEEE float.</summary>
    F32,

    /// <summary>64-bit IEEE float.</summary>
    F64,
}

/// <summary>How a kernel reads and writes one element of a tensor given as bytes. A rung that is generic over this is one closed kernel
/// per type.</summary>
interface IFloatFormat
{
    /// <summary>The type that is read and written.</summary>
    static abstract FloatType Type { get; }

    /// <summary>Element <paramref name="index"/>, widened.</summary>
    static abstract double Load(View<byte> values, int index);

    /// <summary>Rounds a value to the type and writes it as element <paramref name="index"/>.</summary>
    static abstract void Store(View<byte> values, int index, double value);
}

/// <summary>Reads and writes <see cref="FloatType.F32"/>.</summary>
readonly unsafe struct F32Format : IFloatFormat
{
    /// <inheritdoc/>
    public static FloatType Type => FloatType.F32;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(View<byte> values, int index) => ((float*)values.Address)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(View<byte> values, int index, double value) => ((float*)values.Address)[index] = (float)value;
}

/// <summary>Reads and writes <see cref="FloatType.F64"/>.</summary>
readonly unsafe struct F64Format : IFloatFormat
{
    /// <inheritdoc/>
    public static FloatType Type => FloatType.F64;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(View<byte> values, int index) => ((double*)values.Address)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(View<byte> values, int index, double value) => ((double*)values.Address)[index] = value;
}

/// <summary>What checks and hosts need to know about a <see cref="FloatType"/>.</summary>
static class FloatTypes
{
    /// <summary>Bytes of one element: 4 or 8.</summary>
    public static int Size(this FloatType type) => type == FloatType.F64 ? 8 : 4;

    /// <summary>One element on the host, widened.</summary>
    public static double ValueAt(this FloatType type, View<byte> values, int index) =>
        type == FloatType.F64 ? F64Format.Load(values, index) : F32Format.Load(values, index);
}
