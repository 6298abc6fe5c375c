// Finds blocks whose warps meet at barriers again and again and change nothing: they wait for what nobody in the block will do.
namespace HSENet.Ptx;

/// <summary>
/// Most kernels change memory between two barriers. Once they have not for a while, the registers of all warps are kept at one barrier and
/// compared at those that follow, with distances that double (Brent's way to find a cycle).
/// </summary>
sealed unsafe class BarrierRounds(BlockState block)
{
    const int Few = 256;

    long _changes = -1, _rounds, _next;
    byte[] _before = [];
    bool _repeat;

    /// <summary>A block starts.</summary>
    public void Start() => _changes = -1;

    /// <summary>A barrier has opened: whether the block is where it was before, with the same registers, barriers and memory.</summary>
    public bool Repeat()
    {
        if (block.Changes.Count != _changes)
            (_changes, _rounds, _next, _repeat) = (block.Changes.Count, 0, Few, false);
        if (_repeat || ++_rounds < Few)
            return _repeat;
        byte[] now = State();
        if (_rounds > Few && now.AsSpan().SequenceEqual(_before))
            return _repeat = true;
        if (_rounds == _next)
            (_before, _next) = (now, _next * 2);
        return false;
    }

    byte[] State()
    {
        using MemoryStream state = new();
        using BinaryWriter writer = new(state);
        foreach (int threads in block.ArrivedThreads)
            writer.Write(threads);
        foreach (Warp w in block.Warps)
        {
            writer.Write(new ReadOnlySpan<byte>(w.Rows, block.Kernel.VariableBytes));
            foreach (Strand strand in w.Strands)
                for (int level = 0; level <= strand.Top; level++)
                    writer.Write((long)strand.Stack[level].Block << 32 | strand.Stack[level].Mask);
        }
        return state.ToArray();
    }
}
