// Instructions on lanes that have more operands than a form: bfi, lop3, set with a predicate, setp of packed halves.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

unsafe partial class Decoder
{
    bool DecodeScalar()
    {
        switch (_current.Opcode)
        {
            case "bfi":
                DecodeInsert();
                return true;
            case "lop3":
                DecodeLogic();
                return true;
            case "set" when _current.Operands.Count == 4:
                DecodeSet();
                return true;
            case "setp" when LaneRules.IsPacked(_current.Types[0]):
                DecodePackedCompare();
                return true;
            default:
                return false;
        }
    }

    void DecodeInsert()
    {
        IReadOnlyList<PtxOperand> operands = _current.Operands;
        bool wide = LaneRules.IsWide(_current.Types[0]);
        RowKind kind = wide ? RowKind.Bits64 : RowKind.Bits32;
        int a = Source(operands[1], kind), b = Source(operands[2], kind), start = Source(operands[3], RowKind.Bits32);
        int[] length = [Source(operands[4], RowKind.Bits32)];
        Emit(wide ? &LanesOfFour.Insert<ulong> : &LanesOfFour.Insert<uint>, Destination(operands[0], kind), a, b, start, more: length);
    }

    void DecodeLogic()
    {
        IReadOnlyList<PtxOperand> operands = _current.Operands;
        if (operands[4] is not PtxInteger { Value: >= 0 and <= 255 } table)
            throw Fault("the table of lop3 is a number from 0 to 255");
        int a = Source(operands[1], RowKind.Bits32), b = Source(operands[2], RowKind.Bits32), c = Source(operands[3], RowKind.Bits32);
        PtxPair pair = operands[0] as PtxPair ?? new PtxPair(operands[0], new PtxSink());
        int result = _rows.Scratch(RowKind.Bits32);
        Emit(&LanesOfFour.Logic, result, a, b, c, table.Value);
        if (operands.Count == 6)
        {
            int any = _rows.Scratch(RowKind.Predicate);
            Emit(&LaneVectors.Test<NotEqual32>, any, result, _rows.Constant(RowKind.Bits32, 0));
            Emit(Combination(), Destination(pair.Second, RowKind.Predicate), any, Source(operands[5], RowKind.Predicate));
        }
        Emit(&LaneVectors.Unary<Copy32>, Destination(pair.First, RowKind.Bits32), result);
    }

    void DecodeSet()
    {
        PtxType to = _current.Types[0];
        if (LaneRules.IsPacked(_current.Types[1]))
        {
            DecodePackedSet(to);
            return;
        }
        PtxInstruction plain = WithoutCombination() with { Opcode = "setp" };
        plain = plain with { Modifiers = RemoveFirst(plain.Modifiers, to.Word()) };
        Form form = DecodeTable.Instance.Find(plain) ?? throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        int test = _rows.Scratch(RowKind.Predicate);
        Emit(form.Execute, test, Source(_current.Operands[1], form.Sources[0]), Source(_current.Operands[2], form.Sources[1]),
            immediate: form.Mode);
        Emit(Combination(), test, test, Source(_current.Operands[3], RowKind.Predicate));
        int one = _rows.Constant(RowKind.Bits32, DecodeTable.TruthValue(to, _current.Types[1])), zero = _rows.Constant(RowKind.Bits32, 0);
        Emit(&LaneVectors.Select, Destination(_current.Operands[0], RowKind.Bits32), one, zero, test);
        CutSigned(_current.Operands[0]);
    }

    // Each half is 1.0 or 0, so the predicate chooses between the comparisons, their opposites, and a constant.
    void DecodePackedSet(PtxType to)
    {
        Form form = DecodeTable.Instance.Find(WithoutCombination()) ?? throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        int plain = _rows.Scratch(RowKind.Bits32), opposite = _rows.Scratch(RowKind.Bits32);
        int ones = _rows.Constant(RowKind.Bits32, DecodeTable.TruthValue(to, _current.Types[1]) * 0x10001),
            zeros = _rows.Constant(RowKind.Bits32, 0);
        Emit(form.Execute, plain, Source(_current.Operands[1], form.Sources[0]), Source(_current.Operands[2], form.Sources[1]),
            immediate: form.Mode);
        int other = Source(_current.Operands[3], RowKind.Predicate);
        Emit(&LaneVectors.Binary<Xor32>, opposite, plain, ones);
        (int whenTrue, int whenFalse) = _current.Has("or") ? (ones, plain) : _current.Has("xor") ? (opposite, plain) : (plain, zeros);
        Emit(&LaneVectors.Select, Destination(_current.Operands[0], RowKind.Bits32), whenTrue, whenFalse, other);
    }

