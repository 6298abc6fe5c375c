// The group of Sampling's V3 that finds the smallest key that stays: first the bin, then the key in it.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Sampling
{
    static unsafe void ThresholdV3(SamplingArguments a)
    {
        var shared = SharedMemory.Allocate<ulong>(WarpsAtMost);
        var count = SharedMemory.Allocate<int>(1);
        ulong* masses = (ulong*)a.Parts.Address + MassWord(a.Vocabulary);
        int* ids = (int*)(masses + Bins) + Bins;
        ulong best = LargestOfParts(a, shared), threshold = 0;
        float largest = a.Logits[OrderedKey.Index(best)];
        if (largest - largest == 0f)
        {
            // Ids of the bins below the end stay, and of the listed ones, which are in the bin at the end, those from the threshold on.
            int end = Bins, listed = 0;
            if (a.TopK > 0 && a.TopK < a.Vocabulary)
            {
                end = LastBin(masses, shared, (ulong)a.TopK, 1);
                listed = Gather(a, ids, count, largest, end);
                threshold = Threshold(a, ids, shared, listed, 0, (ulong)a.TopK - Below(masses, shared, end, 1), 1);
            }
            if (a.TopP < 1f)
            {
                ulong whole = Below(masses, shared, end, 0) + Listed(a, ids, shared, listed, threshold);
                ulong target = Math.Max(1, (ulong)(a.TopP * (double)whole));
                int bin = LastBin(masses, shared, target, 0);
                if (bin != end)
                {
                    listed = Gather(a, ids, count, largest, bin);
                    threshold = 0;
                }
                threshold = Threshold(a, ids, shared, listed, threshold, target - Below(masses, shared, bin, 0), 0);
            }
        }
        if (Group.IdxX == 0)
        {
            ulong* found = masses - 2;
            found[0] = threshold;
            found[1] = best;
        }
    }

    /// <summary>The bin in which the summed measure of the ids from the largest on reaches the target; not behind the end, up to which
    /// it does.</summary>
    static unsafe int LastBin(ulong* masses, ArrayView<ulong> shared, ulong target, int counts)
    {
        int bin = 0;
        for (int bit = 1 << BinBits - 1; bit > 0; bit >>= 1)
            if (Below(masses, shared, bin + bit, counts) < target)
                bin += bit;
        return bin;
    }

    /// <summary>The measure of the bins below one.</summary>
    static unsafe ulong Below(ulong* masses, ArrayView<ulong> shared, int end, int counts)
    {
        int* numbers = (int*)(masses + Bins);
        ulong sum = 0;
        for (int bin = Group.IdxX; bin < end; bin += ThresholdThreads)
            sum += counts != 0 ? (ulong)numbers[bin] : masses[bin];
        return SumOverGroup(shared, sum);
    }

    /// <summary>Writes the ids of a bin, in any order, and returns how many they are. Eight logits of a thread are under way at
    /// once.</summary>
    static unsafe int Gather(SamplingArguments a, int* ids, ArrayView<int> count, float largest, int bin)
    {
        Group.Barrier(); // all have read what was gathered before
        if (Group.IdxX == 0)
            count[0] = 0;
        Group.Barrier(); // the count is 0
        for (int id = Group.IdxX; id < a.Vocabulary; id += 8 * ThresholdThreads)
        {
            float l0 = Logit(a, id), l1 = Logit(a, id + ThresholdThreads), l2 = Logit(a, id + 2 * ThresholdThreads),
                l3 = Logit(a, id + 3 * ThresholdThreads), l4 = Logit(a, id + 4 * ThresholdThreads),
                l5 = Logit(a, id + 5 * ThresholdThreads), l6 = Logit(a, id + 6 * ThresholdThreads),
                l7 = Logit(a, id + 7 * ThresholdThreads);
            GatherOne(a, ids, count, largest - l0, bin, id);
            GatherOne(a, ids, count, largest - l1, bin, id + ThresholdThreads);
            GatherOne(a, ids, count, largest - l2, bin, id + 2 * ThresholdThreads);
            GatherOne(a, ids, count, largest - l3, bin, id + 3 * ThresholdThreads);
            GatherOne(a, ids, count, largest - l4, bin, id + 4 * ThresholdThreads);
            GatherOne(a, ids, count, largest - l5, bin, id + 5 * ThresholdThreads);
            GatherOne(a, ids, count, largest - l6, bin, id + 6 * ThresholdThreads);
            GatherOne(a, ids, count, largest - l7, bin, id + 7 * ThresholdThreads);
        }
        Group.Barrier(); // all ids of the bin are written
        return count[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Logit(SamplingArguments a, int id) => a.Logits[Math.Min(id, a.Vocabulary - 1)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void GatherOne(SamplingArguments a, int* ids, ArrayView<int> count, float below, int bin, int id)
    {
        if (id < a.Vocabulary && Bin(below) == bin)
            ids[Atomic.Add(ref count[0], 1)] = id;
    }

    /// <summary>The largest key, not below <paramref name="lowest"/>, from which on the listed ids' measure reaches the target.</summary>
    static unsafe ulong Threshold(SamplingArguments a, int* ids, ArrayView<ulong> shared, int listed, ulong lowest, ulong target,
        int counts)
    {
        // Most bins have no more ids than there are threads: a thread's own one stays in registers.
        ulong own = 0, mine = 0;
        if (Group.IdxX < listed)
        {
            own = Key(a, ids[Group.IdxX]);
            mine = counts != 0 ? 1 : Mass(a.Scratch[ids[Group.IdxX]]);
        }
        ulong threshold = 0;
        for (int bit = 63; bit >= 0; bit--)
        {
            ulong trial = threshold | 1UL << bit, from = Math.Max(trial, lowest), sum = own >= from ? mine : 0;
            for (int i = Group.IdxX + ThresholdThreads; i < listed; i += ThresholdThreads)
                if (Key(a, ids[i]) >= from)
                    sum += counts != 0 ? 1 : Mass(a.Scratch[ids[i]]);
            if (SumOverGroup(shared, sum) >= target)
                threshold = trial;
        }
        return threshold;
    }

    /// <summary>The mass of the listed ids from a key on.</summary>
    static unsafe ulong Listed(SamplingArguments a, int* ids, ArrayView<ulong> shared, int listed, ulong lowest)
    {
        ulong mass = 0;
        for (int i = Group.IdxX; i < listed; i += ThresholdThreads)
            if (Key(a, ids[i]) >= lowest)
                mass += Mass(a.Scratch[ids[i]]);
        return SumOverGroup(shared, mass);
    }
}
