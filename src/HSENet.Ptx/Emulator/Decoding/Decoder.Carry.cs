// Carry chains: add.cc, addc, sub.cc, subc, mad.cc, madc, which hand a carry to each other in a predicate of the function's own.
using System.Numerics;

namespace HSENet.Ptx;

unsafe partial class Decoder
{
    // addc and the like read CC.CF, .cc writes it (PTX ISA, Extended-Precision Integer Arithmetic Instructions).
    internal static bool IsCarrying(PtxInstruction instruction) =>
        instruction.Opcode is "addc" or "subc" or "madc" || instruction.Has("cc");

    bool DecodeCarry()
    {
        if (!IsCarrying(_current))
            return false;
        IReadOnlyList<PtxOperand> operands = _current.Operands;
        PtxType type = _current.Types[0];
        RowKind kind = LaneRules.IsWide(type) ? RowKind.Bits64 : RowKind.Bits32;
        int carry = _rows.Carry(_routine.Name);
        CarryOperation operation = _current.Opcode[0] switch
        {
            'a' => CarryOperation.Add,
            's' => CarryOperation.Subtract,
            _ when _current.Has("lo") => CarryOperation.MultiplyLow,
            _ => LaneRules.Integer(type)!.Value.Signed ? CarryOperation.MultiplyHighSigned : CarryOperation.MultiplyHigh,
        };
        int a = Source(operands[1], kind), b = Source(operands[2], kind), c = operands.Count > 3 ? Source(operands[3], kind) : 0;
        int[] carries =
        [
            _current.Opcode[^1] == 'c' ? carry : _rows.Constant(RowKind.Predicate, 0),
            _current.Has("cc") ? carry : _rows.Scratch(RowKind.Predicate),
        ];
        Emit(kind == RowKind.Bits64 ? &CarryLanes.Execute<ulong> : &CarryLanes.Execute<uint>, Destination(operands[0], kind), a, b, c,
            (long)operation, carries);
        return true;
    }
}

enum CarryOperation
{
    Add,
    Subtract,
    MultiplyLow,
    MultiplyHigh,
    MultiplyHighSigned,
}

/// <summary>More holds the predicates of the carry that comes in and of the one that goes out.</summary>
static unsafe class CarryLanes
{
    public static void Execute<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, IBinaryInteger<T>
    {
        T* a = (T*)(w.Rows + i->A), b = (T*)(w.Rows + i->B), c = (T*)(w.Rows + i->C), d = (T*)(w.Rows + i->D);
        uint carries = *(uint*)(w.Rows + i->More[0]), result = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            (ulong value, uint carry) = Of((CarryOperation)i->Immediate, sizeof(T) * 8, ulong.CreateTruncating(a[l]),
                ulong.CreateTruncating(b[l]), ulong.CreateTruncating(c[l]), carries >> l & 1);
            d[l] = T.CreateTruncating(value);
            result |= carry << l;
        }
        Lanes.Merge(w, i->More[1], result, mask);
    }

    static (ulong Value, uint Carry) Of(CarryOperation operation, int bits, ulong a, ulong b, ulong c, uint carry) => operation switch
    {
        CarryOperation.Add => IntegerArithmetic.AddWithCarry(bits, a, b, carry),
        CarryOperation.Subtract => IntegerArithmetic.SubtractWithBorrow(bits, a, b, carry),
        CarryOperation.MultiplyLow =>
            IntegerArithmetic.AddWithCarry(bits, IntegerArithmetic.MultiplyLow(new(bits, false), a, b), c, carry),
        _ => IntegerArithmetic.AddWithCarry(bits,
            IntegerArithmetic.MultiplyHigh(new(bits, operation == CarryOperation.MultiplyHighSigned), a, b), c, carry),
    };
}
