// Computes  losses[t] = logsumexp(head·x[t]) − (head·x[t])[label],  gradX = Scale · (Σᵥ softmaxᵥ · head[v] − head[label])
// Idea      rows that count, side by side; for each part of the vocabulary their logits by Linear's product, e^(logit − largest so far),
//           and the
//           gradient's sum by Linear's product across. A larger largest logit scales what was summed: two products in all, no logit twice
// Numerics  products as Linear's; a sum is scaled at most once for each part of the vocabulary
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class CrossEntropy
{
    // Ids at a time: as many panels as threads want to share, and logits that stay in the second or third level cache.
    const int HostChunk = 2048;

    // Of a row: which token it is, its largest logit, its sum, its label's logit.
    const int HostRowFloats = 4;

    static unsafe void HostForward(HostDevice device, CrossEntropyArguments a)
    {
        var rows = new HostRows(a);
        int count = 0;
        for (int t = 0; t < a.Tokens; t++)
        {
            int label = a.Labels.Pointer[t];
            a.Losses.Pointer[t] = 0;
            Require.That(label < a.Vocabulary, "CrossEntropy", nameof(a.Labels), "ids below the vocabulary's size", label);
            if (label < 0)
            {
                if (!a.GradX.IsEmpty)
                    a.GradX.Slice((long)t * a.Channels, a.Channels).AsSpan().Clear();
                continue;
            }
            a.X.Slice((long)t * a.Channels, a.Channels).AsSpan().CopyTo(new Span<float>(rows.X + (long)count * a.Channels, a.Channels));
            rows.Tokens[count] = t;
            rows.Largest[count] = float.NegativeInfinity;
            rows.Sum[count++] = 0;
        }
        if (count == 0)
            return;

        View<float> x = new((long)rows.X, (long)count * a.Channels), gradient = new((long)rows.Gradient, x.Length);
        for (int first = 0; first < a.Vocabulary; first += HostChunk)
        {
            int ids = Math.Min(HostChunk, a.Vocabulary - first);
            var head = a.Head.Rows(first, ids, a.Channels);
            var logits = new View<float>((long)rows.Logits, (long)count * ids);
            Linear.HostProduct(device, new LinearArguments
            {
                X = x,
                W = head,
                Y = logits,
                Rows = count,
                Inputs = a.Channels,
                Outputs = ids
            }, across: false);
            device.ForVectors(count, new ExponentialWork(a, rows, first, ids));
            if (!a.GradX.IsEmpty)
                Linear.HostProduct(device, new LinearArguments
                {
                    X = logits,
                    W = head,
                    Residual = first == 0 ? default : gradient,
                    Y = gradient,
                    Rows = count,
                    Inputs = ids,
                    Outputs = a.Channels,
                }, across: true);
        }
        device.ForVectors(count, new FinishWork(a, rows));
    }

    /// <summary>How the scratch memory is divided.</summary>
    readonly unsafe struct HostRows(in CrossEntropyArguments a)
    {
        public readonly float* X = a.Scratch.Pointer;
        public readonly float* Gradient = a.Scratch.Pointer + (long)a.Tokens * a.Channels;
        public readonly float* Logits = a.Scratch.Pointer + 2L * a.Tokens * a.Channels;
        public readonly int* Tokens = (int*)(a.Scratch.Pointer + a.Scratch.Length - 4L * a.Tokens);
        public readonly float* Largest = a.Scratch.Pointer + a.Scratch.Length - 3L * a.Tokens;
        public readonly float* Sum = a.Scratch.Pointer + a.Scratch.Length - 2L * a.Tokens;
        public readonly float* LabelLogit = a.Scratch.Pointer + a.Scratch.Length - a.Tokens;
    }

    /// <summary>Turns a row's logits of a part of the vocabulary into e^(logit − largest), and scales what was summed before.</summary>
    readonly unsafe struct ExponentialWork(CrossEntropyArguments a, HostRows rows, int first, int ids) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            float* logits = rows.Logits + (long)index * ids;
            int label = a.Labels.Pointer[rows.Tokens[index]] - first;
            if (label >= 0 && label < ids)
                rows.LabelLogit[index] = logits[label];
            float before = rows.Largest[index], largest = Largest<TVector>(logits, ids, before);
            float sum = Exponentials<TVector>(logits, ids, largest);
            if (largest > before && first > 0)
            {
                float factor = DeviceMath.Exp(before - largest);
                rows.Sum[index] *= factor;
                if (!a.GradX.IsEmpty)
                {
                    float* gradient = rows.Gradient + (long)index * a.Channels;
                    HostVectors.Scale<TVector>(factor, gradient, gradient, a.Channels);
                }
            }
            rows.Largest[index] = largest;
            rows.Sum[index] += sum;
        }
    }

    readonly unsafe struct FinishWork(CrossEntropyArguments a, HostRows rows) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int t = rows.Tokens[index];
            float sum = rows.Sum[index];
            a.Losses.Pointer[t] = rows.Largest[index] - rows.LabelLogit[index] + DeviceMath.Log(sum);
            if (a.GradX.IsEmpty)
                return;
            float* gradX = a.GradX.Pointer + (long)t * a.Channels;
            HostVectors.Widen<TVector>(a.Head, (long)a.Labels.Pointer[t] * a.Channels, gradX, a.Channels);
            Difference<TVector>(rows.Gradient + (long)index * a.Channels, a.Scale / sum, gradX, a.Scale, a.Channels);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe float Largest<TVector>(float* x, int count, float largest) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector a = TVector.Create(largest), b = a;
        int i = 0;
        for (; i <= count - 2 * TVector.Count; i += 2 * TVector.Count)
        {
            a = TVector.Max(a, TVector.Load(x + i));
            b = TVector.Max(b, TVector.Load(x + i + TVector.Count));
        }
        largest = TVector.Largest(TVector.Max(a, b));
        for (; i < count; i++)
            largest = MathF.Max(largest, x[i]);
        return largest;
    }

    /// <summary>x[i] = e^(x[i] − largest); returns their sum.</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe float Exponentials<TVector>(float* x, int count, float largest) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector sums = default;
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            var value = HostMath.Exp(TVector.Load(x + i) - TVector.Create(largest));
            TVector.Store(x + i, value);
            sums += value;
        }
        float sum = TVector.Sum(sums);
        for (; i < count; i++)
            sum += x[i] = DeviceMath.Exp(x[i] - largest);
        return sum;
    }

    /// <summary>y[i] = factor · x[i] − scale · y[i].</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe void Difference<TVector>(float* x, float factor, float* y, float scale, int count) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(y + i, TVector.MultiplyAdd(TVector.Create(factor), TVector.Load(x + i),
                TVector.Create(-scale) * TVector.Load(y + i)));
        for (; i < count; i++)
            y[i] = factor * x[i] - scale * y[i];
    }
}
