// One query against some rows of keys and values on the host: the tile of slice-guided attention and of the packer.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

static unsafe class SingleHead
{
    /// <summary>
    /// map = softmax(q · k[row]ᵀ / √channels) over <paramref name="count"/> rows that <paramref name="rows"/> names, y = Σ map · v[row].
    /// Sums in 16 lanes in f32, then across lanes; the largest score is subtracted before exp.
    /// </summary>
    public static void Attend(float* q, float* k, float* v, int* rows, int count, int channels, float* y, float* map)
    {
        float scale = 1f / MathF.Sqrt(channels);
        float largest = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            map[i] = Dot(q, k + (long)rows[i] * channels, channels) * scale;
            largest = MathF.Max(largest, map[i]);
        }
        float sum = 0f;
        for (int i = 0; i < count; i++)
            sum += map[i] = DeviceMath.Exp(map[i] - largest);
        float inverse = 1f / sum;
        for (int i = 0; i < count; i++)
            map[i] *= inverse;
        WeightedSum(v, rows, count, channels, map, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Dot(float* x, float* w, int length)
    {
        var sum0 = Vector512<float>.Zero;
        var sum1 = sum0;
        int c = 0;
        for (; c <= length - 32; c += 32)
        {
            sum0 = Vector512.FusedMultiplyAdd(Vector512.Load(x + c), Vector512.Load(w + c), sum0);
            sum1 = Vector512.FusedMultiplyAdd(Vector512.Load(x + c + 16), Vector512.Load(w + c + 16), sum1);
        }
        float sum = Vector512.Sum(sum0 + sum1);
        for (; c < length; c++)
            sum += x[c] * w[c];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void WeightedSum(float* v, int* rows, int count, int channels, float* weights, float* y)
    {
        int c = 0;
        for (; c <= channels - 64; c += 64)
        {
            var sum0 = Vector512<float>.Zero;
            var sum1 = sum0;
            var sum2 = sum0;
            var sum3 = sum0;
            for (int i = 0; i < count; i++)
            {
                float* row = v + (long)rows[i] * channels + c;
                var weight = Vector512.Create(weights[i]);
                sum0 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(row), sum0);
                sum1 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(row + 16), sum1);
                sum2 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(row + 32), sum2);
                sum3 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(row + 48), sum3);
            }
            sum0.Store(y + c);
            sum1.Store(y + c + 16);
            sum2.Store(y + c + 32);
            sum3.Store(y + c + 48);
        }
        for (; c < channels; c++)
        {
            float sum = 0f;
            for (int i = 0; i < count; i++)
                sum += weights[i] * v[(long)rows[i] * channels + c];
            y[c] = sum;
        }
    }
}
