// Comparisons, predicates, exchange between lanes, and instructions of one or two operands.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

sealed unsafe partial class MachineWarp
{
    // ISETP.GE.U32.AND.EX P0, P1, a, b, P2[, P3]: P0 is the comparison joined with P2; .EX goes on from the low words, in P3.
    void Compare(MachineStep s, uint mask)
    {
        uint* a = Source(s.Operands[2], 0), b = Source(s.Operands[3], 1);
        if (_compared?[s.Index] is { } compared)
        {
            new ReadOnlySpan<uint>(a, Lanes).CopyTo(compared);
            new ReadOnlySpan<uint>(b, Lanes).CopyTo(compared.AsSpan(Lanes));
        }
        bool signed = !s.Has(MachineWord.U32), extended = s.Has(MachineWord.EX), differs = extended && s.Has(MachineWord.NE);
        var (below, equal, above) = Holds(s);
        uint less = 0, same = 0;
        for (int l = 0; l < Lanes; l += Vector256<uint>.Count)
        {
            Vector256<uint> x = Vector256.Load(a + l), y = Vector256.Load(b + l);
            Vector256<uint> smaller = signed ? Vector256.LessThan(x.AsInt32(), y.AsInt32()).AsUInt32() : Vector256.LessThan(x, y);
            less |= smaller.ExtractMostSignificantBits() << l;
            same |= Vector256.Equals(x, y).ExtractMostSignificantBits() << l;
        }
        uint lower = extended && s.Operands.Length > 5 ? PredicateMask(s.Operands[5]) : 0;
        Join(s, differs ? ~same | lower
            : (below ? less : 0) | (above ? ~(less | same) : 0) | (extended ? same & lower : equal ? same : 0), mask);
    }

    void CompareFloats(MachineStep s, uint mask)
    {
        uint* a = Source(s.Operands[2] with { Negated = false, Absolute = false }, 0);
        uint* b = Source(s.Operands[3] with { Negated = false, Absolute = false }, 1);
        var (below, equal, above) = Holds(s);
        uint less = 0, same = 0, more = 0;
        for (int l = 0; l < Lanes; l += Vector256<float>.Count)
        {
            Vector256<float> x = Float(s.Operands[2], Vector256.Load(a + l)), y = Float(s.Operands[3], Vector256.Load(b + l));
            less |= Vector256.LessThan(x, y).ExtractMostSignificantBits() << l;
            same |= Vector256.Equals(x, y).ExtractMostSignificantBits() << l;
            more |= Vector256.GreaterThan(x, y).ExtractMostSignificantBits() << l;
        }
        uint unordered = ~(less | same | more);
        Join(s, s.Has(MachineWord.NAN) ? unordered : s.Has(MachineWord.NUM) ? ~unordered
            : (below ? less : 0) | (equal ? same : 0) | (above ? more : 0) | (s.Has(MachineWord.Unordered) ? unordered : 0), mask);
    }

    static Vector256<float> Float(in MachineOperand o, Vector256<uint> bits)
    {
        if (o.Absolute)
            bits &= Vector256.Create(0x7fff_ffffu);
        return (o.Negated ? bits ^ Vector256.Create(0x8000_0000u) : bits).AsSingle();
    }

    static bool Holds(MachineStep s, double x, double y, bool below, bool equal, bool above)
    {
        bool unordered = double.IsNaN(x) || double.IsNaN(y);
        return s.Has(MachineWord.NAN) ? unordered : s.Has(MachineWord.NUM) ? !unordered
            : unordered ? s.Has(MachineWord.Unordered) : x < y ? below : x == y ? equal : above;
    }

    static float Float(in MachineOperand o, uint bits)
    {
        float value = BitConverter.UInt32BitsToSingle(bits);
        if (o.Absolute)
            value = MathF.Abs(value);
        return o.Negated ? -value : value;
    }

    // Whether a comparison holds for the smaller, an equal and the larger one in front.
    internal static (bool Below, bool Equal, bool Above) Holds(MachineStep s) => s.Has(MachineWord.GE) ? (false, true, true)
        : s.Has(MachineWord.GT) ? (false, false, true) : s.Has(MachineWord.LE) ? (true, true, false)
        : s.Has(MachineWord.LT) ? (true, false, false) : s.Has(MachineWord.EQ) ? (false, true, false) : (true, false, true);

    void Join(MachineStep s, uint result, uint mask)
    {
        uint with = s.Operands.Length > 4 ? PredicateMask(s.Operands[4]) : uint.MaxValue;
        bool or = s.Has(MachineWord.OR), xor = s.Has(MachineWord.XOR);
        uint first = or ? result | with : xor ? result ^ with : result & with;
        uint second = or ? ~result | with : xor ? ~result ^ with : ~result & with;
        SetPredicate(s.Operands[0], first, mask);
        SetPredicate(s.Operands[1], second, mask);
    }

