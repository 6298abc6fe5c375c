// The arithmetic that decides where a warp goes and what it accesses.
using System.Numerics;

namespace HSENet.Ptx;

sealed unsafe partial class MachineWarp
{
    void Execute(MachineStep s, uint mask)
    {
        if (s.Moves)
        {
            if (s.Class == MachineClass.Atomic && s.Has(MachineWord.CAS | MachineWord.CAST))
                Swap(s, mask);
            else if (s.Source.Opcode is not ("RED" or "REDG" or "REDS"))
                Move(s, mask);
            return;
        }
        if (s.IsDouble)
        {
            Doubles(s, mask);
            return;
        }
        bool uniform = s.Operands.Length > 0 && s.Operands[0].Kind is OperandKind.Uniform or OperandKind.UniformPredicate;
        switch (s.Opcode)
        {
            case MachineOpcode.MOV or MachineOpcode.S2R or MachineOpcode.CS2R or MachineOpcode.S2UR or MachineOpcode.LDC
                or MachineOpcode.LDCU or MachineOpcode.R2UR:
                Copy(s, mask, uniform);
                break;
            case MachineOpcode.IADD or MachineOpcode.MOV64:
                AddWide(s, mask, uniform);
                break;
            case MachineOpcode.ISETP:
                Compare(s, mask);
                break;
            case MachineOpcode.FSETP:
                CompareFloats(s, mask);
                break;
            case MachineOpcode.FCHK:
                SetPredicate(s.Operands[0], 0, mask); // no operand of a division is one that takes its slow path
                break;
            case MachineOpcode.HFMA2:
                new Span<uint>(_scratch, Lanes).Fill(Half(s.Operands[3]) << 16 | Half(s.Operands[4]));
                Write(s.Operands[0], _scratch, mask, uniform);
                break;
            case MachineOpcode.PLOP3:
                Logic(s, mask);
                break;
            case MachineOpcode.IADD3 or MachineOpcode.LOP3 or MachineOpcode.LEA or MachineOpcode.IMAD or MachineOpcode.SHF:
                Combine(s, mask, uniform);
                break;
            case MachineOpcode.P2R or MachineOpcode.R2P:
                Pack(s, mask);
                break;
            case MachineOpcode.SHFL:
                Exchange(s, mask);
                break;
            case MachineOpcode.VOTE or MachineOpcode.VOTEU:
                Vote(s, mask, uniform);
                break;
            default:
                Simple(s, mask, uniform);
                break;
        }
    }

    static uint Half(in MachineOperand number) =>
        BitConverter.HalfToUInt16Bits((Half)BitConverter.UInt32BitsToSingle((uint)number.Value));

    // Words of 32, 64, 96 or 128 bits into a row or several.
    void Copy(MachineStep s, uint mask, bool uniform)
    {
        int words = s.Opcode == MachineOpcode.CS2R ? s.Has(MachineWord.Bits32) ? 1 : 2 : s.Has(MachineWord.Bits128) ? 4
            : s.Has(MachineWord.Bits64) ? 2 : 1;
        // R2UR may name a predicate between result and source.
        ref MachineOperand source = ref s.Operands[^1];
        int result = s.Operands[0].Kind is OperandKind.Predicate or OperandKind.UniformPredicate ? 1 : 0;
        if (s.Opcode == MachineOpcode.MOV && source.Kind == OperandKind.Immediate && s.Operands.Length == 3)
            source = ref s.Operands[1]; // MOV R1, R2, 0xf
        uniform = uniform || s.Opcode is MachineOpcode.R2UR or MachineOpcode.S2UR;
        for (int word = 0; word < words; word++)
            Write(s.Operands[result], Source(source, word, word), mask, uniform, word);
    }

