// The parser, part 3: operands of instructions.
namespace HSENet.Ptx;

sealed partial class PtxParser
{
    // Registers with a component.
    static readonly HashSet<string> VectorRegisters =
    [
        "%tid", "%ntid", "%ctaid", "%nctaid", "%clusterid", "%nclusterid", "%cluster_ctaid", "%cluster_nctaid",
    ];

    static readonly HashSet<string> ScalarRegisters =
    [
        "%laneid", "%warpid", "%nwarpid", "%smid", "%nsmid", "%gridid", "%clock", "%clock_hi", "%clock64", "%globaltimer",
        "%globaltimer_lo", "%globaltimer_hi", "%lanemask_eq", "%lanemask_le", "%lanemask_lt", "%lanemask_ge", "%lanemask_gt",
        "%dynamic_smem_size", "%total_smem_size", "%aggr_smem_size", "%cluster_ctarank", "%cluster_nctarank", "%is_explicit_cluster",
        "%reserved_smem_offset_begin", "%reserved_smem_offset_end", "%reserved_smem_offset_cap", "%reserved_smem_offset_0",
        "%reserved_smem_offset_1", "%current_graph_exec", .. Enumerable.Range(0, 32).Select(n => $"%envreg{n}"),
        .. Enumerable.Range(0, 8).SelectMany(n => new[] { $"%pm{n}", $"%pm{n}_64" }),
    ];

    PtxOperand ReadOperand(int depth)
    {
        if (depth == DeepestVector)
            throw Error("operands are nested too deep");
        PtxOperand operand = ReadSimpleOperand(depth);
        return TakeMark('|') ? new PtxPair(operand, ReadSimpleOperand(depth)) : operand;
    }

    PtxOperand ReadSimpleOperand(int depth)
    {
        if (TakeMark('['))
            return ReadAddress();
        if (TakeMark('{'))
            return new PtxVector(ReadOperands('}', depth));
        if (_inCall && TakeMark('('))
            return new PtxOperandList(ReadOperands(')', depth));
        if (StartsConstant || IsMark('('))
            return new PtxInteger((long)ReadConstant(ConditionLevel).Bits);
        if (TakeMark('!'))
            return new PtxNegated(ReadPredicate());
        if (Current.Kind == PtxTokenKind.Name)
            return ReadNamed();
        bool negative = TakeMark('-');
        PtxToken number = _tokens[_position];
        _position += number.Kind == PtxTokenKind.End ? 0 : 1;
        return number.Kind switch
        {
            PtxTokenKind.Float32 => new PtxFloat32((uint)number.Bits ^ (negative ? 1u << 31 : 0)),
            PtxTokenKind.Float64 => new PtxFloat64(number.Bits ^ (negative ? 1ul << 63 : 0)),
            _ => throw Error($"expected an operand, found '{Shown(number)}'", number.Kind == PtxTokenKind.End ? 0 : -1),
        };
    }

    PtxRegister ReadPredicate()
    {
        if (Current.Kind != PtxTokenKind.Name || ReadNamed() is not PtxRegister predicate)
            throw Error("expected a predicate register");
        return TypeOf(predicate.Name) == PtxType.Pred ? predicate : throw Error($"{predicate.Name} is not a predicate register", -1);
    }

    PtxType TypeOf(string register) =>
        _scopes.TryFind(register, out PtxType type, out _) ? type : throw Error($"register {register} is not declared");

    List<PtxOperand> ReadOperands(char close, int depth)
    {
        List<PtxOperand> operands = [];
        if (TakeMark(close))
            return operands;
        do
            operands.Add(ReadOperand(depth + 1));
        while (TakeMark(','));
        TakeMark(close, $"'{close}' or ','");
        return operands;
    }

    PtxOperand ReadNamed()
    {
        string name = _tokens[_position++].Text;
        if (name == "_")
            return new PtxSink();
        if (_scopes.TryFindVector(name, out int width))
            return ReadVectorRegister(name, width);
        if (VectorRegisters.Contains(name))
        {
            string component = Take(PtxTokenKind.Word, $"a component of {name}").Text;
            return component is "x" or "y" or "z"
                ? new PtxSpecialRegister($"{name}.{component}")
                : throw Error($"{name} has no component '.{component}'", -1);
        }
        if (_scopes.TryFind(name, out _, out _))
            return new PtxRegister(name);
        if (ScalarRegisters.Contains(name))
            return new PtxSpecialRegister(name);
        return name[0] != '%' ? new PtxSymbol(name, ReadOffset()) : throw Error($"register {name} is not declared", -1);
    }

    // Inside brackets.
    PtxAddress ReadAddress()
    {
        PtxAddress address = Current.Kind switch
        {
            PtxTokenKind.Integer => new PtxAddress(null, (long)ReadConstant(ConditionLevel).Bits),
            PtxTokenKind.Name => ReadNamed() switch
            {
                PtxRegister register => new PtxAddress(register, ReadOffset()),
                PtxSymbol symbol => new PtxAddress(symbol with { Offset = 0 }, symbol.Offset),
                _ => throw Error("an address is a register or a symbol, with an offset", -1),
            },
            _ => throw Error("an address is a register or a symbol, with an offset"),
        };
        TakeMark(']', "']'");
        return address;
    }

    // [+|-] [-] number, several
    long ReadOffset()
    {
        long offset = 0;
        while (IsMark('+') || IsMark('-'))
        {
            bool negative = !TakeMark('+') && TakeMark('-');
            long number = StartsConstant || IsMark('(') ? (long)ReadConstant(ProductLevel).Bits
                : throw Error("expected an offset in bytes");
            offset += negative ? -number : number;
        }
        return offset;
    }

    static string ElementOf(string name, int component) => $"{name}${"xyzw"[component]}";

    PtxOperand ReadVectorRegister(string name, int width)
    {
        if (Current.Kind != PtxTokenKind.Word)
            return new PtxVector([.. Enumerable.Range(0, width).Select(i => new PtxRegister(ElementOf(name, i)))]);
        string word = _tokens[_position++].Text;
        int component = word.Length == 1 ? Math.Max("xyzw".IndexOf(word[0]), "rgba".IndexOf(word[0])) : -1;
        return component >= 0 && component < width
            ? new PtxRegister(ElementOf(name, component)) : throw Error($"{name} has no component '.{word}'", -1);
    }
}
