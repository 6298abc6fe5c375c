// Strong accesses to words, mbarrier phases, and whether an access is ordered before another.
namespace HSENet.Ptx;

sealed unsafe partial class RaceOrder
{
    /// <summary>A thread reads a word strongly.</summary>
    public void Read(int thread, MemoryRegion* region, ulong offset, MemoryOrder order)
    {
        bool shared = region->Index == BlockState.SharedIndex, device = (order & MemoryOrder.Device) != 0;
        if ((order & MemoryOrder.NoResult) == 0 && Words(shared).TryGetValue(WordOf(region, offset), out WordOrder? word))
            See(thread, word, shared, device, order, null);
    }

    /// <summary>A thread writes a word strongly.</summary>
    public void Write(int thread, MemoryRegion* region, ulong offset, MemoryOrder order, bool atomic)
    {
        bool shared = region->Index == BlockState.SharedIndex, device = (order & MemoryOrder.Device) != 0 || shared;
        ref ThreadOrder own = ref _threads[thread];
        bool releases = (order & MemoryOrder.Release) != 0;
        Dictionary<ulong, WordOrder> words = Words(shared);
        ulong key = WordOf(region, offset);
        if (!words.TryGetValue(key, out WordOrder? word))
        {
            if (!releases && own.Fenced == null && own.Total == null)
                return;
            words[key] = word = new WordOrder(_launch.Root);
        }
        word.Write(Base + thread, atomic);
        if (releases)
            word.Publish(new Release(All(thread / 32, own.Known), Step()), Base + thread, device);
        else if (own.Fenced != null)
        {
            if (device && (shared ? own.Fenced : own.DeviceFenced) is { } fenced)
                word.Publish(fenced, Base + thread, true);
            if (!shared && (!device || own.Fenced != own.DeviceFenced))
                word.Publish(own.Fenced, Base + thread, false);
        }
        if (!releases && device && !shared && own.Total != null)
            word.Total.Add(own.Total, Base + thread);
    }

    /// <summary>The phase of the mbarrier at an address is complete: those who test it know what had been published by then.</summary>
    public void CompletePhase(ulong offset)
    {
        WordOrder word = Shared(offset);
        word.PhaseCount = word.Device.Count;
    }

    /// <summary>A thread learns that the last phase of an mbarrier is complete.</summary>
    public void SeePhase(int thread, ulong offset, MemoryOrder order)
    {
        WordOrder word = Shared(offset);
        See(thread, word, true, true, order, word.PhaseCount);
    }

    /// <summary>Whether an access of a thread of some block at a time is not ordered before what a thread of this block does now.</summary>
    public bool Unordered(uint clock, long otherBlock, int other, int thread)
    {
        if (otherBlock == block.Number && (other == thread || clock < _epoch
            || (other / 32 == thread / 32 && clock < _warpEpochs[thread / 32])))
            return false;
        long key = (otherBlock << 10) + other;
        return clock >= Knowledge.Of(_common, _launch.Root, key) && clock >= Knowledge.Of(_threads[thread].Known, _launch.Root, key);
    }

    /// <summary>Whether all threads of another block are known up to behind a time.</summary>
    public bool KnowsBlock(uint clock, long otherBlock, int thread) =>
        otherBlock == block.Number ? clock < _epoch : clock < Knowledge.OfBlock(_common, _launch.Root, otherBlock)
            || clock < Knowledge.OfBlock(_threads[thread].Known, _launch.Root, otherBlock);

    /// <summary>Whether it would be ordered if atomics that drew a ticket had acquired what they saw.</summary>
    public bool OrderedByTicket(uint clock, long otherBlock, int other, int thread)
    {
        if (!_observed)
            return false;
        List<Observation> notes = [.. _commonNotes];
        Note(notes, _threads[thread].Observed);
        Note(notes, _threads[thread].Notes);
        long key = (otherBlock << 10) + other;
        foreach (Observation observation in notes)
            if (clock < Knowledge.Of(observation.Log.UpTo(observation.Count), _launch.Root, key))
                return true;
        return false;
    }

    /// <summary>A thread reads strongly what was written strongly.</summary>
    public void SeeWrite(uint stamp, int thread, ulong place, bool shared)
    {
        Dictionary<ulong, SeenWrite> all = shared ? _sharedSeen : _launch.Seen;
        if (!all.TryGetValue(place, out SeenWrite? seen) || seen.Stamp != stamp)
            all[place] = seen = new SeenWrite(stamp);
        seen.Readers.TryAdd(Base + thread, _launch.Clock);
        _used = true;
    }

    /// <summary>Whether a thread comes behind one that has seen a write.</summary>
    public bool IsBehind(uint stamp, int thread, ulong place, bool shared)
    {
        if (!(shared ? _sharedSeen : _launch.Seen).TryGetValue(place, out SeenWrite? seen) || seen.Stamp != stamp)
            return false;
        foreach ((long reader, uint time) in seen.Readers)
            if (reader == Base + thread || !Unordered(time, reader >> 10, (int)(reader & Stamp.Who), thread))
                return true;
        return false;
    }

    /// <summary>Keeps a weak write that a strong one covers: other strong accesses may still race with it.</summary>
    public void KeepWeak(ulong place, uint stamp, bool shared)
    {
        (shared ? _sharedCovered : _launch.Covered)[place] = stamp;
        _used = true;
    }

    /// <summary>The stamp of such a write; 0 when there is none.</summary>
    public uint KeptWeak(ulong place, bool shared) => (shared ? _sharedCovered : _launch.Covered).GetValueOrDefault(place);

    Dictionary<ulong, WordOrder> Words(bool shared) => shared ? _sharedWords : _launch.Words;

    static ulong WordOf(MemoryRegion* region, ulong offset) => (region->Base + offset) & ~3ul;
}
