// The load-store unit of a multiprocessor, its first-level cache, and its share of what lies behind.
using System.Numerics;

namespace HSENet.Ptx;

sealed partial class Multiprocessor
{
    // Stores run on until this many clocks of them wait for bandwidth.
    const double StoresAhead = 2000;

    readonly long[] _addressFree = new long[Schedulers];
    readonly Queue<long>[] _queue = [new(), new(), new(), new()];
    readonly ulong[] _sectors = new ulong[64];
    FirstLevelCache _l1 = null!;
    Bandwidth _l2 = null!, _memory = null!;
    long _unitFree, _tagFree;
    uint _random = 1;

    static bool UsesUnit(TimedKind kind) => kind is TimedKind.SharedLoad or TimedKind.SharedStore or TimedKind.MatrixLoad
        or TimedKind.GlobalLoad or TimedKind.GlobalStore or TimedKind.Copy or TimedKind.Exchange or TimedKind.SharedAtomic
        or TimedKind.GlobalAtomic or TimedKind.Local or TimedKind.Transpose;

    // A request leaves the queue when the unit takes it.
    long QueueFree(int scheduler) => _queue[scheduler].Count < gpu.Queue ? 0 : _queue[scheduler].Peek();

    void Access(TimedWarp w, in TimedInstruction i, long now)
    {
        ReadOnlySpan<ulong> addresses = w.Stream.Addresses;
        uint mask = w.Step.Mask;
        bool shared = w.Step.Space == AccessSpace.Shared && i.Kind != TimedKind.Copy;
        int clocks = Clocks(i, addresses, mask, shared);
        long atUnit = Math.Max(now, _addressFree[w.Scheduler]);
        _addressFree[w.Scheduler] = atUnit + gpu.AddressUnit;
        long start = Math.Max(atUnit + gpu.ToUnit, _unitFree);
        _unitFree = start + clocks;
        _result.UnitClocks[w.Step.Index] += clocks;
        Queue<long> queue = _queue[w.Scheduler];
        if (queue.Count == gpu.Queue)
            queue.Dequeue();
        queue.Enqueue(start);
        if (i.ReadBarrier >= 0)
            w.Set(i.ReadBarrier, start, false);
        long fromUnit = gpu.SharedLatency - gpu.ToUnit - gpu.LoadStoreSlot;
        bool isLong = false;
        long done;
        if (mask == 0)
            done = start + gpu.LoadStoreSlot;
        else if (shared || i.Kind is TimedKind.Exchange or TimedKind.Transpose)
            done = start + clocks + fromUnit + (i.Bytes == 16 && i.Kind == TimedKind.SharedLoad ? 2 : 0);
        else
        {
            isLong = true;
            done = i.Kind switch
            {
                TimedKind.Local => Local(w, i, start),
                TimedKind.GlobalStore => Store(w, i, addresses, mask, start),
                TimedKind.GlobalAtomic => Atomic(w, i, addresses, mask, start),
                _ => Load(w, i, addresses, mask, start),
            };
            if (i.Kind == TimedKind.Copy)
                w.CopyDone = Math.Max(w.CopyDone, done + gpu.CopyClocks);
        }
        if (i.WriteBarrier >= 0)
            w.Set(i.WriteBarrier, done, isLong);
    }

    int Clocks(in TimedInstruction i, ReadOnlySpan<ulong> addresses, uint mask, bool shared)
    {
        if (mask == 0)
            return gpu.LoadStoreSlot;
        return i.Kind switch
        {
            TimedKind.MatrixLoad => AccessCost.Matrix(addresses, i.Count, gpu.LoadStoreSlot),
            TimedKind.Copy => Math.Max(gpu.LoadStoreSlot, i.Bytes / 4),
            TimedKind.Transpose => Math.Max(gpu.LoadStoreSlot, 2), // in and out
            _ when shared => AccessCost.Shared(addresses, mask, i.Bytes, gpu.LoadStoreSlot),
            _ => gpu.LoadStoreSlot,
        };
    }

