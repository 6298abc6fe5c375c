// Arithmetic of 64-bit floats, which lie in pairs of registers: positions of voxels are computed in it.
namespace HSENet.Ptx;

sealed unsafe partial class MachineWarp
{
    void Doubles(MachineStep s, uint mask)
    {
        if (s.Opcode == MachineOpcode.DSETP)
        {
            CompareDoubles(s, mask);
            return;
        }
        if (s.Operands.Length < 2 || s.Operands[0].Kind != OperandKind.Register)
            return;
        uint* low = _scratch + 6 * Lanes, high = _scratch + 7 * Lanes;
        double* a = stackalloc double[Lanes], b = stackalloc double[Lanes], c = stackalloc double[Lanes];
        bool wide = s.Opcode is not (MachineOpcode.F2I or MachineOpcode.MUFU) && !(s.Opcode == MachineOpcode.F2F && s.IsFirst("F32"));
        switch (s.Opcode)
        {
            case MachineOpcode.I2F:
                uint* number = Source(s.Operands[1], 0);
                for (int l = 0; l < Lanes; l++)
                    a[l] = s.Has(MachineWord.U32) ? number[l] : (int)number[l];
                break;
            case MachineOpcode.F2F when s.IsFirst("F64"):
                uint* single = Source(s.Operands[1] with { Negated = false, Absolute = false }, 0);
                for (int l = 0; l < Lanes; l++)
                    a[l] = Float(s.Operands[1], single[l]);
                break;
            case MachineOpcode.MUFU:
                uint* top = Source(s.Operands[1] with { Negated = false, Absolute = false }, 0);
                for (int l = 0; l < Lanes; l++)
                    low[l] = (uint)(BitConverter.DoubleToUInt64Bits(1 / BitConverter.UInt64BitsToDouble((ulong)top[l] << 32)) >> 32);
                break;
            default:
                Values(s.Operands[1], a);
                if (s.Operands.Length > 2)
                    Values(s.Operands[2], b);
                if (s.Operands.Length > 3 && s.Opcode == MachineOpcode.DFMA)
                    Values(s.Operands[3], c);
                break;
        }
        uint smaller = s.Opcode == MachineOpcode.DMNMX ? PredicateMask(s.Operands[3]) : 0;
        for (int l = 0; l < Lanes && s.Opcode != MachineOpcode.MUFU; l++)
        {
            double value = s.Opcode switch
            {
                MachineOpcode.DADD => a[l] + b[l],
                MachineOpcode.DMUL => a[l] * b[l],
                MachineOpcode.DFMA => Math.FusedMultiplyAdd(a[l], b[l], c[l]),
                MachineOpcode.DMNMX => (smaller >> l & 1) != 0 ? Math.Min(a[l], b[l]) : Math.Max(a[l], b[l]),
                MachineOpcode.F2I or MachineOpcode.FRND => Rounded(s, a[l]),
                _ => a[l],
            };
            ulong bits = s.Opcode == MachineOpcode.F2I ? Whole(s, value)
                : wide ? BitConverter.DoubleToUInt64Bits(value) : BitConverter.SingleToUInt32Bits((float)value);
            (low[l], high[l]) = ((uint)bits, (uint)(bits >> 32));
        }
        Write(s.Operands[0], low, mask, false);
        if (wide)
            Write(s.Operands[0], high, mask, false, 1);
    }

    void CompareDoubles(MachineStep s, uint mask)
    {
        double* a = stackalloc double[Lanes], b = stackalloc double[Lanes];
        Values(s.Operands[2], a);
        Values(s.Operands[3], b);
        uint result = 0;
        var (below, equal, above) = Holds(s);
        for (int l = 0; l < Lanes; l++)
            result |= (Holds(s, a[l], b[l], below, equal, above) ? 1u : 0) << l;
        Join(s, result, mask);
    }

    // The value of an operand of 64 bits for each lane.
    void Values(in MachineOperand o, double* to)
    {
        MachineOperand plain = o with { Negated = false, Absolute = false };
        uint* low = Source(plain, 4), high = Source(plain, 5, 1);
        for (int l = 0; l < Lanes; l++)
        {
            double value = o.Kind == OperandKind.Immediate ? BitConverter.UInt32BitsToSingle((uint)o.Value)
                : BitConverter.UInt64BitsToDouble(low[l] | (ulong)high[l] << 32);
            value = o.Absolute ? Math.Abs(value) : value;
            to[l] = o.Negated ? -value : value;
        }
    }

    static double Rounded(MachineStep s, double value) => s.Has(MachineWord.TRUNC) ? Math.Truncate(value)
        : s.Has(MachineWord.FLOOR) ? Math.Floor(value) : s.Has(MachineWord.CEIL) ? Math.Ceiling(value)
        : Math.Round(value, MidpointRounding.ToEven);

    // Beyond what fits, and for what is no number, as the hardware has it: the nearest number, and zero.
    static uint Whole(MachineStep s, double value) => double.IsNaN(value) ? 0
        : s.Has(MachineWord.U32) ? (uint)Math.Clamp(value, 0, uint.MaxValue)
        : (uint)(int)Math.Clamp(value, int.MinValue, int.MaxValue);
}
