// Barriers: their operands.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    // barrier.cluster is a barrier of the block, since clusters have one block; what is released was done before the arrival.
    void DecodeBarrier(ref CodeBlock block)
    {
        IReadOnlyList<PtxOperand> operands = _current.Operands;
        if (_current.Has("cluster"))
        {
            block.Operands = (Instruction*)Emit(null, a: _rows.Constant(RowKind.Bits32, BarrierUnit.Count - 1), b: -1, c: -1,
                immediate: (long)BarrierKind.Cluster | Aligned());
            return;
        }
        if (!_current.Has("red"))
        {
            BarrierKind kind = _current.Has("arrive") ? BarrierKind.Arrive : BarrierKind.Sync;
            int number = Source(operands[0], RowKind.Bits32), count = operands.Count > 1 ? Source(operands[1], RowKind.Bits32) : -1;
            block.Operands = (Instruction*)Emit(null, a: number, b: count, c: -1, immediate: (long)kind | Aligned());
            return;
        }
        BarrierKind reduction = _current.Has("popc") ? BarrierKind.PopulationCount : _current.Has("and") ? BarrierKind.And : BarrierKind.Or;
        int destination = Destination(operands[0], reduction == BarrierKind.PopulationCount ? RowKind.Bits32 : RowKind.Predicate);
        int barrier = Source(operands[1], RowKind.Bits32), threads = operands.Count > 3 ? Source(operands[2], RowKind.Bits32) : -1;
        block.Operands = (Instruction*)Emit(null, destination, barrier, threads, Source(operands[^1], RowKind.Predicate),
            (long)reduction | Aligned());
    }

    // Before sm_70 every barrier is for whole warps; since then those that say so.
    long Aligned() => _current.Opcode == "bar" || _current.Has("aligned") || _kernel.LockstepWarps ? BarrierUnit.Aligned : 0;
}
