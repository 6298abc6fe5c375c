// Computes  the next id from logits: temperature, top-k, top-p, choice
// Idea      nothing is sorted: the smallest logit that stays is found by halving its bits, and each trial is one pass of vectors over the
//           vocabulary
// Numerics  e^x with a relative error of 2e-7, sums in four vectors of f32
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Sampling
{
    static void HostForward(HostDevice device, SamplingArguments a) => a.Id[0] = device.VectorBits switch
    {
        512 => HostChoose<Wide512>(a),
        256 => HostChoose<Wide256>(a),
        _ => HostChoose<Wide128>(a),
    };

    static unsafe int HostChoose<TVector>(in SamplingArguments a) where TVector : unmanaged, IHostVector<TVector>
    {
        float* logits = a.Logits.Pointer, weights = a.Scratch.Pointer;
        int count = a.Vocabulary;
        float largest = Largest<TVector>(logits, count);
        if (a.Temperature == 0 || float.IsInfinity(largest))
            return FirstEqual<TVector>(logits, 0, count, largest);
        Weigh<TVector>(logits, weights, count, largest, a.Temperature);
        if (a.TopK > 0 && a.TopK < count)
            KeepTop<TVector, Counted>(logits, weights, count, largest, a.TopK);
        if (a.TopP < 1)
            KeepTop<TVector, Weighed>(logits, weights, count, largest, a.TopP * SumFrom<TVector, Weighed>(weights, weights, count, 0f));
        return Choose<TVector>(weights, count, a.Uniform * SumFrom<TVector, Weighed>(weights, weights, count, 0f));
    }

    /// <summary>What is summed over the ids whose logit is large enough.</summary>
    unsafe interface IMeasure
    {
        static abstract TVector Of<TVector>(float* weights) where TVector : unmanaged, IHostVector<TVector>;
        static abstract float Of(float weight);
    }

    readonly unsafe struct Counted : IMeasure
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TVector>(float* weights) where TVector : unmanaged, IHostVector<TVector> => TVector.Create(1f);
        public static float Of(float weight) => 1f;
    }

    readonly unsafe struct Weighed : IMeasure
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TVector>(float* weights) where TVector : unmanaged, IHostVector<TVector> => TVector.Load(weights);
        public static float Of(float weight) => weight;
    }

    /// <summary>Sets to 0 the weights of all but the smallest number of most probable ids whose measure reaches the target.</summary>
    static unsafe void KeepTop<TVector, TMeasure>(float* logits, float* weights, int count, float largest, float target)
        where TVector : unmanaged, IHostVector<TVector> where TMeasure : struct, IMeasure
    {
        // The largest logit t with measure(logit ≥ t) ≥ target; the sums are monotonic in t because rounding is.
        uint low = ToKey(float.NegativeInfinity), high = ToKey(largest);
        while (low < high)
        {
            uint middle = high - (high - low) / 2;
            if (SumFrom<TVector, TMeasure>(logits, weights, count, FromKey(middle)) >= target)
                low = middle;
            else
                high = middle - 1;
        }
        float threshold = FromKey(low);
        DropBelow<TVector>(logits, weights, count, threshold);
        // Equal logits: the lowest ids fill what is missing.
        float sum = SumFrom<TVector, TMeasure>(logits, weights, count, MathF.BitIncrement(threshold));
        for (int id = -1; (id = FirstEqual<TVector>(logits, id + 1, count, threshold)) >= 0;)
        {
            if (sum >= target)
                weights[id] = 0f;
            sum += TMeasure.Of(weights[id]);
        }
    }

    /// <summary>An integer whose order is that of the number.</summary>
    static uint ToKey(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }

    static float FromKey(uint key) => BitConverter.UInt32BitsToSingle((key & 0x8000_0000) != 0 ? key & 0x7FFF_FFFF : ~key);

    /// <summary>The first id at which the summed weights exceed the target.</summary>
    static unsafe int Choose<TVector>(float* weights, int count, float target) where TVector : unmanaged, IHostVector<TVector>
    {
        const int block = 1024;
        float passed = 0f;
        int last = 0;
        for (int start = 0; start < count; start += block)
        {
            int end = Math.Min(count, start + block);
            float sum = SumFrom<TVector, Weighed>(weights + start, weights + start, end - start, 0f);
            if (passed + sum <= target)
            {
                passed += sum;
                continue;
            }
            for (int id = start; id < end; id++)
            {
                passed += weights[id];
                if (weights[id] > 0f)
                    last = id;
                if (passed > target)
                    return id;
            }
        }
        return last; // the sums of blocks reached the target and those of ids missed it by a rounding
    }

    /// <summary>The largest logit, which may be infinite.</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe float Largest<TVector>(float* logits, int count) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector largest = TVector.Create(float.NegativeInfinity), infinity = TVector.Create(float.PositiveInfinity), zero = default,
            one = TVector.Create(1f), odd = default;
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            var logit = TVector.Load(logits + i);
            largest = TVector.IfLess(largest, logit, logit, largest);
            odd += TVector.IfLess(logit, infinity, zero, one);
        }
        float all = TVector.Largest(largest);
        bool isOdd = TVector.Sum(odd) > 0;
        for (; i < count; i++)
        {
            all = MathF.Max(all, logits[i]);
            isOdd |= !(logits[i] < float.PositiveInfinity);
        }
        if (isOdd)
            for (int id = 0; id < count; id++)
                Require.That(!float.IsNaN(logits[id]), "Sampling", nameof(SamplingArguments.Logits),
                    "numbers; the logit of this id is none", id);
        return isOdd ? float.PositiveInfinity : all;
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Weigh<TVector>(float* logits, float* weights, int count, float largest, float temperature) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(weights + i, HostMath.Exp((TVector.Load(logits + i) - TVector.Create(largest)) / TVector.Create(temperature)));
        for (; i < count; i++)
            weights[i] = DeviceMath.Exp((logits[i] - largest) / temperature);
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe float SumFrom<TVector, TMeasure>(float* logits, float* weights, int count, float threshold)
        where TVector : unmanaged, IHostVector<TVector> where TMeasure : struct, IMeasure
    {
        TVector t = TVector.Create(threshold), zero = default, a = default, b = default, c = default, d = default;
        int i = 0, step = TVector.Count;
        for (; i <= count - 4 * step; i += 4 * step)
        {
            a += TVector.IfLess(TVector.Load(logits + i), t, zero, TMeasure.Of<TVector>(weights + i));
            b += TVector.IfLess(TVector.Load(logits + i + step), t, zero, TMeasure.Of<TVector>(weights + i + step));
            c += TVector.IfLess(TVector.Load(logits + i + 2 * step), t, zero, TMeasure.Of<TVector>(weights + i + 2 * step));
            d += TVector.IfLess(TVector.Load(logits + i + 3 * step), t, zero, TMeasure.Of<TVector>(weights + i + 3 * step));
        }
        float sum = TVector.Sum(a + b + (c + d));
        for (; i < count; i++)
            if (logits[i] >= threshold)
                sum += TMeasure.Of(weights[i]);
        return sum;
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void DropBelow<TVector>(float* logits, float* weights, int count, float threshold) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(weights + i, TVector.IfLess(TVector.Load(logits + i), TVector.Create(threshold), default,
                TVector.Load(weights + i)));
        for (; i < count; i++)
            if (logits[i] < threshold)
                weights[i] = 0f;
    }

    /// <summary>The first id from <paramref name="start"/> on whose logit is the given one, or −1.</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe int FirstEqual<TVector>(float* logits, int start, int count, float value) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector sought = TVector.Create(value), zero = default, one = TVector.Create(1f);
        for (int i = start; i < count;)
        {
            // Eight vectors without the value are passed over at once; otherwise id by id.
            int end = Math.Min(count, i + 8 * TVector.Count);
            if (end - i == 8 * TVector.Count)
            {
                TVector equal = default;
                for (int j = i; j < end; j += TVector.Count)
                {
                    var logit = TVector.Load(logits + j);
                    equal += TVector.IfLess(logit, sought, zero, TVector.IfLess(sought, logit, zero, one));
                }
                if (TVector.Sum(equal) == 0)
                {
                    i = end;
                    continue;
                }
            }
            for (; i < end; i++)
                if (logits[i] == value)
                    return i;
        }
        return -1;
    }
}