    void Logic(MachineStep s, uint mask)
    {
        uint a = PredicateMask(s.Operands[2]), b = PredicateMask(s.Operands[3]), c = PredicateMask(s.Operands[4]);
        SetPredicate(s.Operands[0], Lookup((uint)s.Operands[5].Value, a, b, c), mask);
        if (s.Operands.Length > 6)
            SetPredicate(s.Operands[1], Lookup((uint)s.Operands[6].Value, a, b, c), mask);
    }

    void Pack(MachineStep s, uint mask)
    {
        uint bits = (uint)s.Operands[^1].Value;
        if (s.Opcode == MachineOpcode.R2P)
        {
            uint* from = Source(s.Operands[1], 0);
            for (int p = 0; p < MachineOperand.TruePredicate; p++)
                if ((bits >> p & 1) != 0)
                {
                    uint value = 0;
                    for (int l = 0; l < Lanes; l++)
                        value |= (from[l] >> p & 1) << l;
                    _predicates[p] = (_predicates[p] & ~mask) | (value & mask);
                }
            return;
        }
        uint* with = Source(s.Operands[2], 0), to = _scratch + 6 * Lanes;
        for (int l = 0; l < Lanes; l++)
        {
            uint value = 0;
            for (int p = 0; p < MachineOperand.TruePredicate; p++)
                value |= (_predicates[p] >> l & 1) << p;
            to[l] = (value & bits) | (with[l] & ~bits);
        }
        Write(s.Operands[0], to, mask, false);
    }

    // SHFL.IDX P0, R0, R1, index, clamp.
    void Exchange(MachineStep s, uint mask)
    {
        uint* value = Source(s.Operands[2], 0), by = Source(s.Operands[3], 1), clamp = Source(s.Operands[4], 2), to = _scratch + 6 * Lanes;
        bool up = s.Has(MachineWord.UP), down = s.Has(MachineWord.DOWN), butterfly = s.Has(MachineWord.BFLY);
        for (int l = 0; l < Lanes; l++)
        {
            int segment = (int)(clamp[l] >> 8 & 31), last = (int)(clamp[l] & 31), b = (int)(by[l] & 31);
            int least = l & segment, most = least | last & ~segment;
            int from = up ? l - b : down ? l + b : butterfly ? l ^ b : least | b & ~segment;
            bool inside = up ? from >= most : from <= most;
            to[l] = value[inside ? from & 31 : l];
        }
        Write(s.Operands[1], to, mask, false);
    }

    // VOTE.ANY R0, P0, P1.
    void Vote(MachineStep s, uint mask, bool uniform)
    {
        uint value = PredicateMask(s.Operands[^1]) & mask;
        bool holds = s.Has(MachineWord.ALL) ? value == mask : s.Has(MachineWord.EQ) ? value == 0 || value == mask : value != 0;
        foreach (ref MachineOperand o in s.Operands.AsSpan(0, s.Operands.Length - 1))
            if (o.Kind is OperandKind.Predicate or OperandKind.UniformPredicate)
                SetPredicate(o, holds ? uint.MaxValue : 0, mask);
            else
            {
                new Span<uint>(_scratch, Lanes).Fill(value);
                Write(o, _scratch, mask, uniform);
            }
    }

    // Everything whose result is a function of up to three words of a lane.
    void Simple(MachineStep s, uint mask, bool uniform)
    {
        if (s.Operands.Length == 0 || s.Operands[0].Kind is not (OperandKind.Register or OperandKind.Uniform))
            return;
        if (s.Class == MachineClass.F64 || s.Class is MachineClass.Tensor or MachineClass.Half or MachineClass.Matrix
            or MachineClass.AsyncCopy or MachineClass.Constant)
            return;
        bool floats = s.Class == MachineClass.F32 || s.Opcode is MachineOpcode.F2I or MachineOpcode.MUFU;
        int count = Math.Min(3, s.Operands.Length - 1);
        uint** sources = stackalloc uint*[3];
        for (int n = 0; n < count; n++)
        {
            MachineOperand source = s.Operands[n + 1];
            if (floats && source.Kind is not (OperandKind.Predicate or OperandKind.UniformPredicate))
                (source.Negated, source.Absolute) = (false, false); // signs of floats are applied to their values
            sources[n] = Source(source, n);
        }
        uint* to = _scratch + 6 * Lanes;
        if (s.Opcode is MachineOpcode.FADD or MachineOpcode.FMUL or MachineOpcode.FFMA && count == (s.Opcode == MachineOpcode.FFMA ? 3 : 2))
        {
            for (int l = 0; l < Lanes; l += Vector256<float>.Count)
            {
                Vector256<float> x = Float(s.Operands[1], Vector256.Load(sources[0] + l));
                Vector256<float> y = Float(s.Operands[2], Vector256.Load(sources[1] + l));
                (s.Opcode switch
                {
                    MachineOpcode.FADD => x + y,
                    MachineOpcode.FMUL => x * y,
                    _ => Vector256.FusedMultiplyAdd(x, y, Float(s.Operands[3], Vector256.Load(sources[2] + l))),
                }).AsUInt32().Store(to + l);
            }
            Write(s.Operands[0], to, mask, uniform);
            return;
        }
        for (int l = 0; l < Lanes; l++)
        {
            uint a = count > 0 ? sources[0][l] : 0, b = count > 1 ? sources[1][l] : 0, c = count > 2 ? sources[2][l] : 0;
            to[l] = floats ? Floats(s, a, b, c) : Integers(s, a, b, c);
        }
        Write(s.Operands[0], to, mask, uniform);
    }