    // IADD.64, UIADD3.64 and additions of two words.
    void AddWide(MachineStep s, uint mask, bool uniform)
    {
        uint* low = _scratch + 6 * Lanes, high = _scratch + 7 * Lanes;
        ulong* sum = stackalloc ulong[Lanes];
        bool wide = s.Has(MachineWord.Bits64);
        new Span<ulong>(sum, Lanes).Clear();
        foreach (ref MachineOperand operand in s.Operands.AsSpan(1))
        {
            if (operand.Kind is OperandKind.Predicate or OperandKind.UniformPredicate)
                continue;
            MachineOperand plain = operand with { Negated = false, Inverted = false };
            uint* a = Source(plain, 0), b = Source(plain, 1, 1);
            for (int l = 0; l < Lanes; l++)
            {
                ulong value = wide ? a[l] | (ulong)b[l] << 32 : a[l];
                sum[l] += operand.Negated ? 0 - value : operand.Inverted ? ~value : value;
            }
        }
        for (int l = 0; l < Lanes; l++)
            (low[l], high[l]) = ((uint)sum[l], (uint)(sum[l] >> 32));
        Write(s.Operands[0], low, mask, uniform);
        if (wide)
            Write(s.Operands[0], high, mask, uniform, 1);
    }

    void Combine(MachineStep s, uint mask, bool uniform)
    {
        if (s.Opcode == MachineOpcode.IADD3 && s.Has(MachineWord.Bits64))
        {
            AddWide(s, mask, uniform);
            return;
        }
        int results = s.Results;
        int result = s.Operands[0].Kind is OperandKind.Predicate or OperandKind.UniformPredicate ? 1 : 0;
        Span<MachineOperand> sources = s.Operands.AsSpan(results);
        ref MachineOperand carry = ref s.Operands[0];
        int values = sources.Length;
        while (values > 0 && sources[values - 1].Kind is OperandKind.Predicate or OperandKind.UniformPredicate)
            values--;
        uint carryIn = values < sources.Length ? PredicateMask(sources[values]) : 0;
        if (s.Opcode != MachineOpcode.LOP3 && !s.Has(MachineWord.X))
            carryIn = 0;
        uint* to = _scratch + 6 * Lanes, high = _scratch + 7 * Lanes;
        uint carryOut = 0;
        uint* a = Source(sources[0], 0), b = values > 1 ? Source(sources[1], 1) : a, c = values > 2 ? Source(sources[2], 2) : a;
        switch (s.Opcode)
        {
            case MachineOpcode.IADD3 when results == 1 && carryIn == 0:
                for (int l = 0; l < Lanes; l += Vector<uint>.Count)
                    (Vector.Load(a + l) + Vector.Load(b + l) + Vector.Load(c + l)).Store(to + l);
                break;
            case MachineOpcode.IADD3:
                // A subtrahend is its complement and a one that is carried in, as the borrow of the next word needs it.
                for (int l = 0; l < Lanes; l++)
                {
                    ulong sum = (ulong)a[l] + b[l] + c[l] + (carryIn >> l & 1);
                    to[l] = (uint)sum;
                    carryOut |= (sum >> 32 != 0 || Borrows(sources[0], a[l]) || Borrows(sources[1], b[l]) || Borrows(sources[2], c[l])
                        ? 1u : 0) << l;
                }
                break;
            case MachineOpcode.LOP3:
                uint table = (uint)sources[3].Value;
                for (int l = 0; l < Lanes; l += Vector<uint>.Count)
                    Lookup(table, Vector.Load(a + l), Vector.Load(b + l), Vector.Load(c + l)).Store(to + l);
                if (result == 0 && results == 1)
                    break;
                for (int l = 0; l < Lanes; l++)
                    carryOut |= (to[l] != 0 ? 1u : 0) << l;
                if (result == 1)
                    SetPredicate(s.Operands[0], carryOut, mask);
                break;
            case MachineOpcode.LEA:
                Lea(s, sources, values, a, b, c, carryIn, to, ref carryOut);
                break;
            case MachineOpcode.IMAD:
                if (s.Has(MachineWord.WIDE))
                {
                    Wide(s, sources, a, b, c, carryIn, mask, uniform);
                    return;
                }
                bool signed = !s.Has(MachineWord.U32), upper = s.Has(MachineWord.HI);
                if (!upper && carryIn == 0)
                {
                    for (int l = 0; l < Lanes; l += Vector<uint>.Count)
                        (Vector.Load(a + l) * Vector.Load(b + l) + Vector.Load(c + l)).Store(to + l);
                    break;
                }
                // The upper word of the product and a sum of 64 bits, as divisions need it.
                uint* above = values > 2 && upper ? Source(sources[2], 3, 1) : c;
                for (int l = 0; l < Lanes; l++)
                {
                    ulong product = signed ? (ulong)((long)(int)a[l] * (int)b[l]) : (ulong)a[l] * b[l];
                    to[l] = upper ? (uint)(product + (c[l] | (ulong)above[l] << 32) >> 32) : (uint)product + c[l] + (carryIn >> l & 1);
                }
                break;
            case MachineOpcode.SHF:
                Shift(s, a, b, c, to);
                break;
        }
        if (result == 0 && results > 1)
            SetPredicate(s.Operands[1], carryOut, mask);
        Write(s.Operands[result], to, mask, uniform);
    }

