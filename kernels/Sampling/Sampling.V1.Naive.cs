// Computes  the next id from logits: temperature, top-k, top-p, choice
// Idea      one group walks the vocabulary. Logit and id together are an integer of 64 bits, larger for the more probable id and never
//           equal, so "the k largest" and "the probability p" are both a threshold, found bit by bit with one sum over the vocabulary each
// Numerics  e^x with a relative error of 2e-7; 128 sums in f32, added left to right; they grow with the threshold because rounding is
//           monotonic
using ILGPU;

namespace HSENet.Kernels;

public static partial class Sampling
{
    static void ForwardV1(SamplingArguments a)
    {
        var sums = SharedMemory.Allocate<float>(GroupSize);
        var keys = SharedMemory.Allocate<ulong>(GroupSize);
        int thread = Group.IdxX;

        ulong best = 0;
        for (int i = thread; i < a.Vocabulary; i += GroupSize)
            best = Math.Max(best, OrderedKey.Of(a.Logits[i], i));
        keys[thread] = best;
        Group.Barrier(); // every thread reads the keys of all
        for (int i = 0; i < GroupSize; i++)
            best = Math.Max(best, keys[i]);
        int largest = OrderedKey.Index(best);
        float largestLogit = a.Logits[largest];
        if (a.Temperature == 0f || largestLogit - largestLogit != 0f) // infinite: there is nothing to weigh
        {
            if (thread == 0)
                a.Id[0] = largest;
            return;
        }

        // A thread owns every 128th id: nobody else reads or writes its weight.
        for (int i = thread; i < a.Vocabulary; i += GroupSize)
            a.Scratch[i] = DeviceMath.Exp(ScalarInstructions.Divide(a.Logits[i] - largestLogit, a.Temperature));
        if (a.TopK > 0 && a.TopK < a.Vocabulary)
            KeepTop(a, sums, a.TopK, 1);
        if (a.TopP < 1f)
            KeepTop(a, sums, a.TopP * SumBelow(a, sums, a.Vocabulary), 0);

        float target = a.Uniform * SumBelow(a, sums, a.Vocabulary);
        int before = 0; // the most ids whose weight does not exceed the target: the next one does
        for (int bit = 1 << 23; bit > 0; bit >>= 1)
            if (SumBelow(a, sums, Math.Min(before + bit, a.Vocabulary)) <= target)
                before += bit;
        if (thread == 0)
            a.Id[0] = before;
    }

    static void KeepTop(SamplingArguments a, ArrayView<float> sums, float target, int counts)
    {
        ulong threshold = 0;
        for (int bit = 63; bit >= 0; bit--)
        {
            ulong trial = threshold | 1UL << bit;
            if (SumFrom(a, sums, trial, counts) >= target)
                threshold = trial;
        }
        for (int i = Group.IdxX; i < a.Vocabulary; i += GroupSize)
            if (OrderedKey.Of(a.Logits[i], i) < threshold)
                a.Scratch[i] = 0f;
    }

    /// <summary>The summed weight, or the number, of the ids with at least the given key.</summary>
    static float SumFrom(SamplingArguments a, ArrayView<float> sums, ulong lowest, int counts)
    {
        float sum = 0f;
        for (int i = Group.IdxX; i < a.Vocabulary; i += GroupSize)
            if (OrderedKey.Of(a.Logits[i], i) >= lowest)
                sum += counts != 0 ? 1f : a.Scratch[i];
        return OverGroup(sums, sum);
    }

    /// <summary>The summed weight of the ids below <paramref name="end"/>.</summary>
    static float SumBelow(SamplingArguments a, ArrayView<float> sums, int end)
    {
        float sum = 0f;
        for (int i = Group.IdxX; i < end; i += GroupSize)
            sum += a.Scratch[i];
        return OverGroup(sums, sum);
    }

    static float OverGroup(ArrayView<float> sums, float sum)
    {
        Group.Barrier(); // all have read the sums of the call before
        sums[Group.IdxX] = sum;
        Group.Barrier(); // every thread reads the sums of all
        float all = 0f;
        for (int i = 0; i < GroupSize; i++)
            all += sums[i];
        return all;
    }
}
