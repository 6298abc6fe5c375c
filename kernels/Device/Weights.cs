// A weight tensor in the type it is stored in, and how kernels read one element of it.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

/// <summary>Storage type of a weight tensor.</summary>
public enum WeightType
{
    /// <summary>32-bit IEEE float.</summary>
    F32,

    /// <summary>The upper 16 bits of a 32-bit float.</summary>
    BF16,

    /// <summary>Signed bytes with one f32 scale per output channel and group of 128 neighbours: value = q · scale.</summary>
    Int8,
}

/// <summary>A weight tensor, row-major, in its storage type; a field of arguments structs.</summary>
public readonly struct Weights
{
    /// <summary>Neighbours of one row that share a scale in <see cref="WeightType.Int8"/>.</summary>
    public const int ScaleGroup = 128;

    /// <summary>The stored elements.</summary>
    public readonly View<byte> Values;

    /// <summary>[elements / 128] scales of <see cref="WeightType.Int8"/>; empty for other types.</summary>
    public readonly View<float> Scales;

    /// <summary>How <see cref="Values"/> are stored.</summary>
    public readonly WeightType Type;

    /// <summary>A weight tensor over the given device memory.</summary>
    /// <exception cref="ArgumentException">Scales and type do not fit each other.</exception>
    public Weights(View<byte> values, WeightType type, View<float> scales = default)
    {
        long elements = values.Length / BytesPerElement(type);
        if (scales.Length != (type == WeightType.Int8 ? elements / ScaleGroup : 0))
            throw new ArgumentException($"{elements} weights of type {type} with {scales.Length} scales");
        Values = values;
        Scales = scales;
        Type = type;
    }

    /// <summary>f32 weights over a view of floats.</summary>
    public Weights(View<float> values) : this(values.As<byte>(), WeightType.F32) { }

    /// <summary>Number of elements.</summary>
    public long Length => Values.Length / BytesPerElement(Type);

    /// <summary>Whether the tensor was left out.</summary>
    public bool IsEmpty => Values.Length == 0;

    /// <summary>Rows [start, start + count) of a tensor with <paramref name="rowLength"/> elements a row.</summary>
    public Weights Rows(long start, long count, long rowLength)
    {
        int bytes = BytesPerElement(Type);
        return new Weights(Values.Slice(start * rowLength * bytes, count * rowLength * bytes), Type,
            Type == WeightType.Int8 ? Scales.Slice(start * rowLength / ScaleGroup, count * rowLength / ScaleGroup) : default);
    }

    /// <summary>Bytes of one stored element: 4, 2 or 1.</summary>
    public static int BytesPerElement(WeightType type) => type switch
    {
        WeightType.F32 => 4,
        WeightType.BF16 => 2,
        WeightType.Int8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown weight type"),
    };
}

/// <summary>How a kernel reads one weight as f32. A rung that is generic over this is one closed kernel per storage type.</summary>
public interface IWeightFormat
{
    /// <summary>The storage type that is read.</summary>
    static abstract WeightType Type { get; }

    /// <summary>Element <paramref name="index"/> (row-major) as f32.</summary>
    static abstract float Load(Weights weights, int index);
}

/// <summary>Reads <see cref="WeightType.F32"/>.</summary>
public readonly struct F32Weights : IWeightFormat
{
    /// <inheritdoc/>
    public static WeightType Type => WeightType.F32;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Load(Weights weights, int index) => ((float*)weights.Values.Address)[index];
}

/// <summary>Reads <see cref="WeightType.BF16"/>.</summary>
public readonly struct BF16Weights : IWeightFormat
{
    /// <inheritdoc/>
    public static WeightType Type => WeightType.BF16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Load(Weights weights, int index) =>
        Interop.IntAsFloat((uint)((ushort*)weights.Values.Address)[index] << 16);
}

/// <summary>Reads <see cref="WeightType.Int8"/>; the row length must be a multiple of <see cref="Weights.ScaleGroup"/>.</summary>
public readonly struct Int8Weights : IWeightFormat
{
    /// <inheritdoc/>
    public static WeightType Type => WeightType.Int8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Load(Weights weights, int index) =>
        ((sbyte*)weights.Values.Address)[index] * weights.Scales[index / Weights.ScaleGroup];
}

/// <summary>Reads a weight of any storage type, decided at run time: for the small tensor beside the one that names the rung.</summary>
static class AnyWeights
{
    /// <summary>Element <paramref name="index"/> (row-major) as f32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(Weights weights, int index) =>
        weights.Type == WeightType.F32 ? F32Weights.Load(weights, index)
        : weights.Type == WeightType.BF16 ? BF16Weights.Load(weights, index)
        : Int8Weights.Load(weights, index);
}
