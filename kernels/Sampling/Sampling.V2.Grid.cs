// Computes  the id of the largest logit
// Idea      a grid walks the vocabulary: a group of 256 threads reads 1,024 logits, four a thread that are under way at once, and writes
//           the largest key. A kernel behind (Finish) takes the largest of these
// Numerics  none: keys are integers
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Sampling
{
    const int GridThreads = 256, PartIds = 4 * GridThreads, WarpsAtMost = 32;

    static int GridParts(int vocabulary) => (vocabulary + PartIds - 1) / PartIds;

    static Rung<SamplingArguments> Greedy()
    {
        static Rung<SamplingArguments> Staged(string name, Action<SamplingArguments> kernel) => Rung.Gpu(name, kernel) with
        {
            Group = GridThreads,
            ScratchBytes = static a => sizeof(ulong) * (long)GridParts(a.Vocabulary),
            WithScratch = static (a, scratch) => a with { Parts = scratch },
        };
        return Staged("V2.Grid", ForwardV2) with
        {
            Launch = static a => new(GridParts(a.Vocabulary)),
            Last = Staged("V2.Grid.Finish", FinishV2) with { Launch = static _ => new(1) },
            Accepts = static a => a.Temperature == 0,
            Claims = new() { NoBankConflicts = true },
        };
    }

    static void ForwardV2(SamplingArguments a) => LargestOfPart(a);

    static void FinishV2(SamplingArguments a)
    {
        ulong largest = LargestOfParts(a, SharedMemory.Allocate<ulong>(WarpsAtMost));
        if (Group.IdxX == 0)
            a.Id[0] = OrderedKey.Index(largest);
    }

    /// <summary>A group writes the largest key of its part of the vocabulary.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void LargestOfPart(SamplingArguments a)
    {
        var keys = SharedMemory.Allocate<ulong>(WarpsAtMost);
        int first = Grid.IdxX * PartIds + Group.IdxX;
        ulong key = Math.Max(Math.Max(Key(a, first), Key(a, first + GridThreads)),
            Math.Max(Key(a, first + 2 * GridThreads), Key(a, first + 3 * GridThreads)));
        key = WarpSums.MaxOverGroup(keys, key);
        if (Group.IdxX == 0)
            ((ulong*)a.Parts.Address)[Grid.IdxX] = key;
    }

    /// <summary>The largest key of all, in every thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe ulong LargestOfParts(SamplingArguments a, ArrayView<ulong> shared)
    {
        ulong largest = 0;
        for (int part = Group.IdxX; part < GridParts(a.Vocabulary); part += Group.DimX)
            largest = Math.Max(largest, ((ulong*)a.Parts.Address)[part]);
        return WarpSums.MaxOverGroup(shared, largest);
    }

    // Beyond the last id it is that one again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Key(SamplingArguments a, int id)
    {
        int known = Math.Min(id, a.Vocabulary - 1);
        return OrderedKey.Of(a.Logits[known], known);
    }
}
