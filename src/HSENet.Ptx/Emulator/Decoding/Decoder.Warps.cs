// Atomics, instructions of whole warps, matrices, asynchronous copies, fences.
using System.Globalization;

namespace HSENet.Ptx;

unsafe partial class Decoder
{
    static readonly string[] AtomicOperations = ["add", "exch", "cas", "min", "max", "inc", "dec", "and", "or", "xor"];

    // Has no meaning for an emulated block.
    static bool IsNothing(string opcode) => opcode is "prefetch" or "prefetchu" or "griddepcontrol" or "nanosleep" or "brkpt" or "pmevent"
        or "applypriority" or "setmaxnreg";

    bool DecodeWarp()
    {
        IReadOnlyList<PtxOperand> operands = _current.Operands;
        switch (_current.Opcode)
        {
            case "atom" or "red":
                DecodeAtomic(operands);
                return true;
            case "shfl":
                ShuffleMode mode = _current.Has("up") ? ShuffleMode.Up : _current.Has("down") ? ShuffleMode.Down
                    : _current.Has("bfly") ? ShuffleMode.Butterfly : ShuffleMode.Index;
                (PtxOperand value, int inRange) = Pair(operands[0]);
                int shuffled = Members(4);
                Emit(&WarpInstructions.Shuffle, Destination(value, RowKind.Bits32), Source(operands[1], RowKind.Bits32),
                    Source(operands[2], RowKind.Bits32), Source(operands[3], RowKind.Bits32), (long)mode, [inRange, shuffled]);
                return true;
            case "vote":
                DecodeVote(operands);
                return true;
            case "match":
                bool wide = _current.Types[0] == PtxType.B64;
                (PtxOperand same, int all) = Pair(operands[0]);
                Execute match = _current.Has("any")
                    ? wide ? &WarpInstructions.MatchAny<ulong> : &WarpInstructions.MatchAny<uint>
                    : wide ? &WarpInstructions.MatchAll<ulong> : &WarpInstructions.MatchAll<uint>;
                Emit(match, Destination(same, RowKind.Bits32), Source(operands[1], wide ? RowKind.Bits64 : RowKind.Bits32),
                    more: [all, Source(operands[2], RowKind.Bits32)]);
                return true;
            case "redux":
                ReduxOperation operation = Enum.GetValues<ReduxOperation>().First(word => _current.Has(word.ToString().ToLowerInvariant()));
                long signed = _current.Types[0] == PtxType.S32 ? 1 << 8 : 0;
                Emit(&WarpInstructions.Reduce, Destination(operands[0], RowKind.Bits32), Source(operands[1], RowKind.Bits32),
                    immediate: (long)operation | signed,
                    more: [Source(operands[2], RowKind.Bits32)]);
                return true;
            case "elect":
                (PtxOperand leader, int isLeader) = Pair(operands[0]);
                Emit(&WarpInstructions.Elect, Destination(leader, RowKind.Bits32), more: [isLeader, Members(1)]);
                return true;
            case "activemask":
                Emit(&WarpInstructions.ActiveMask, Destination(operands[0], RowKind.Bits32));
                return true;
            case "membar" or "fence":
                // Nothing here reads or writes through another proxy.
                if (_level is CheckLevel.Races or CheckLevel.All && !_current.Has("proxy"))
                    Emit(&RaceChecker.Fence, immediate: (IsOfBlock() ? 0 : 1)
                        | (_current.Opcode == "membar" || _current.Has("sc") ? 2 : 0));
                return true;
            case "barrier":
                if (_level is CheckLevel.Races or CheckLevel.All && !_current.Has("relaxed"))
                    Emit(&RaceChecker.ArriveAtCluster);
                return true;
            case "mapa":
                RowKind kind = LaneRules.IsWide(_current.Types[0]) ? RowKind.Bits64 : RowKind.Bits32;
                Emit(kind == RowKind.Bits64 ? &OnlyBlock.Map<ulong> : &OnlyBlock.Map<uint>, Destination(operands[0], kind),
                    Source(operands[1], kind), Source(operands[2], RowKind.Bits32));
                return true;
            case "mbarrier":
                DecodeMbarrier(operands);
                return true;
            case "cp":
                DecodeCopy(operands);
                return true;
            case "mma" or "ldmatrix" or "stmatrix" or "movmatrix":
                DecodeMatrix(operands);
                return true;
            default:
                return IsNothing(_current.Opcode);
        }
    }

