// A tensor that passes between operations in the type it is stored in, and how kernels read and write it as f32.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

/// <summary>Storage type of a tensor that one product writes and another reads.</summary>
public enum ActivationType
{
    /// <summary>32-bit IEEE float: nothing is rounded between operations.</summary>
    F32,

    /// <summary>The upper 16 bits of a 32-bit float, rounded to nearest even: what tensor cores read. GPU rungs alone.</summary>
    BF16,
}

/// <summary>A tensor of activations, row-major, in its storage type; a field of arguments structs. Arithmetic on it is f32.</summary>
public readonly struct Activations
{
    /// <summary>The stored elements.</summary>
    public readonly View<byte> Values;

    /// <summary>How <see cref="Values"/> are stored.</summary>
    public readonly ActivationType Type;

    /// <summary>Activations over the given device memory.</summary>
    public Activations(View<byte> values, ActivationType type) => (Values, Type) = (values, type);

    /// <summary>f32 activations over a view of floats.</summary>
    public Activations(View<float> values) : this(values.As<byte>(), ActivationType.F32) { }

    /// <summary>f32 activations over a view of floats.</summary>
    public static implicit operator Activations(View<float> values) => new(values);

    /// <summary>Number of elements.</summary>
    public long Length => Values.Length / BytesPerElement(Type);

    /// <summary>Device address of the first element, in bytes.</summary>
    public long Address => Values.Address;

    /// <summary>Whether the tensor was left out.</summary>
    public bool IsEmpty => Values.Length == 0;

    /// <summary>The elements as floats, for host code; kernels read by their format.</summary>
    /// <exception cref="InvalidOperationException">They are no floats.</exception>
    public View<float> Floats => Type == ActivationType.F32 ? new(Values.Address, Values.Length / sizeof(float))
        : throw new InvalidOperationException($"activations in {Type} are no floats");

    /// <summary>The elements from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slice is not inside the tensor.</exception>
    public Activations Slice(long start, long length) =>
        new(Values.Slice(start * BytesPerElement(Type), length * BytesPerElement(Type)), Type);

    /// <summary>Bytes of one stored element: 4 or 2.</summary>
    public static int BytesPerElement(ActivationType type) => type == ActivationType.F32 ? sizeof(float) : sizeof(ushort);
}

/// <summary>How a kernel reads and writes activations. A rung that is generic over this is one closed kernel per storage type.</summary>
interface IActivationFormat
{
    /// <summary>The storage type.</summary>
    static abstract ActivationType Type { get; }

    /// <summary>Element <paramref name="index"/> as f32.</summary>
    static abstract float Load(Activations x, int index);

    /// <summary>Writes element <paramref name="index"/>, rounded to the storage type.</summary>
    static abstract void Store(Activations y, int index, float value);

    /// <summary>Four neighbours from <paramref name="index"/> on, a multiple of four, in a tensor that begins at a multiple of 16
    /// bytes.</summary>
    static abstract Float4 LoadQuad(Activations x, int index);

    /// <summary>Writes four neighbours.</summary>
    static abstract void StoreQuad(Activations y, int index, Float4 value);
}

readonly struct F32Activations : IActivationFormat
{
    public static ActivationType Type => ActivationType.F32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Load(Activations x, int index) => ((float*)x.Values.Address)[index];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Activations y, int index, float value) => ((float*)y.Values.Address)[index] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 LoadQuad(Activations x, int index) =>
        VectorInstructions.Load(ref *(Float4*)((float*)x.Values.Address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreQuad(Activations y, int index, Float4 value) =>
        VectorInstructions.Store(ref *(Float4*)((float*)y.Values.Address + index), value);
}

readonly struct BF16Activations : IActivationFormat
{
    public static ActivationType Type => ActivationType.BF16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Load(Activations x, int index) => Interop.IntAsFloat((uint)((ushort*)x.Values.Address)[index] << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Activations y, int index, float value) =>
        ((ushort*)y.Values.Address)[index] = (ushort)TensorInstructions.Pack(0f, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 LoadQuad(Activations x, int index)
    {
        Bits2 bits = VectorInstructions.Load(ref *(Bits2*)((ushort*)x.Values.Address + index));
        return WeightVectors.Widen(bits.X, bits.Y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreQuad(Activations y, int index, Float4 value) =>
        VectorInstructions.Store(ref *(Bits2*)((ushort*)y.Values.Address + index), Fragments.Pack(value));
}

/// <summary>Reads and writes activations of either type, decided at run time by a branch that all threads take together.</summary>
static class AnyActivations
{
    /// <inheritdoc cref="IActivationFormat.Load"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(Activations x, int index) =>
        x.Type == ActivationType.F32 ? F32Activations.Load(x, index) : BF16Activations.Load(x, index);

    /// <inheritdoc cref="IActivationFormat.Store"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Activations y, int index, float value)
    {
        if (y.Type == ActivationType.F32)
            F32Activations.Store(y, index, value);
        else
            BF16Activations.Store(y, index, value);
    }

    /// <inheritdoc cref="IActivationFormat.LoadQuad"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LoadQuad(Activations x, int index) =>
        x.Type == ActivationType.F32 ? F32Activations.LoadQuad(x, index) : BF16Activations.LoadQuad(x, index);

    /// <inheritdoc cref="IActivationFormat.StoreQuad"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreQuad(Activations y, int index, Float4 value)
    {
        if (y.Type == ActivationType.F32)
            F32Activations.StoreQuad(y, index, value);
        else
            BF16Activations.StoreQuad(y, index, value);
    }
}