    // The first destination gets the low halves' comparison, the second the high halves'.
    void DecodePackedCompare()
    {
        Func<ulong, ulong, bool> compare = LaneRules.Comparer(_current, _current.Types[0]) ?? throw Fault("no comparison of floats");
        string name = WithoutCombination().Mnemonic;
        Form[] halves =
        [
            LaneRules.Test(new PtxInstruction(name + " low", [], []), false, compare),
            LaneRules.Test(new PtxInstruction(name + " high", [], []), false, (a, b) => compare(a >> 16, b >> 16)),
        ];
        int a = Source(_current.Operands[1], RowKind.Bits32), b = Source(_current.Operands[2], RowKind.Bits32);
        PtxPair pair = _current.Operands[0] as PtxPair ?? throw Fault("a comparison of packed halves has two results");
        int other = _current.Operands.Count > 3 ? Source(_current.Operands[3], RowKind.Predicate) : _rows.Constant(RowKind.Predicate, 1);
        int[] results = [_rows.Scratch(RowKind.Predicate), _rows.Scratch(RowKind.Predicate)];
        for (int half = 0; half < 2; half++)
        {
            Emit(halves[half].Execute, results[half], a, b, immediate: halves[half].Mode);
            Emit(Combination(), results[half], results[half], other);
        }
        Emit(&Lanes.Predicates<Or32>, Destination(pair.First, RowKind.Predicate), results[0], results[0]);
        Emit(&Lanes.Predicates<Or32>, Destination(pair.Second, RowKind.Predicate), results[1], results[1]);
    }

    Execute Combination() => _current.Has("or") ? &Lanes.Predicates<Or32> : _current.Has("xor") ? &Lanes.Predicates<Xor32>
        : &Lanes.Predicates<And32>;

    PtxInstruction WithoutCombination() =>
        _current with { Modifiers = [.. _current.Modifiers.Where(modifier => modifier is not ("and" or "or" or "xor"))] };

    static List<string> RemoveFirst(IReadOnlyList<string> words, string word)
    {
        List<string> rest = [.. words];
        rest.Remove(word);
        return rest;
    }
}

/// <summary>Shapes with four sources.</summary>
static unsafe class LanesOfFour
{
    /// <summary>bfi: A into B at C, the length in the first further row.</summary>
    public static void Insert<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, INumberBase<T>
    {
        T* a = (T*)(w.Rows + i->A), b = (T*)(w.Rows + i->B), d = (T*)(w.Rows + i->D);
        uint* start = (uint*)(w.Rows + i->C), length = (uint*)(w.Rows + i->More[0]);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = T.CreateTruncating(BitFields.Insert(sizeof(T) * 8, ulong.CreateTruncating(a[l]), ulong.CreateTruncating(b[l]), start[l],
                length[l]));
        }
    }

    /// <summary>lop3: the table is the immediate.</summary>
    public static void Logic(Warp w, Instruction* i, uint mask)
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B), c = (uint*)(w.Rows + i->C), d = (uint*)(w.Rows + i->D);
        LaneVectors.Put(d, Logic(a, b, c, (uint)i->Immediate), Logic(a + 16, b + 16, c + 16, (uint)i->Immediate), mask);
    }

    static Vector512<uint> Logic(uint* a, uint* b, uint* c, uint table)
    {
        Vector512<uint> x = Vector512.Load(a), y = Vector512.Load(b), z = Vector512.Load(c), result = Vector512<uint>.Zero;
        for (int entry = 0; entry < 8; entry++)
            if ((table >> entry & 1) != 0)
                result |= ((entry & 4) != 0 ? x : ~x) & ((entry & 2) != 0 ? y : ~y) & ((entry & 1) != 0 ? z : ~z);
        return result;
    }
}