    // A clock for each line.
    void TakeTags(int instruction, int lines, long start)
    {
        _tagFree = Math.Max(_tagFree, start) + lines;
        _result.TagClocks[instruction] += lines;
    }

    // Local memory lies so that the same word of all lanes is one line; it stays in the first-level cache.
    long Local(TimedWarp w, in TimedInstruction i, long start)
    {
        TakeTags(w.Step.Index, Math.Max(1, i.Bytes / 4), start);
        return _tagFree + gpu.L1Latency - gpu.ToUnit - 1;
    }

    long Load(TimedWarp w, in TimedInstruction i, ReadOnlySpan<ulong> addresses, uint mask, long start)
    {
        (int count, int lines) = AccessCost.Global(addresses, mask, Math.Max(1, i.Bytes), _sectors);
        TakeTags(w.Step.Index, lines, start);
        long hit = _tagFree + gpu.L1Latency - gpu.ToUnit - 1, done = hit;
        int missing = 0;
        for (int n = 0; n < count; n++)
        {
            long arrival = i.Cached ? _l1.Find(_sectors[n]) : -1;
            if (arrival >= 0)
                done = Math.Max(done, arrival);
            else
                _sectors[missing++] = _sectors[n];
        }
        _result.L1Sectors += count;
        _result.L1Hits += count - missing;
        if (missing == 0)
            return done;
        long came = Beyond(w.Step.Index, missing, _tagFree);
        for (int n = 0; n < missing && i.Cached; n++)
            _l1.Add(_sectors[n], came);
        return Math.Max(done, came);
    }

    // Sectors from the second-level cache; by the instruction's share some request waits for memory.
    long Beyond(int instruction, int sectors, long from)
    {
        int bytes = 32 * sectors;
        double memoryShare = memoryShares[instruction];
        _result.L2Bytes[instruction] += bytes;
        _result.MemoryBytes[instruction] += bytes * memoryShare;
        double passed = _l2.Take(bytes, from);
        int latency = gpu.L2Latency;
        if (memoryShare > 0)
        {
            passed = Math.Max(passed, _memory.Take(bytes * memoryShare, from));
            if (Random() < 1 - Math.Pow(1 - memoryShare, sectors))
                latency = gpu.MemoryLatency;
        }
        return (long)(passed + latency * (1 + gpu.LatencySpread * (2 * Random() - 1)));
    }

    long Store(TimedWarp w, in TimedInstruction i, ReadOnlySpan<ulong> addresses, uint mask, long start)
    {
        (int count, int lines) = AccessCost.Global(addresses, mask, Math.Max(1, i.Bytes), _sectors);
        TakeTags(w.Step.Index, lines, start);
        _result.L2Bytes[w.Step.Index] += 32 * count;
        // Stores to one sector gather in the second-level cache before they go to memory.
        int gathered = Math.Min(32 * count, BitOperations.PopCount(mask) * i.Bytes);
        _result.MemoryBytes[w.Step.Index] += gathered;
        double passed = Math.Max(_l2.Take(32 * count, _tagFree), _memory.Take(gathered, _tagFree));
        _unitFree = Math.Max(_unitFree, (long)(passed - StoresAhead));
        return start + gpu.LoadStoreSlot;
    }

    long Atomic(TimedWarp w, in TimedInstruction i, ReadOnlySpan<ulong> addresses, uint mask, long start)
    {
        (int count, int lines) = AccessCost.Global(addresses, mask, Math.Max(1, i.Bytes), _sectors);
        TakeTags(w.Step.Index, lines, start);
        _result.L2Bytes[w.Step.Index] += 32 * count;
        return (long)_l2.Take(32 * count, _tagFree) + gpu.L2Latency;
    }

    // The same numbers in every run.
    double Random()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        return _random / (double)uint.MaxValue;
    }
}
