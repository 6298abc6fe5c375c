// Records what warps execute in the emulator, for the estimate from PTX alone.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>Executed statements of each warp, up to a number of them; the rest is only counted.</summary>
sealed class PtxTrace(DecodedKernel kernel, int mostEntries) : IExecutionObserver
{
    /// <summary>An executed statement.</summary>
    internal struct Entry
    {
        public int Statement;
        public uint Mask;
        public bool Taken;
        public AccessSpace Space;

        /// <summary>The first lane's address, and the other lanes' distances from it.</summary>
        public ulong First;
        public int Pattern;
    }

    /// <summary>A warp's way.</summary>
    internal sealed class Way
    {
        public List<Entry> Entries { get; } = [];

        /// <summary>Where each basic block begins, and which one it is.</summary>
        public List<(int Entry, int Block)> Blocks { get; } = [];

        /// <summary>All statements that the warp executed.</summary>
        public long Total { get; set; }
    }

    readonly Dictionary<(long Block, int Warp), Way> _ways = [];
    readonly Dictionary<ulong, int> _patterns = [];
    readonly List<ulong[]> _distances = [];
    readonly long[] _executed = new long[kernel.Statements.Count];
    Way _way = new();
    int _start = -1;

    /// <summary>The ways in the order of blocks and warps.</summary>
    public IReadOnlyList<((long Block, int Warp) Place, Way Way)> Ways =>
        [.. _ways.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value))];

    /// <summary>How often warps executed each statement.</summary>
    public long[] Executed => _executed;

    /// <summary>Distances of a pattern's lanes.</summary>
    public ulong[] Distances(int pattern) => _distances[pattern];

    public void Block(Warp warp, int block, uint mask)
    {
        (long, int) place = (warp.Block.Number, warp.Index);
        if (!_ways.TryGetValue(place, out Way? way))
            _ways[place] = way = new Way();
        _way = way;
        ref CodeBlock code = ref kernel.Blocks[block];
        way.Total += code.Statements;
        for (int s = code.Statement; s < code.Statement + code.Statements; s++)
            _executed[s]++;
        _start = way.Entries.Count + code.Statements > mostEntries ? -1 : way.Entries.Count;
        if (_start < 0)
            return;
        way.Blocks.Add((_start, block));
        for (int s = code.Statement; s < code.Statement + code.Statements; s++)
            way.Entries.Add(new Entry { Statement = s, Mask = mask, Pattern = -1 });
    }

    public void Ending(int block, uint mask, uint taken)
    {
        if (_start >= 0)
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_way.Entries)[^1].Taken = taken != 0;
    }

    public void Access(int statement, PtxSpace space, ReadOnlySpan<ulong> addresses, long offset, uint mask, uint bytes)
    {
        if (_start < 0)
            return;
        int at = _start + statement - _way.Entries[_start].Statement;
        if (at < 0 || at >= _way.Entries.Count)
            return;
        ref Entry entry = ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_way.Entries)[at];
        if (entry.Space != AccessSpace.None)
            return; // a copy costs as its source
        ulong first = addresses[BitOperations.TrailingZeroCount(mask)];
        ulong hash = mask;
        for (uint m = mask; m != 0; m &= m - 1)
            hash = (hash ^ (addresses[BitOperations.TrailingZeroCount(m)] - first)) * 0x9e3779b97f4a7c15;
        if (!_patterns.TryGetValue(hash, out int pattern))
        {
            _patterns[hash] = pattern = _distances.Count;
            ulong[] distances = new ulong[32];
            for (int l = 0; l < 32; l++)
                distances[l] = addresses[l] - first;
            _distances.Add(distances);
        }
        entry.Space = space == PtxSpace.Shared ? AccessSpace.Shared : space == PtxSpace.Local ? AccessSpace.Local : AccessSpace.Global;
        (entry.First, entry.Pattern, entry.Mask) = (first + (ulong)offset, pattern, mask);
    }
}
