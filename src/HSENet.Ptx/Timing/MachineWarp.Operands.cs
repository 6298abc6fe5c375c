// What instructions read and write: 32 lanes of a source, a result in the lanes of a mask.
using System.Numerics;

namespace HSENet.Ptx;

sealed unsafe partial class MachineWarp
{
    // A source as 32 lanes; 0 to 7 of scratch are for values that are not a row as it is.
    uint* Source(in MachineOperand o, int slot, int word = 0)
    {
        if (o.Kind == OperandKind.Register && !o.Negated && !o.Inverted && !o.Absolute && o.Index != MachineOperand.ZeroRegister)
            return Row(o.Index + word);
        uint* to = _scratch + slot * Lanes;
        switch (o.Kind)
        {
            case OperandKind.Register when o.Index != MachineOperand.ZeroRegister:
                new ReadOnlySpan<uint>(Row(o.Index + word), Lanes).CopyTo(new Span<uint>(to, Lanes));
                break;
            case OperandKind.Special:
                for (int l = 0; l < Lanes; l++)
                    to[l] = word == 0 ? Special(o.Name!, l) : 0;
                break;
            case OperandKind.Predicate or OperandKind.UniformPredicate:
                for (int l = 0; l < Lanes; l++)
                    to[l] = PredicateMask(o) >> l & 1;
                return to;
            case OperandKind.Constant when o.Second is >= 0 and not MachineOperand.ZeroRegister:
                uint* index = Row(o.Second);
                for (int l = 0; l < Lanes; l++)
                    to[l] = ConstantWord(index[l] + o.Value + 4 * word);
                break;
            default:
                new Span<uint>(to, Lanes).Fill(Scalar(o, word));
                break;
        }
        return Signed(o, to);
    }

    uint Scalar(in MachineOperand o, int word) => o.Kind switch
    {
        OperandKind.Immediate => (uint)(o.Value >> 32 * word),
        OperandKind.Constant => ConstantWord(o.Value + 4 * word),
        OperandKind.Uniform => o.Index == MachineOperand.ZeroRegister ? 0 : _uniform[o.Index + word],
        _ => 0,
    };

    static uint* Signed(in MachineOperand o, uint* to)
    {
        if (o.Negated)
            for (int l = 0; l < Lanes; l += Vector<uint>.Count)
                (Vector<uint>.Zero - Vector.Load(to + l)).Store(to + l);
        else if (o.Inverted)
            for (int l = 0; l < Lanes; l += Vector<uint>.Count)
                (~Vector.Load(to + l)).Store(to + l);
        return to;
    }

    // Lanes in which a predicate holds.
    uint PredicateMask(in MachineOperand o)
    {
        uint value = o.Kind == OperandKind.UniformPredicate ? _uniformPredicates[o.Index] : _predicates[o.Index];
        return o.Negated ? ~value : value;
    }

    void SetPredicate(in MachineOperand o, uint value, uint mask)
    {
        if (o.Index == MachineOperand.TruePredicate)
            return;
        if (o.Kind == OperandKind.UniformPredicate)
            _uniformPredicates[o.Index] = (value & 1) != 0 ? uint.MaxValue : 0;
        else
            _predicates[o.Index] = (_predicates[o.Index] & ~mask) | (value & mask);
    }

    void Write(in MachineOperand o, uint* value, uint mask, bool uniform, int word = 0)
    {
        if (o.Index == MachineOperand.ZeroRegister)
            return;
        if (uniform)
        {
            _uniform[o.Index + word] = value[BitOperations.TrailingZeroCount(mask)];
            return;
        }
        uint* row = Row(o.Index + word);
        if (mask == uint.MaxValue)
            new ReadOnlySpan<uint>(value, Lanes).CopyTo(new Span<uint>(row, Lanes));
        else
            for (uint m = mask; m != 0; m &= m - 1)
            {
                int l = BitOperations.TrailingZeroCount(m);
                row[l] = value[l];
            }
    }
}
