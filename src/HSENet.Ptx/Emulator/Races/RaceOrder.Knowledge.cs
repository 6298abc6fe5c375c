// What a thread learns: observations, what it acquires of them, and how both spread at a barrier.
using System.Numerics;
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

sealed unsafe partial class RaceOrder
{
    void See(int thread, WordOrder word, bool shared, bool device, MemoryOrder order, int? count)
    {
        bool atomic = (order & MemoryOrder.Atomic) != 0, acquires = (order & MemoryOrder.Acquire) != 0;
        if (device || shared)
            See(ref _threads[thread], new Observation(word.Device, count ?? word.Device.Count, !shared, false, atomic), acquires);
        if (!shared && word.OwnOf(block.Number, device) is { } own)
            See(ref _threads[thread], new Observation(own, own.Count, false, false, atomic), acquires);
        if (!shared && device && !acquires)
            See(ref _threads[thread], new Observation(word.Total, word.Total.Count, true, true, atomic), false);
    }

    void See(ref ThreadOrder thread, Observation observation, bool acquires)
    {
        if (observation.Count == 0)
            return;
        if (acquires)
        {
            Acquire(ref thread, observation.Log.UpTo(observation.Count));
            return;
        }
        thread.Observed ??= [];
        Add(thread.Observed, observation);
        _observed = _used = true;
    }

    void Acquire(ref ThreadOrder thread, Knowledge? known)
    {
        thread.Known = Knowledge.Join(thread.Known, known);
        _apart = _used = true;
    }

    // Everything that a thread knows, without what it does itself.
    Knowledge? All(int warp, Knowledge? known)
    {
        _base ??= Knowledge.With(_common, _launch.Root, Base, Knowledge.Block, _epoch);
        Knowledge? all = Knowledge.Join(_base, known);
        return _warpEpochs[warp] > _epoch
            ? Knowledge.With(all, _launch.Root, Base + warp * 32, Knowledge.Warp, _warpEpochs[warp]) : all;
    }

    Knowledge? Gather(Knowledge? joined, int warp, uint mask, uint time)
    {
        Knowledge? before = null;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int thread = warp * 32 + BitOperations.TrailingZeroCount(m);
            if (_threads[thread].Known != before)
                joined = Knowledge.Join(joined, before = _threads[thread].Known);
            if (mask != uint.MaxValue)
                joined = Knowledge.With(joined, _launch.Root, Base + thread, Knowledge.Lane, time);
        }
        uint whole = mask == uint.MaxValue ? time : _warpEpochs[warp];
        return whole > _epoch ? Knowledge.With(joined, _launch.Root, Base + warp * 32, Knowledge.Warp, whole) : joined;
    }

    void Spread(Knowledge? joined, List<Observation> notes, int warp, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
        {
            ref ThreadOrder thread = ref _threads[warp * 32 + BitOperations.TrailingZeroCount(m)];
            thread.Known = joined;
            if (notes.Count > 0)
                Note(thread.Notes ??= [], notes);
        }
        _apart = _used = true;
    }

    void CollectNotes(List<Observation> notes, int warp, uint mask)
    {
        for (uint m = mask; m != 0 && _observed; m &= m - 1)
        {
            ref ThreadOrder thread = ref _threads[warp * 32 + BitOperations.TrailingZeroCount(m)];
            Note(notes, thread.Observed);
            Note(notes, thread.Notes);
        }
    }

    static void Note(List<Observation> notes, List<Observation>? more)
    {
        foreach (Observation observation in more ?? [])
            if (observation.Atomic)
                Add(notes, observation);
    }

    static void Add(List<Observation> observations, Observation added)
    {
        foreach (ref Observation observation in CollectionsMarshal.AsSpan(observations))
            if (observation.Log == added.Log && observation.Atomic == added.Atomic)
            {
                if (observation.Count < added.Count)
                    observation = added;
                return;
            }
        observations.Add(added);
    }

    WordOrder Shared(ulong offset)
    {
        if (!_sharedWords.TryGetValue(offset & ~3ul, out WordOrder? word))
            _sharedWords[offset & ~3ul] = word = new WordOrder(_launch.Root);
        return word;
    }
}
