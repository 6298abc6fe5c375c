// A recorded warp as a stream of instructions, ordered as an assembler would.
namespace HSENet.Ptx;

sealed class PtxStream(DecodedKernel kernel, PtxTrace trace, PtxRules rules, PtxTrace.Way way) : IWarpStream
{
    readonly ulong[] _addresses = new ulong[32];
    readonly Queue<(int Entry, int Copy)> _pending = [];
    int _block;

    public ReadOnlySpan<ulong> Addresses => _addresses;

    public bool Next(ref ExecutedStep step)
    {
        while (_pending.Count == 0)
        {
            if (_block >= way.Blocks.Count)
                return false;
            Fill();
        }
        (int at, int copy) = _pending.Dequeue();
        PtxTrace.Entry entry = way.Entries[at];
        TimedInstruction i = rules.Program[entry.Statement];
        bool accesses = i.Bytes > 0 && i.Kind is not (TimedKind.CopyCommit or TimedKind.CopyWait);
        step = new ExecutedStep
        {
            Index = copy * kernel.Statements.Count + entry.Statement,
            Mask = accesses && entry.Space == AccessSpace.None ? 0 : entry.Mask,
            Taken = entry.Taken,
            Space = accesses && entry.Space == AccessSpace.None ? AccessSpace.Shared : entry.Space,
        };
        if (entry.Pattern >= 0)
        {
            ulong[] distances = trace.Distances(entry.Pattern);
            for (int l = 0; l < 32; l++)
                _addresses[l] = entry.First + distances[l];
        }
        return true;
    }

    // The next block, or four rounds of a small loop side by side, the end of the loop once.
    void Fill()
    {
        (_, int block) = way.Blocks[_block];
        int rounds = 1;
        while (rules.Unrolls(block) && rounds < PtxRules.Unrolled && _block + rounds < way.Blocks.Count
            && way.Blocks[_block + rounds].Block == block)
            rounds++;
        int statements = kernel.Blocks[block].Statements;
        foreach (int n in rules.Orders[block])
            for (int copy = n == statements - 1 ? rounds - 1 : 0; copy < rounds; copy++)
            {
                int entry = way.Blocks[_block + copy].Entry + n;
                if (!rules.Vanishes[way.Entries[entry].Statement])
                    _pending.Enqueue((entry, copy));
            }
        _block += rounds;
    }
}
