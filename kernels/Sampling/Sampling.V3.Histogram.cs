// Computes  the next id from logits: temperature, top-k, top-p, choice
// Idea      five launches of which three use the whole GPU. Largest finds the largest logit. The rung itself weighs every id and counts, in
//           2,048 bins of a 64th of a logit below the largest, how many ids and how much weight a bin holds. Threshold, one group, finds
//           the bin in which the k-th id or the share p falls, gathers the ids of that bin alone, and halves their keys' bits. Keep
//           clears what lies below the threshold and sums up what each part of the vocabulary keeps; Choose, one group, finds the part and
//           in it the id. V1 walks the whole vocabulary for each bit
// Numerics  e^x with a relative error of 2e-7; sums of weights in integers of 64 bits, 2⁻⁴⁰ of the largest weight each: the same in any
//           order, and growing with the threshold
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Sampling
{
    const int Bins = 2048, BinBits = 11, BinsPerLogit = 64, ThresholdThreads = 1024;
    const float MassUnit = 1L << 40;

    // What passes between the kernels, in words of 64 bits: the largest key of each part, the mass that each keeps, threshold and largest
    // key of all, the masses of the bins. Then 32 bits each: ids in the bins, gathered ids.
    static int MassWord(int vocabulary) => 2 * GridParts(vocabulary) + 2;

    static Rung<SamplingArguments> Histogram()
    {
        static Rung<SamplingArguments> Staged(string name, int group, Action<SamplingArguments> kernel) => Rung.Gpu(name, kernel) with
        {
            Group = group,
            ScratchBytes = static a => sizeof(ulong) * (MassWord(a.Vocabulary) + (long)Bins) + sizeof(int) * ((long)Bins + a.Vocabulary),
            WithScratch = static (a, scratch) => a with { Parts = scratch },
            Launch = static _ => new(1),
        };
        static Rung<SamplingArguments> OverParts(string name, Action<SamplingArguments> kernel) =>
            Staged(name, GridThreads, kernel) with { Launch = static a => new(GridParts(a.Vocabulary)) };
        return OverParts("V3.Histogram", ForwardV3) with
        {
            First = OverParts("V3.Histogram.Largest", LargestV3),
            Last = Staged("V3.Histogram.Threshold", ThresholdThreads, ThresholdV3) with
            {
                GroupsPerMultiprocessor = 1, // the assembler stops at 32 registers otherwise, and spills
                Last = OverParts("V3.Histogram.Keep", KeepV3) with { Last = Staged("V3.Histogram.Choose", GridThreads, ChooseV3) },
            },
            Accepts = static a => a.Temperature > 0,
        };
    }

    static unsafe void LargestV3(SamplingArguments a)
    {
        // The bins are empty before the next kernel counts.
        ulong* masses = (ulong*)a.Parts.Address + MassWord(a.Vocabulary);
        uint* counts = (uint*)(masses + Bins);
        for (int bin = Grid.IdxX * GridThreads + Group.IdxX; bin < Bins; bin += Grid.DimX * GridThreads)
        {
            masses[bin] = 0;
            counts[bin] = 0;
        }
        LargestOfPart(a);
    }

    static unsafe void ForwardV3(SamplingArguments a)
    {
        var shared = SharedMemory.Allocate<ulong>(WarpsAtMost);
        var masses = SharedMemory.Allocate<ulong>(Bins);
        var counts = SharedMemory.Allocate<int>(Bins);
        for (int bin = Group.IdxX; bin < Bins; bin += GridThreads)
        {
            masses[bin] = 0;
            counts[bin] = 0;
        }
        float largest = a.Logits[OrderedKey.Index(LargestOfParts(a, shared))]; // behind a barrier: all bins are empty
        if (largest - largest != 0f) // infinite: there is nothing to weigh
            return;
        int first = Grid.IdxX * PartIds + Group.IdxX;
        for (int id = first; id < Math.Min(first + PartIds, a.Vocabulary); id += GridThreads)
        {
            float below = largest - a.Logits[id], weight = DeviceMath.Exp(ScalarInstructions.Divide(-below, a.Temperature));
            a.Scratch[id] = weight;
            int bin = Bin(below);
            Atomic.Add(ref masses[bin], Mass(weight));
            Atomic.Add(ref counts[bin], 1);
        }
        Group.Barrier(); // all ids of the part are counted
        ulong* allMasses = (ulong*)a.Parts.Address + MassWord(a.Vocabulary);
        int* allCounts = (int*)(allMasses + Bins);
        for (int bin = Group.IdxX; bin < Bins; bin += GridThreads)
            if (counts[bin] != 0)
            {
                Atomic.Add(ref allMasses[bin], masses[bin]);
                Atomic.Add(ref allCounts[bin], counts[bin]);
            }
    }

    static unsafe void KeepV3(SamplingArguments a)
    {
        var shared = SharedMemory.Allocate<ulong>(WarpsAtMost);
        ulong* parts = (ulong*)a.Parts.Address + GridParts(a.Vocabulary);
        ulong threshold = parts[GridParts(a.Vocabulary)];
        float largest = OrderedKey.Number(parts[GridParts(a.Vocabulary) + 1]);
        if (largest - largest != 0f)
            return;
        int first = Grid.IdxX * PartIds + Group.IdxX;
        ulong mass = 0;
        for (int id = first; id < Math.Min(first + PartIds, a.Vocabulary); id += GridThreads)
        {
            if (Key(a, id) >= threshold)
                mass += Mass(a.Scratch[id]);
            else
                a.Scratch[id] = 0f;
        }
        mass = SumOverGroup(shared, mass);
        if (Group.IdxX == 0)
            parts[Grid.IdxX] = mass;
    }

    static unsafe void ChooseV3(SamplingArguments a)
    {
        var shared = SharedMemory.Allocate<ulong>(WarpsAtMost);
        int thread = Group.IdxX, parts = GridParts(a.Vocabulary);
        ulong* kept = (ulong*)a.Parts.Address + parts;
        ulong largest = kept[parts + 1];
        if (OrderedKey.Number(largest) - OrderedKey.Number(largest) != 0f)
        {
            if (thread == 0)
                a.Id[0] = OrderedKey.Index(largest);
            return;
        }
        ulong target = (ulong)(a.Uniform * (double)PartsBelow(kept, shared, parts));
        // The most parts whose mass does not exceed the target: the chosen id is in the next one.
        int before = 0;
        for (int bit = 1 << 13; bit > 0; bit >>= 1)
            if (before + bit < parts && PartsBelow(kept, shared, before + bit) <= target)
                before += bit;
        ulong rest = target - PartsBelow(kept, shared, before);
        int first = before * PartIds + thread;
        ulong m0 = MassOf(a, first), m1 = MassOf(a, first + GridThreads), m2 = MassOf(a, first + 2 * GridThreads),
            m3 = MassOf(a, first + 3 * GridThreads);
        int ids = 0; // likewise
        for (int bit = PartIds / 2; bit > 0; bit >>= 1)
        {
            int end = ids + bit - thread;
            ulong mass = (end > 0 ? m0 : 0) + (end > GridThreads ? m1 : 0) + (end > 2 * GridThreads ? m2 : 0)
                + (end > 3 * GridThreads ? m3 : 0);
            if (SumOverGroup(shared, mass) <= rest)
                ids += bit;
        }
        if (thread == 0)
            a.Id[0] = before * PartIds + ids;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe ulong PartsBelow(ulong* kept, ArrayView<ulong> shared, int end)
    {
        ulong mass = 0;
        for (int part = Group.IdxX; part < end; part += GridThreads)
            mass += kept[part];
        return SumOverGroup(shared, mass);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong MassOf(SamplingArguments a, int id)
    {
        ulong mass = 0;
        if (id < a.Vocabulary)
            mass = Mass(a.Scratch[id]);
        return mass;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Mass(float weight) => (ulong)(weight * MassUnit);

    // Of an id that lies so much below the largest; the last bin has all that lie far below.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Bin(float below) => (int)MathF.Min(below * BinsPerLogit, Bins - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong SumOverGroup(ArrayView<ulong> shared, ulong value)
    {
        value = WarpSums.Sum(value);
        int lane = Group.IdxX & 31, warps = Group.DimX >> 5;
        Group.Barrier(); // all have read the sums of the call before
        if (lane == 0)
            shared[Group.IdxX >> 5] = value;
        Group.Barrier(); // every warp reads the sums of all
        return WarpSums.Sum(shared[Math.Min(lane, warps - 1)] & (ulong)(long)(lane - warps >> 31)); // there may be fewer warps than lanes
    }
}