    static uint Integers(MachineStep s, uint a, uint b, uint c)
    {
        switch (s.Opcode)
        {
            case MachineOpcode.VIADD:
                return a + b;
            case MachineOpcode.SEL:
                return (c & 1) != 0 ? a : b;
            case MachineOpcode.VIMNMX or MachineOpcode.IMNMX:
                bool less = s.Has(MachineWord.U32) ? a < b : (int)a < (int)b;
                return less == ((c & 1) != 0) ? a : b;
            case MachineOpcode.PRMT:
                return Permute(a, b, c);
            case MachineOpcode.IABS:
                return (uint)Math.Abs((long)(int)a);
            case MachineOpcode.POPC:
                return (uint)BitOperations.PopCount(a);
            case MachineOpcode.BREV:
                uint reversed = 0;
                for (int bit = 0; bit < 32; bit++)
                    reversed |= (a >> bit & 1) << (31 - bit);
                return reversed;
            case MachineOpcode.FLO:
                int lead = a == 0 ? -1 : 31 - BitOperations.LeadingZeroCount(a);
                return (uint)(s.Has(MachineWord.SH) && lead >= 0 ? 31 - lead : lead);
            case MachineOpcode.SGXT:
                int bits = (int)Math.Min(b, 32);
                return bits == 0 ? 0 : s.Has(MachineWord.U32) ? a << (32 - bits) >> (32 - bits) : (uint)((int)(a << (32 - bits)) >> (32 - bits));
            case MachineOpcode.BMSK:
                return b >= 32 ? uint.MaxValue << (int)Math.Min(a, 31) : ((1u << (int)b) - 1) << (int)Math.Min(a, 31);
            case MachineOpcode.SHL:
                return b > 31 ? 0 : a << (int)b;
            case MachineOpcode.SHR:
                return s.Has(MachineWord.U32) ? b > 31 ? 0 : a >> (int)b : (uint)((int)a >> (int)Math.Min(b, 31));
            case MachineOpcode.I2F or MachineOpcode.I2FP:
                double value = s.Has(MachineWord.U32) ? a : (int)a;
                float nearest = (float)value;
                return BitConverter.SingleToUInt32Bits(s.Has(MachineWord.RP) && nearest < value ? MathF.BitIncrement(nearest) : nearest);
            default:
                return 0;
        }
    }

    // PRMT d, a, selector, b: four bytes of eight.
    static uint Permute(uint a, uint selector, uint b)
    {
        ulong bytes = a | (ulong)b << 32;
        uint value = 0;
        for (int n = 0; n < 4; n++)
        {
            int pick = (int)(selector >> 4 * n & 15);
            uint taken = (uint)(bytes >> 8 * (pick & 7)) & 0xff;
            if ((pick & 8) != 0)
                taken = (taken & 0x80) != 0 ? 0xffu : 0;
            value |= taken << 8 * n;
        }
        return value;
    }

    static uint Floats(MachineStep s, uint a, uint b, uint c)
    {
        MachineOperand[] o = s.Operands;
        float x = Float(o[1], a), y = o.Length > 2 ? Float(o[2], b) : 0, z = o.Length > 3 ? Float(o[3], c) : 0;
        switch (s.Opcode)
        {
            case MachineOpcode.F2I:
                return Whole(s, Rounded(s, x));
            case MachineOpcode.FSEL:
                return (c & 1) != 0 ? BitConverter.SingleToUInt32Bits(x) : BitConverter.SingleToUInt32Bits(y);
        }
        float result = s.Opcode switch
        {
            MachineOpcode.FADD => x + y,
            MachineOpcode.FMUL => x * y,
            MachineOpcode.FFMA => MathF.FusedMultiplyAdd(x, y, z),
            MachineOpcode.FMNMX => (c & 1) != 0 ? MathF.Min(x, y) : MathF.Max(x, y),
            MachineOpcode.MUFU => s.Has(MachineWord.RCP) ? 1 / x : s.Has(MachineWord.RSQ) ? 1 / MathF.Sqrt(x) : s.Has(MachineWord.SQRT) ? MathF.Sqrt(x)
                : s.Has(MachineWord.EX2) ? MathF.Pow(2, x) : s.Has(MachineWord.LG2) ? MathF.Log2(x) : 0,
            _ => 0,
        };
        return BitConverter.SingleToUInt32Bits(result);
    }
}
