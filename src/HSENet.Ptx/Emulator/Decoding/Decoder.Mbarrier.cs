// mbarrier: its operands.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    void DecodeMbarrier(IReadOnlyList<PtxOperand> operands)
    {
        if (_current.Has("pending_count"))
        {
            Emit(&Lanes.Unary<PendingCount, ulong, uint>, Destination(operands[0], RowKind.Bits32), Source(operands[1], RowKind.Bits64));
            return;
        }
        MbarrierKind kind = _current.Has("init") ? MbarrierKind.Initialise : _current.Has("inval") ? MbarrierKind.Invalidate
            : _current.Has("test_wait") || _current.Has("try_wait")
                ? _current.Has("parity") ? MbarrierKind.TestParity : MbarrierKind.TestState
            : _current.Has("complete_tx") ? MbarrierKind.CompleteBytes
            : _current.Has("expect_tx")
                ? _current.Has("arrive") ? MbarrierKind.ArriveAndExpect
                    : _current.Has("arrive_drop") ? MbarrierKind.DropAndExpect : MbarrierKind.ExpectBytes
            : _current.Has("arrive_drop") ? MbarrierKind.ArriveAndDrop : MbarrierKind.Arrive;
        bool arrives = Mbarriers.Arrives(kind);
        bool tests = kind is MbarrierKind.TestParity or MbarrierKind.TestState, hasResult = operands[0] is not PtxAddress;
        int at = hasResult ? 1 : 0;
        (int address, long offset) = Address((PtxAddress)operands[at]);
        int b = operands.Count > at + 1 ? Source(operands[at + 1], kind == MbarrierKind.TestState ? RowKind.Bits64 : RowKind.Bits32)
            : _rows.Constant(RowKind.Bits32, 1);
        int d = tests ? Destination(operands[0], RowKind.Predicate)
            : hasResult ? Destination(operands[0], RowKind.Bits64) : _rows.Scratch(RowKind.Bits64);
        int index = Emit(Mbarrier(_current.Space == PtxSpace.Shared, _level), d, address, b, (int)kind, offset, accessesMemory: true);
        // Without a word an arrival releases and a test acquires, in the block's scope.
        MemoryOrder order = MemoryOrder.Strong | MemoryOrder.NoResult | (_current.Has("relaxed") ? 0
            : tests ? MemoryOrder.Acquire : arrives ? MemoryOrder.Release : 0);
        bool isPlain = kind is MbarrierKind.Initialise or MbarrierKind.Invalidate;
        _instructions[index] = _instructions[index] with { Order = isPlain ? MemoryOrder.Weak : order };
    }

    static Execute Mbarrier(bool shared, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Mbarrier<BoundsOnly>(shared),
        CheckLevel.Access => Mbarrier<AccessChecks>(shared),
        CheckLevel.Races => Mbarrier<RaceChecks>(shared),
        CheckLevel.Profile => Mbarrier<ProfiledChecks>(shared),
        _ => Mbarrier<AllChecks>(shared),
    };

    static Execute Mbarrier<TMode>(bool shared) where TMode : ICheckMode =>
        shared ? &Mbarriers.Execute<SharedSpace, TMode> : &Mbarriers.Execute<GenericSpace, TMode>;
}