    (PtxOperand First, int Second) Pair(PtxOperand operand) => operand is PtxPair pair
        ? (pair.First, Destination(pair.Second, RowKind.Predicate)) : (operand, -1);

    // The lanes that take part: those that the operand names or, in the forms of targets before sm_70, those that are here.
    int Members(int operand)
    {
        if (_current.Operands.Count > operand)
            return Source(_current.Operands[operand], RowKind.Bits32);
        string target = _module.Program.Target.Split(',')[0];
        if (int.TryParse(string.Concat(target.SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit)), out int number)
            && number >= 70)
            throw Fault($"'{_current.Mnemonic}' without .sync is of targets before sm_70, not of {target}");
        int here = _rows.Scratch(RowKind.Bits32);
        Emit(&WarpInstructions.ActiveMask, here);
        return here;
    }

    void DecodeVote(IReadOnlyList<PtxOperand> operands)
    {
        int predicate = Source(operands[1], RowKind.Predicate), members = Members(2);
        if (_current.Has("ballot"))
            Emit(&WarpInstructions.Ballot, Destination(operands[0], RowKind.Bits32), predicate, more: [members]);
        else
            Emit(_current.Has("all") ? &WarpInstructions.Vote<VoteAll> : _current.Has("any") ? &WarpInstructions.Vote<VoteAny>
                : &WarpInstructions.Vote<VoteUniform>,
                Destination(operands[0], RowKind.Predicate), predicate, more: [members]);
    }

    void DecodeAtomic(IReadOnlyList<PtxOperand> operands)
    {
        bool returns = _current.Opcode == "atom";
        string operation = AtomicOperations.First(_current.Has);
        PtxType type = _current.Types[0];
        RowKind kind = type.Bits() == 64 ? RowKind.Bits64 : RowKind.Bits32;
        int at = returns ? 1 : 0;
        if (type == PtxType.B128)
        {
            DecodeWideAtomic(operands);
            return;
        }
        Execute execute = AtomicForms.Find(operation, type, _current.Space, _level);
        if (execute == null)
            throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        bool isFloat = type is PtxType.F16 or PtxType.Bf16 or PtxType.F16x2 or PtxType.Bf16x2 or PtxType.F32 or PtxType.F64;
        if (_current.Space != PtxSpace.Shared && (isFloat || (returns && operands[0] is not PtxSink)))
            _kernel.Ordered = true;
        (int address, long offset) = Address((PtxAddress)operands[at]);
        if (operands[at + 1] is PtxVector vector)
        {
            DecodeAtomicVector(execute, returns ? ((PtxVector)operands[0]).Elements : [], address, offset, vector.Elements, type);
            return;
        }
        int b = Source(operands[at + 1], kind), c = operation == "cas" ? Source(operands[at + 2], kind) : 0;
        int index = Emit(execute, returns ? Destination(operands[0], kind) : _rows.Scratch(kind), address, b, c, offset,
            accessesMemory: true);
        SetAtomicOrder(index, returns && operands[0] is not PtxSink);
    }

    void SetAtomicOrder(int index, bool hasResult) => _instructions[index] = _instructions[index] with
    {
        Order = OrderOfAccess() | MemoryOrder.Strong | MemoryOrder.Atomic | (IsOfBlock() ? 0 : MemoryOrder.Device)
            | (hasResult ? 0 : MemoryOrder.NoResult)
    };

    void DecodeCopy(IReadOnlyList<PtxOperand> operands)
    {
        if (_current.Has("commit_group"))
            Emit(&AsyncCopies.Commit);
        else if (_current.Has("wait_all"))
            Emit(&AsyncCopies.Wait, immediate: -1);
        else if (_current.Has("wait_group"))
            Emit(&AsyncCopies.Wait, immediate: operands[0] is PtxInteger { Value: >= 0 } groups ? groups.Value
                : throw Fault("the number of groups is a constant"));
        else if (_current.Has("mbarrier"))
        {
            (int address, long offset) = Address((PtxAddress)operands[0]);
            int index = Emit(AsyncArrivals.Form(_current.Space == PtxSpace.Shared, _level), _rows.Scratch(RowKind.Bits64), address,
                _rows.Constant(RowKind.Bits32, 1), (int)MbarrierKind.Arrive, offset, [_current.Has("noinc") ? 1 : 0], accessesMemory: true);
            _instructions[index] = _instructions[index] with { Order = MemoryOrder.Strong | MemoryOrder.NoResult | MemoryOrder.Release };
        }
        else
        {
            if (operands[2] is not PtxInteger { Value: 4 or 8 or 16 } size || (_current.Has("cg") && size.Value != 16))
                throw Fault("cp.async copies 4, 8 or 16 bytes, .cg 16");
            (int to, long toOffset) = Address((PtxAddress)operands[0]);
            (int from, long fromOffset) = Address((PtxAddress)operands[1]);
            if (fromOffset is < int.MinValue or > int.MaxValue)
                throw Fault("the offset does not fit");
            PtxOperand? last = operands.Count > 3 && !_current.Has("L2::cache_hint") ? operands[3] : null;
            bool ignores = last is PtxNegated || (last is PtxRegister register && RegisterType(register) == PtxType.Pred);
            int bytes = last != null && !ignores ? Source(last, RowKind.Bits32) : -1,
                ignored = ignores ? Source(last!, RowKind.Predicate) : -1;
            Execute issue = _level switch
            {
                CheckLevel.Bounds => &AsyncCopies.Issue<BoundsOnly>,
                CheckLevel.Access => &AsyncCopies.Issue<AccessChecks>,
                CheckLevel.Races => &AsyncCopies.Issue<RaceChecks>,
                CheckLevel.Profile => &AsyncCopies.Issue<ProfiledChecks>,
                _ => &AsyncCopies.Issue<AllChecks>,
            };
            Emit(issue, (int)size.Value, to, from, bytes, toOffset, [(int)fromOffset, ignored], accessesMemory: true);
        }
    }

    void DecodeMatrix(IReadOnlyList<PtxOperand> operands)
    {
        if (_current.Opcode == "movmatrix")
        {
            Emit(&MatrixInstructions.Transpose, Destination(operands[0], RowKind.Bits32), Source(operands[1], RowKind.Bits32));
            return;
        }
        if (_current.Opcode == "mma")
        {
            DecodeMultiply(operands);
            return;
        }
        bool store = _current.Opcode == "stmatrix";
        PtxOperand value = operands[store ? 1 : 0];
        IReadOnlyList<PtxOperand> registers = value is PtxVector vector ? vector.Elements : [value];
        (int address, long offset) = Address((PtxAddress)operands[store ? 0 : 1]);
        int[] rows = [.. registers.Select(register => store ? Source(register, RowKind.Bits32) : Destination(register, RowKind.Bits32))];
        Emit(MatrixForms.Access(store, _current.Space, _level), 0, address, _current.Has("trans") ? 1 : 0, rows.Length, offset, rows,
            accessesMemory: true);
    }

    void DecodeMultiply(IReadOnlyList<PtxOperand> operands)
    {
        string shape = _current.Modifiers.First(modifier => modifier.StartsWith('m') && char.IsDigit(modifier[1]));
        int k = int.Parse(shape[(shape.IndexOf('k') + 1)..], CultureInfo.InvariantCulture);
        PtxType a = _current.Types[1], b = _current.Types[2], d = _current.Types[0];
        int perRegister = a.Bits() == 8 ? 4 : a.Bits() == 16 ? 2 : 1, depth = k / (4 * perRegister), sums = d == PtxType.F16 ? 2 : 4;
        Execute execute = shape.StartsWith("m16n8", StringComparison.Ordinal) && depth is 1 or 2
            && d == _current.Types[3] ? MatrixForms.Multiply(d, a, b) : null;
        int[] counts = [sums, 2 * depth, depth, sums];
        if (execute == null)
            throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        List<int> rows = [];
        for (int i = 0; i < 4; i++)
        {
            IReadOnlyList<PtxOperand> registers = ((PtxVector)operands[i]).Elements;
            if (registers.Count != counts[i])
                throw Fault($"operand {i + 1} of '{_current.Mnemonic}' has {counts[i]} registers");
            foreach (PtxOperand register in registers)
                rows.Add(i == 0 ? Destination(register, RowKind.Bits32) : Source(register, RowKind.Bits32));
        }
        Emit(execute, immediate: depth, b: _current.Has("satfinite") ? 1 : 0, more: [.. rows]);
    }
}
