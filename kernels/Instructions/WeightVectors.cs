// How GPU kernels read neighbouring weights at once: four of them, or as many as 16 bytes hold.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

/// <summary>Sixteen neighbouring floats, of which a format uses as many as 16 bytes of its weights are.</summary>
struct Float16
{
    public Float4 A, B, C, D;
}

/// <summary>Reads one storage type. Indices are multiples of what is read, and rows begin at multiples of 16 bytes.</summary>
interface IWeightVectors
{
    /// <summary>Weights in 16 bytes.</summary>
    static abstract int Count { get; }

    /// <summary>Four neighbours as f32.</summary>
    static abstract Float4 Quad(Weights weights, int index);

    /// <summary>The 16 bytes of <see cref="Count"/> neighbours.</summary>
    static abstract Bits4 Load(Weights weights, int index);

    /// <summary>sum + x · w over <see cref="Count"/> neighbours.</summary>
    static abstract float Dot(Weights weights, int index, Bits4 bits, Float16 x, float sum);
}

readonly struct F32Vectors : IWeightVectors
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 Quad(Weights weights, int index) =>
        VectorInstructions.Load(ref *(Float4*)((float*)weights.Values.Address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Bits4 Load(Weights weights, int index) =>
        VectorInstructions.Load(ref *(Bits4*)((float*)weights.Values.Address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(Weights weights, int index, Bits4 bits, Float16 x, float sum)
    {
        Float4 w = default;
        w.X = Interop.IntAsFloat(bits.X);
        w.Y = Interop.IntAsFloat(bits.Y);
        w.Z = Interop.IntAsFloat(bits.Z);
        w.W = Interop.IntAsFloat(bits.W);
        return WeightVectors.Dot(x.A, w, sum);
    }
}

readonly struct BF16Vectors : IWeightVectors
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 Quad(Weights weights, int index)
    {
        Bits2 bits = VectorInstructions.Load(ref *(Bits2*)((ushort*)weights.Values.Address + index));
        return WeightVectors.Widen(bits.X, bits.Y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Bits4 Load(Weights weights, int index) =>
        VectorInstructions.Load(ref *(Bits4*)((ushort*)weights.Values.Address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(Weights weights, int index, Bits4 bits, Float16 x, float sum)
    {
        sum = WeightVectors.Dot(x.A, WeightVectors.Widen(bits.X, bits.Y), sum);
        return WeightVectors.Dot(x.B, WeightVectors.Widen(bits.Z, bits.W), sum);
    }
}

readonly struct Int8Vectors : IWeightVectors
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 Quad(Weights weights, int index)
    {
        Float4 w = WeightVectors.Bytes(*(uint*)((byte*)weights.Values.Address + index));
        float scale = weights.Scales[index / Weights.ScaleGroup];
        w.X *= scale;
        w.Y *= scale;
        w.Z *= scale;
        w.W *= scale;
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Bits4 Load(Weights weights, int index) =>
        VectorInstructions.Load(ref *(Bits4*)((byte*)weights.Values.Address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(Weights weights, int index, Bits4 bits, Float16 x, float sum)
    {
        float part = WeightVectors.Dot(x.A, WeightVectors.Bytes(bits.X), 0f);
        part = WeightVectors.Dot(x.B, WeightVectors.Bytes(bits.Y), part);
        part = WeightVectors.Dot(x.C, WeightVectors.Bytes(bits.Z), part);
        part = WeightVectors.Dot(x.D, WeightVectors.Bytes(bits.W), part);
        return ScalarInstructions.FusedMultiplyAdd(part, weights.Scales[index / Weights.ScaleGroup], sum);
    }
}

static class WeightVectors
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float4 Inputs(View<float> x, int index) => VectorInstructions.Load(ref *(Float4*)((float*)x.Address + index));

    /// <summary>Writes four neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(View<float> y, int index, Float4 value) =>
        VectorInstructions.Store(ref *(Float4*)((float*)y.Address + index), value);

    /// <summary>As many activations as weights of a type are in 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Float16 Inputs<TInput, TVectors>(Activations x, int index)
        where TInput : struct, IActivationFormat where TVectors : struct, IWeightVectors
    {
        Float16 inputs = default;
        if (TInput.Type == ActivationType.BF16 && TVectors.Count > 4)
        {
            Bits4 bits = VectorInstructions.Load(ref *(Bits4*)((ushort*)x.Values.Address + index));
            inputs.A = Widen(bits.X, bits.Y);
            inputs.B = Widen(bits.Z, bits.W);
            if (TVectors.Count > 8)
            {
                bits = VectorInstructions.Load(ref *(Bits4*)((ushort*)x.Values.Address + index + 8));
                inputs.C = Widen(bits.X, bits.Y);
                inputs.D = Widen(bits.Z, bits.W);
            }
            return inputs;
        }
        inputs.A = TInput.LoadQuad(x, index);
        if (TVectors.Count > 4)
            inputs.B = TInput.LoadQuad(x, index + 4);
        if (TVectors.Count > 8)
        {
            inputs.C = TInput.LoadQuad(x, index + 8);
            inputs.D = TInput.LoadQuad(x, index + 12);
        }
        return inputs;
    }

    /// <summary>Four bf16 as f32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Widen(uint first, uint second)
    {
        Float4 w = default;
        w.X = Interop.IntAsFloat(first << 16);
        w.Y = Interop.IntAsFloat(first & 0xFFFF_0000);
        w.Z = Interop.IntAsFloat(second << 16);
        w.W = Interop.IntAsFloat(second & 0xFFFF_0000);
        return w;
    }

    /// <summary>Four signed bytes as f32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Bytes(uint word)
    {
        Float4 w = default;
        w.X = (int)(word << 24) >> 24;
        w.Y = (int)(word << 16) >> 24;
        w.Z = (int)(word << 8) >> 24;
        w.W = (int)word >> 24;
        return w;
    }

    /// <summary>sum + x · w, from the first element on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(Float4 x, Float4 w, float sum)
    {
        sum = ScalarInstructions.FusedMultiplyAdd(x.X, w.X, sum);
        sum = ScalarInstructions.FusedMultiplyAdd(x.Y, w.Y, sum);
        sum = ScalarInstructions.FusedMultiplyAdd(x.Z, w.Z, sum);
        return ScalarInstructions.FusedMultiplyAdd(x.W, w.W, sum);
    }
}
