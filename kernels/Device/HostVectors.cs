// Loops that several host rungs share: widening stored weights, sums of squares, addition.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

static unsafe class HostVectors
{
    /// <summary>Writes <paramref name="count"/> weights from element <paramref name="start"/> on as f32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Widen(in Weights weights, long start, float* destination, int count)
    {
        switch (weights.Type)
        {
            case WeightType.F32:
                new ReadOnlySpan<float>((float*)weights.Values.Pointer + start, count).CopyTo(new Span<float>(destination, count));
                break;
            case WeightType.BF16:
                WidenBFloat16((ushort*)weights.Values.Pointer + start, destination, count);
                break;
            default:
                WidenInt8((sbyte*)weights.Values.Pointer, weights.Scales.Pointer, start, destination, count);
                break;
        }
    }

    /// <summary>Σ x[i]², in 64 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float SumOfSquares(float* x, int count)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i <= count - 64; i += 64)
        {
            Vector512<float> p = Vector512.Load(x + i), q = Vector512.Load(x + i + 16), r = Vector512.Load(x + i + 32), s = Vector512.Load(x + i + 48);
            a = Vector512.FusedMultiplyAdd(p, p, a);
            b = Vector512.FusedMultiplyAdd(q, q, b);
            c = Vector512.FusedMultiplyAdd(r, r, c);
            d = Vector512.FusedMultiplyAdd(s, s, d);
        }
        float sum = Vector512.Sum(a + b + (c + d));
        for (; i < count; i++)
            sum += x[i] * x[i];
        return sum;
    }

    /// <summary>destination[i] += source[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Add(float* source, float* destination, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
            (Vector512.Load(destination + i) + Vector512.Load(source + i)).Store(destination + i);
        for (; i < count; i++)
            destination[i] += source[i];
    }

    static void WidenBFloat16(ushort* source, float* destination, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Load(source + i));
            (Vector512.Create(lower, upper) << 16).AsSingle().Store(destination + i);
        }
        for (; i < count; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    static void WidenInt8(sbyte* values, float* scales, long start, float* destination, int count)
    {
        for (int i = 0; i < count;)
        {
            // up to the end of this group of elements that share a scale
            int end = (int)Math.Min(count, i + Weights.ScaleGroup - (start + i) % Weights.ScaleGroup);
            float scale = scales[(start + i) / Weights.ScaleGroup];
            for (; i <= end - 16; i += 16)
            {
                var (lower, upper) = Vector256.Widen(Vector256.WidenLower(Vector128.Load(values + start + i).ToVector256Unsafe()));
                (Vector512.ConvertToSingle(Vector512.Create(lower, upper)) * scale).Store(destination + i);
            }
            for (; i < end; i++)
                destination[i] = values[start + i] * scale;
        }
    }
}
