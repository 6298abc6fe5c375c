// Computes  the next id from logits: temperature, top-k, top-p, choice
// Idea      nothing is sorted: the smallest logit that stays is found by halving its bits, and each trial is one pass of vectors over the vocabulary
// Numerics  e^x with a relative error of 2e-7, sums in 64 lanes in f32
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class Sampling
{
    static unsafe void HostForward(HostDevice device, SamplingArguments a)
    {
        float* logits = a.Logits.Pointer, weights = a.Scratch.Pointer;
        int count = a.Vocabulary;
        float largest = Largest(logits, count);
        Require.That(!float.IsNaN(largest), "Sampling", nameof(a.Logits), "numbers", 0);
        if (a.Temperature == 0 || float.IsInfinity(largest))
        {
            a.Id[0] = FirstEqual(logits, 0, count, largest);
            return;
        }
        Weigh(logits, weights, count, largest, a.Temperature);
        if (a.TopK > 0 && a.TopK < count)
            KeepTop<Counted>(logits, weights, count, largest, a.TopK);
        if (a.TopP < 1)
            KeepTop<Weighed>(logits, weights, count, largest, a.TopP * SumFrom<Weighed>(logits, weights, count, float.NegativeInfinity));
        a.Id[0] = Choose(weights, count, a.Uniform * SumFrom<Weighed>(logits, weights, count, float.NegativeInfinity));
    }

    /// <summary>What is summed over the ids whose logit is large enough.</summary>
    interface IMeasure
    {
        static abstract unsafe Vector512<float> Of(float* weights);
        static abstract float Of(float weight);
    }

    readonly struct Counted : IMeasure
    {
        public static unsafe Vector512<float> Of(float* weights) => Vector512<float>.One;
        public static float Of(float weight) => 1f;
    }

    readonly struct Weighed : IMeasure
    {
        public static unsafe Vector512<float> Of(float* weights) => Vector512.Load(weights);
        public static float Of(float weight) => weight;
    }

    /// <summary>Sets to 0 the weights of all but the smallest number of most probable ids whose measure reaches the target.</summary>
    static unsafe void KeepTop<TMeasure>(float* logits, float* weights, int count, float largest, float target) where TMeasure : struct, IMeasure
    {
        // The largest logit t with measure(logit ≥ t) ≥ target; the sums are monotonic in t because rounding is.
        uint low = ToKey(float.NegativeInfinity), high = ToKey(largest);
        while (low < high)
        {
            uint middle = high - (high - low) / 2;
            if (SumFrom<TMeasure>(logits, weights, count, FromKey(middle)) >= target)
                low = middle;
            else
                high = middle - 1;
        }
        float threshold = FromKey(low);
        DropBelow(logits, weights, count, threshold);
        // Equal logits: the lowest ids fill what is missing.
        float sum = SumFrom<TMeasure>(logits, weights, count, MathF.BitIncrement(threshold));
        for (int id = -1; (id = FirstEqual(logits, id + 1, count, threshold)) >= 0;)
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
    static unsafe int Choose(float* weights, int count, float target)
    {
        const int block = 1024;
        float passed = 0f;
        int last = 0;
        for (int start = 0; start < count; start += block)
        {
            int end = Math.Min(count, start + block);
            float sum = SumFrom<Weighed>(weights + start, weights + start, end - start, float.Epsilon);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe float Largest(float* logits, int count)
    {
        Vector512<float> a = Vector512.Create(float.NegativeInfinity), b = a;
        int i = 0;
        for (; i <= count - 32; i += 32)
        {
            a = Vector512.Max(a, Vector512.Load(logits + i));
            b = Vector512.Max(b, Vector512.Load(logits + i + 16));
        }
        a = Vector512.Max(a, b);
        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < 16; lane++)
            largest = MathF.Max(largest, a[lane]);
        for (; i < count; i++)
            largest = MathF.Max(largest, logits[i]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Weigh(float* logits, float* weights, int count, float largest, float temperature)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
            HostMath.Exp((Vector512.Load(logits + i) - Vector512.Create(largest)) / temperature).Store(weights + i);
        for (; i < count; i++)
            weights[i] = DeviceMath.Exp((logits[i] - largest) / temperature);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe float SumFrom<TMeasure>(float* logits, float* weights, int count, float threshold) where TMeasure : struct, IMeasure
    {
        Vector512<float> t = Vector512.Create(threshold), a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i <= count - 64; i += 64)
        {
            a += Masked<TMeasure>(logits + i, weights + i, t);
            b += Masked<TMeasure>(logits + i + 16, weights + i + 16, t);
            c += Masked<TMeasure>(logits + i + 32, weights + i + 32, t);
            d += Masked<TMeasure>(logits + i + 48, weights + i + 48, t);
        }
        float sum = Vector512.Sum(a + b + (c + d));
        for (; i < count; i++)
            if (logits[i] >= threshold)
                sum += TMeasure.Of(weights[i]);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Vector512<float> Masked<TMeasure>(float* logits, float* weights, Vector512<float> threshold) where TMeasure : struct, IMeasure =>
        Vector512.GreaterThanOrEqual(Vector512.Load(logits), threshold) & TMeasure.Of(weights);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void DropBelow(float* logits, float* weights, int count, float threshold)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
            Masked<Weighed>(logits + i, weights + i, Vector512.Create(threshold)).Store(weights + i);
        for (; i < count; i++)
            if (logits[i] < threshold)
                weights[i] = 0f;
    }

    /// <summary>The first id from <paramref name="start"/> on whose logit is the given one, or −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe int FirstEqual(float* logits, int start, int count, float value)
    {
        int i = start;
        for (; i <= count - 16; i += 16)
        {
            ulong equal = Vector512.Equals(Vector512.Load(logits + i), Vector512.Create(value)).ExtractMostSignificantBits();
            if (equal != 0)
                return i + BitOperations.TrailingZeroCount(equal);
        }
        for (; i < count; i++)
            if (logits[i] == value)
                return i;
        return -1;
    }
}
