// Loops that several host rungs share, for any vector width: widening stored weights, sums of squares, addition.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

static unsafe class HostVectors
{
    /// <summary>Writes <paramref name="count"/> weights from element <paramref name="start"/> on as f32; int8 only in whole groups that
    /// share a scale.</summary>
    public static void Widen<TVector>(in Weights weights, long start, float* destination, int count) where TVector : unmanaged,
        IHostVector<TVector>
    {
        switch (weights.Type)
        {
            case WeightType.F32:
                new ReadOnlySpan<float>((float*)weights.Values.Pointer + start, count).CopyTo(new Span<float>(destination, count));
                break;
            case WeightType.BF16:
                Widen<TVector, HostBF16>(weights.Values.Pointer + start * HostBF16.Bytes, destination, count);
                break;
            default:
                Widen<TVector, HostInt8>(weights.Values.Pointer + start, destination, count);
                for (int i = 0; i < count; i += Weights.ScaleGroup)
                    Scale<TVector>(weights.Scales.Pointer[(start + i) / Weights.ScaleGroup], destination + i, destination + i,
                        Weights.ScaleGroup);
                break;
        }
    }

    /// <summary>Σ x[i]², in four vectors of sums.</summary>
    [MethodImpl(HostMethod.Hot)]
    public static float SumOfSquares<TVector>(float* x, int count) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector a = default, b = default, c = default, d = default;
        int i = 0, step = TVector.Count;
        for (; i <= count - 4 * step; i += 4 * step)
        {
            TVector p = TVector.Load(x + i), q = TVector.Load(x + i + step), r = TVector.Load(x + i + 2 * step),
                s = TVector.Load(x + i + 3 * step);
            a = TVector.MultiplyAdd(p, p, a);
            b = TVector.MultiplyAdd(q, q, b);
            c = TVector.MultiplyAdd(r, r, c);
            d = TVector.MultiplyAdd(s, s, d);
        }
        float sum = TVector.Sum(a + b + (c + d));
        for (; i < count; i++)
            sum += x[i] * x[i];
        return sum;
    }

    /// <summary>destination[i] += factor · source[i].</summary>
    [MethodImpl(HostMethod.Hot)]
    public static void AddScaled<TVector>(float factor, float* source, float* destination, int count) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(destination + i,
                TVector.MultiplyAdd(TVector.Create(factor), TVector.Load(source + i), TVector.Load(destination + i)));
        for (; i < count; i++)
            destination[i] += factor * source[i];
    }

    /// <summary>destination[i] = factor · source[i], which may be the same.</summary>
    [MethodImpl(HostMethod.Hot)]
    public static void Scale<TVector>(float factor, float* source, float* destination, int count) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(destination + i, TVector.Create(factor) * TVector.Load(source + i));
        for (; i < count; i++)
            destination[i] = factor * source[i];
    }

    [MethodImpl(HostMethod.Hot)]
    static void Widen<TVector, TFormat>(byte* source, float* destination, int count)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(destination + i, TFormat.Load<TVector>(source + i * TFormat.Bytes));
        for (; i < count; i++)
            destination[i] = TFormat.LoadOne(source + i * TFormat.Bytes);
    }
}
