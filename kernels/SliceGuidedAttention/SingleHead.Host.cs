// One query against some rows of keys and values on the host: the tile of slice-guided attention and of the packer.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

static unsafe class SingleHead
{
    /// <summary>
    /// map = softmax(q · k[row]ᵀ / √channels) over <paramref name="count"/> rows that <paramref name="rows"/> names, from element
    /// <paramref name="first"/> of the map on; y = Σ dropout(map) · v[row]. Sums in two vectors of f32, then across lanes; the largest
    /// score is subtracted before exp. <paramref name="weights"/> is scratch memory for as many weights.
    /// </summary>
    public static void Attend<TVector>(float* q, float* k, float* v, int* rows, int count, int channels, float* y, float* map,
        int first, float dropoutRate, long dropoutSeed, float* weights)
        where TVector : unmanaged, IHostVector<TVector>
    {
        map += first;
        float scale = 1f / MathF.Sqrt(channels);
        float largest = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            map[i] = Dot<TVector>(q, k + (long)rows[i] * channels, channels) * scale;
            largest = MathF.Max(largest, map[i]);
        }
        float sum = 0f;
        for (int i = 0; i < count; i++)
            sum += map[i] = DeviceMath.Exp(map[i] - largest);
        float inverse = 1f / sum;
        for (int i = 0; i < count; i++)
            map[i] *= inverse;
        if (dropoutRate > 0)
        {
            DropoutMask.Factors(dropoutSeed, first, dropoutRate, weights, count);
            for (int i = 0; i < count; i++)
                weights[i] *= map[i];
        }
        WeightedSum<TVector>(v, rows, count, channels, dropoutRate > 0 ? weights : map, y);
    }

    /// <summary>
    /// The gradient of a row of scores before their scale: with dropped weights w = map ∘ factor and what each is worth,
    /// <paramref name="gradients"/> = gradY · v, it leaves map ∘ (factor ∘ gradients − Σ w · gradients) / √channels there, and w in
    /// <paramref name="weights"/>.
    /// </summary>
    public static void ScoreGradients(float* map, int first, int count, int channels, float dropoutRate, long dropoutSeed, float* gradients,
        float* weights)
    {
        DropoutMask.Factors(dropoutSeed, first, dropoutRate, weights, count);
        float sum = 0f, scale = 1f / MathF.Sqrt(channels);
        for (int i = 0; i < count; i++)
        {
            gradients[i] *= weights[i];
            sum += gradients[i] * map[first + i];
        }
        for (int i = 0; i < count; i++)
        {
            gradients[i] = map[first + i] * ((gradients[i] - sum) * scale);
            weights[i] *= map[first + i];
        }
    }

    /// <summary>Σ x[i] · w[i], in two vectors of sums.</summary>
    [MethodImpl(HostMethod.Hot)]
    public static float Dot<TVector>(float* x, float* w, int length) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector sum0 = default, sum1 = default;
        int c = 0, step = TVector.Count;
        for (; c <= length - 2 * step; c += 2 * step)
        {
            sum0 = TVector.MultiplyAdd(TVector.Load(x + c), TVector.Load(w + c), sum0);
            sum1 = TVector.MultiplyAdd(TVector.Load(x + c + step), TVector.Load(w + c + step), sum1);
        }
        float sum = TVector.Sum(sum0 + sum1);
        for (; c < length; c++)
            sum += x[c] * w[c];
        return sum;
    }

    /// <summary>y = Σ weights[i] · v[row i].</summary>
    [MethodImpl(HostMethod.Hot)]
    public static void WeightedSum<TVector>(float* v, int* rows, int count, int channels, float* weights, float* y)
        where TVector : unmanaged, IHostVector<TVector>
    {
        int c = 0, step = TVector.Count;
        for (; c <= channels - 4 * step; c += 4 * step)
        {
            TVector sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (int i = 0; i < count; i++)
            {
                float* row = v + (long)rows[i] * channels + c;
                TVector weight = TVector.Create(weights[i]);
                sum0 = TVector.MultiplyAdd(weight, TVector.Load(row), sum0);
                sum1 = TVector.MultiplyAdd(weight, TVector.Load(row + step), sum1);
                sum2 = TVector.MultiplyAdd(weight, TVector.Load(row + 2 * step), sum2);
                sum3 = TVector.MultiplyAdd(weight, TVector.Load(row + 3 * step), sum3);
            }
            TVector.Store(y + c, sum0);
            TVector.Store(y + c + step, sum1);
            TVector.Store(y + c + 2 * step, sum2);
            TVector.Store(y + c + 3 * step, sum3);
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
