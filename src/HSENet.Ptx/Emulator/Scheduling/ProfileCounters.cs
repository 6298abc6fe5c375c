// Counts what one worker's blocks do.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>
/// Counters of a worker. Instructions are counted by basic block. The sectors or bank conflicts of an access follow from the distances
/// between its lanes' addresses, and these are nearly always those of the last time, so each instruction remembers its last pattern.
/// </summary>
sealed unsafe class ProfileCounters
{
    const int SectorBytes = 32, SectorsPerClock = 4, BankBytes = 4, Banks = 32;

    /// <summary>The last pattern of an instruction: distances of addresses to the first, and what was counted for it.</summary>
    struct Pattern
    {
        public fixed ulong Distances[32];
        public uint Mask;
        public uint Alignment;
        public int Result;
        public int Ideal;
    }

    readonly DecodedKernel _kernel;
    readonly long[] _runs, _lanes, _divergences, _guardedLanes;
    readonly long[] _requests, _units, _passes, _bytes;
    readonly long[] _sharedRequests, _sharedUnits, _sharedIdeal, _sharedBytes, _localRequests;
    readonly Pattern[] _patterns;
    readonly Pattern* _pattern;
    long _mostInWarp;
    int _copyDepth;

    public ProfileCounters(DecodedKernel kernel)
    {
        _kernel = kernel;
        _runs = new long[kernel.Blocks.Length];
        _lanes = new long[kernel.Blocks.Length];
        _divergences = new long[kernel.Blocks.Length];
        int count = kernel.Statements.Count;
        _guardedLanes = new long[count];
        (_requests, _units, _passes, _bytes) = (new long[count], new long[count], new long[count], new long[count]);
        (_sharedRequests, _sharedUnits, _sharedIdeal, _sharedBytes) = (new long[count], new long[count], new long[count], new long[count]);
        _localRequests = new long[count];
        // Two for each instruction: an asynchronous copy accesses global and shared memory.
        _patterns = GC.AllocateArray<Pattern>(2 * (kernel.SlotCount + 1), pinned: true);
        _pattern = (Pattern*)Unsafe.AsPointer(ref _patterns[0]);
    }

    public void Clear()
    {
        foreach (long[] counters in new[] { _runs, _lanes, _divergences, _guardedLanes, _requests, _units, _passes, _bytes, _sharedRequests,
            _sharedUnits, _sharedIdeal, _sharedBytes, _localRequests })
            Array.Clear(counters);
        _copyDepth = 0;
        _mostInWarp = 0;
    }

    /// <summary>Gets what is executed, access by access; null when nobody asked for it.</summary>
    public IExecutionObserver? Observer { get; set; }

    public void Block(Warp w, int block, uint mask)
    {
        _runs[block]++;
        _lanes[block] += BitOperations.PopCount(mask);
        if (Observer != null)
            TellBlock(w, block, mask);
    }

    /// <summary>A block has ended.</summary>
    public void EndBlock(Warp[] warps)
    {
        foreach (Warp w in warps)
        {
            _mostInWarp = Math.Max(_mostInWarp, w.Instructions - w.InstructionsBefore);
            w.InstructionsBefore = w.Instructions;
        }
    }

    /// <summary>A guarded ending of a block: the lanes that come to it, and those whose predicate lets them take it.</summary>
    public void Ending(int block, uint mask, uint taken) => Observer?.Ending(block, mask, taken);

    public void Divergence(int block) => _divergences[block]++;

    public void Guarded(int statement, uint mask) => _guardedLanes[statement] += BitOperations.PopCount(mask);

    public void SeeCopyDepth(int depth) => _copyDepth = Math.Max(_copyDepth, depth);