    // -b carries out unless something is borrowed; a sum of three terms shows it as an overflow, but for b = 0.
    static bool Borrows(in MachineOperand o, uint value) => o.Negated && value == 0;

    static uint Lookup(uint table, uint a, uint b, uint c) =>
        Lookup(table, new Vector<uint>(a), new Vector<uint>(b), new Vector<uint>(c))[0];

    static Vector<uint> Lookup(uint table, Vector<uint> a, Vector<uint> b, Vector<uint> c)
    {
        Vector<uint> value = Vector<uint>.Zero;
        for (int row = 0; row < 8; row++)
            if ((table >> row & 1) != 0)
                value |= ((row & 4) != 0 ? a : ~a) & ((row & 2) != 0 ? b : ~b) & ((row & 1) != 0 ? c : ~c);
        return value;
    }

    void Lea(MachineStep s, Span<MachineOperand> sources, int values, uint* a, uint* b, uint* c, uint carryIn, uint* to, ref uint carryOut)
    {
        int shift = (int)(values > 2 ? sources[values - 1].Value : 0);
        bool upper = s.Has(MachineWord.HI), extend = s.Has(MachineWord.SX32);
        for (int l = 0; l < Lanes; l++)
        {
            if (!upper)
            {
                ulong sum = (ulong)(a[l] << shift) + b[l] + (carryIn >> l & 1);
                to[l] = (uint)sum;
                carryOut |= (uint)(sum >> 32 & 1) << l;
                continue;
            }
            ulong wide = extend ? (ulong)(int)a[l] : a[l] | (ulong)(values > 3 ? c[l] : 0) << 32;
            ulong high = (wide << shift >> 32) + b[l] + (carryIn >> l & 1);
            to[l] = (uint)high;
            carryOut |= (uint)(high >> 32 & 1) << l;
        }
    }

    void Wide(MachineStep s, Span<MachineOperand> sources, uint* a, uint* b, uint* c, uint carryIn, uint mask, bool uniform)
    {
        uint* low = _scratch + 6 * Lanes, high = _scratch + 7 * Lanes;
        bool signed = !s.Has(MachineWord.U32);
        uint* upper = Source(sources[2], 3, 1);
        uint carryOut = 0;
        for (int l = 0; l < Lanes; l++)
        {
            ulong product = signed ? (ulong)((long)(int)a[l] * (int)b[l]) : (ulong)a[l] * b[l];
            ulong sum = product + (c[l] | (ulong)upper[l] << 32) + (carryIn >> l & 1);
            carryOut |= (sum < product ? 1u : 0) << l;
            (low[l], high[l]) = ((uint)sum, (uint)(sum >> 32));
        }
        if (s.Operands[1].Kind is OperandKind.Predicate or OperandKind.UniformPredicate)
            SetPredicate(s.Operands[1], carryOut, mask);
        Write(s.Operands[0], low, mask, uniform);
        Write(s.Operands[0], high, mask, uniform, 1);
    }

    static void Shift(MachineStep s, uint* low, uint* by, uint* high, uint* to)
    {
        bool upper = s.Has(MachineWord.HI), signed = s.Has(MachineWord.S32 | MachineWord.S64), wraps = s.Has(MachineWord.W),
            left = s.Has(MachineWord.L), wide = s.Has(MachineWord.U64 | MachineWord.S64);
        for (int l = 0; l < Lanes; l++)
        {
            int shift = wraps ? (int)(by[l] & (wide ? 63u : 31u)) : (int)Math.Min(by[l], wide ? 63 : 32);
            ulong value = low[l] | (ulong)high[l] << 32;
            value = left ? value << shift : signed ? (ulong)((long)value >> shift) : value >> shift;
            to[l] = upper ? (uint)(value >> 32) : (uint)value;
        }
    }
}