    /// <summary>An access of a warp, before it is made.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Access<TSpace>(Instruction* i, ulong* addresses, uint mask, uint bytes) where TSpace : ISpace
    {
        ulong first = addresses[BitOperations.TrailingZeroCount(mask)] + (ulong)i->Immediate;
        if (typeof(TSpace) == typeof(LocalSpace) || (typeof(TSpace) == typeof(GenericSpace) && GenericAddress.InLocal(first)))
            _localRequests[i->Statement]++;
        else if (typeof(TSpace) == typeof(SharedSpace) || (typeof(TSpace) == typeof(GenericSpace) && GenericAddress.InShared(first)))
            Shared(i->Statement, _pattern + 2 * i->Slot, addresses, i->Immediate, mask, bytes);
        else
            Global(i->Statement, _pattern + 2 * i->Slot, addresses, i->Immediate, mask, bytes);
        if (Observer != null)
            TellAccess<TSpace>(i, addresses, first, mask, bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void TellBlock(Warp w, int block, uint mask) => Observer!.Block(w, block, mask);

    [MethodImpl(MethodImplOptions.NoInlining)]
    void TellAccess<TSpace>(Instruction* i, ulong* addresses, ulong first, uint mask, uint bytes)
    {
        bool isGeneric = typeof(TSpace) == typeof(GenericSpace);
        PtxSpace space = typeof(TSpace) == typeof(LocalSpace) || (isGeneric && GenericAddress.InLocal(first)) ? PtxSpace.Local
            : typeof(TSpace) == typeof(SharedSpace) || (isGeneric && GenericAddress.InShared(first)) ? PtxSpace.Shared : PtxSpace.Global;
        Observer!.Access(i->Statement, space, new ReadOnlySpan<ulong>(addresses, 32), i->Immediate, mask, bytes);
    }

    /// <summary>An asynchronous copy: reads global and writes shared memory.</summary>
    public void Copy(Instruction* i, ulong* from, ulong* to, uint mask, uint bytes)
    {
        Global(i->Statement, _pattern + 2 * i->Slot, from, i->More[0], mask, bytes);
        Shared(i->Statement, _pattern + 2 * i->Slot + 1, to, i->Immediate, mask, bytes);
        Observer?.Access(i->Statement, PtxSpace.Global, new ReadOnlySpan<ulong>(from, 32), i->More[0], mask, bytes);
        Observer?.Access(i->Statement, PtxSpace.Shared, new ReadOnlySpan<ulong>(to, 32), i->Immediate, mask, bytes);
    }

    /// <summary>Adds everything to a profile.</summary>
    public void AddTo(LaunchProfile profile)
    {
        profile.MostInWarp = Math.Max(profile.MostInWarp, _mostInWarp);
        for (int b = 0; b < _kernel.Blocks.Length; b++)
        {
            ref CodeBlock block = ref _kernel.Blocks[b];
            for (int s = block.Statement; s < block.Statement + block.Statements; s++)
            {
                profile.WarpInstructions[s] += _runs[b];
                profile.ActiveLanes[s] += _kernel.Statements[s].Predicate != null
                    && _kernel.Statements[s].Opcode is not ("bra" or "brx" or "ret" or "exit" or "call")
                    ? _guardedLanes[s] : _lanes[b];
            }
            if (block.Statements > 0)
                profile.DivergentBranches[block.Statement + block.Statements - 1] += _divergences[b];
        }
        Add(profile.GlobalRequests, _requests);
        Add(profile.GlobalSectors, _units);
        Add(profile.GlobalPasses, _passes);
        Add(profile.GlobalBytes, _bytes);
        Add(profile.SharedRequests, _sharedRequests);
        Add(profile.SharedWavefronts, _sharedUnits);
        Add(profile.SharedIdealWavefronts, _sharedIdeal);
        Add(profile.SharedBytes, _sharedBytes);
        Add(profile.LocalRequests, _localRequests);
        profile.AsyncCopyDepth = Math.Max(profile.AsyncCopyDepth, _copyDepth);
    }

    static void Add(long[] to, long[] from)
    {
        for (int i = 0; i < to.Length; i++)
            to[i] += from[i];
    }

    void Global(int statement, Pattern* pattern, ulong* addresses, long offset, uint mask, uint bytes)
    {
        _requests[statement]++;
        _bytes[statement] += bytes * (uint)BitOperations.PopCount(mask);
        if (!Same(pattern, addresses, offset, mask, SectorBytes))
            pattern->Result = Sectors(addresses, offset, mask, bytes);
        _units[statement] += pattern->Result;
        _passes[statement] += (pattern->Result + SectorsPerClock - 1) / SectorsPerClock;
    }

    void Shared(int statement, Pattern* pattern, ulong* addresses, long offset, uint mask, uint bytes)
    {
        _sharedRequests[statement]++;
        _sharedBytes[statement] += bytes * (uint)BitOperations.PopCount(mask);
        if (!Same(pattern, addresses, offset, mask, BankBytes))
            (pattern->Result, pattern->Ideal) = Wavefronts(addresses, offset, mask, bytes);
        _sharedUnits[statement] += pattern->Result;
        _sharedIdeal[statement] += pattern->Ideal;
    }

    // Compares with the last pattern and keeps the new one.
    static bool Same(Pattern* pattern, ulong* addresses, long offset, uint mask, uint unit)
    {
        int lane = BitOperations.TrailingZeroCount(mask);
        ulong first = addresses[lane];
        uint alignment = (uint)(first + (ulong)offset) % unit;
        bool same = pattern->Mask == mask && pattern->Alignment == alignment;
        if (mask == uint.MaxValue)
        {
            Vector512<ulong> changed = default, start = Vector512.Create(first);
            for (int q = 0; q < 32; q += 8)
            {
                Vector512<ulong> distance = Vector512.Load(addresses + q) - start;
                changed |= distance ^ Vector512.Load(pattern->Distances + q);
                distance.Store(pattern->Distances + q);
            }
            same &= changed == Vector512<ulong>.Zero;
        }
        else
            for (uint m = mask; m != 0; m &= m - 1)
            {
                int l = BitOperations.TrailingZeroCount(m);
                same &= pattern->Distances[l] == addresses[l] - first;
                pattern->Distances[l] = addresses[l] - first;
            }
        pattern->Mask = mask;
        pattern->Alignment = alignment;
        return same;
    }

    // Different sectors; an access that is not aligned may touch two.
    static int Sectors(ulong* addresses, long offset, uint mask, uint bytes)
    {
        ulong* seen = stackalloc ulong[64];
        int count = 0;
        ulong highest = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(m)] + (ulong)offset;
            for (ulong sector = address / SectorBytes; sector <= (address + bytes - 1) / SectorBytes; sector++)
            {
                // Addresses mostly ascend: only a sector below the highest one is looked for.
                if (count > 0 && (sector == highest || sector < highest && new ReadOnlySpan<ulong>(seen, count).Contains(sector)))
                    continue;
                seen[count++] = sector;
                highest = Math.Max(highest, sector);
            }
        }
        return count;
    }

    // A pass serves up to 128 bytes, a word of each bank, however many lanes read it. Accesses of up to 4 bytes go in one pass, those of
    // 8 bytes by halves of the warp and those of 16 by quarters; halves or quarters whose words lie in distinct banks go together, as when
    // pairs of lanes read the same.
    static (int Wavefronts, int Ideal) Wavefronts(ulong* addresses, long offset, uint mask, uint bytes)
    {
        int smallest = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
        return Group(0, 32);

        (int Wavefronts, int Ideal) Group(int from, int lanes)
        {
            uint group = lanes == 32 ? mask : mask >> from & ((1u << lanes) - 1);
            if (group == 0)
                return default;
            ulong* words = stackalloc ulong[Banks];
            int* used = stackalloc int[Banks];
            new Span<int>(used, Banks).Clear();
            int count = 0;
            bool tooMany = false;
            for (uint m = group; m != 0; m &= m - 1)
            {
                ulong address = addresses[from + BitOperations.TrailingZeroCount(m)] + (ulong)offset;
                for (ulong word = address / BankBytes; word <= (address + bytes - 1) / BankBytes; word++)
                    if (!new ReadOnlySpan<ulong>(words, count).Contains(word))
                    {
                        tooMany = count == Banks;
                        if (tooMany)
                            break;
                        words[count++] = word;
                        used[word % Banks]++;
                    }
                if (tooMany)
                    break;
            }
            int most = 1;
            for (int bank = 0; bank < Banks; bank++)
                most = Math.Max(most, used[bank]);
            if (lanes == smallest || (!tooMany && most == 1))
                return (most, 1);
            var (low, high) = (Group(from, lanes / 2), Group(from + lanes / 2, lanes / 2));
            return (low.Wavefronts + high.Wavefronts, tooMany ? low.Ideal + high.Ideal : 1);
        }
    }
}
