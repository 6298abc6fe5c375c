// The operands of an instruction, as they are written.
namespace HSENet.Ptx;

/// <summary>An operand; the printed form is PTX text.</summary>
public abstract record PtxOperand
{
    /// <summary>PTX text of the operand.</summary>
    public sealed override string ToString() => PtxPrinter.Print(this);
}

/// <summary>A declared register, <c>%r1</c>.</summary>
public sealed record PtxRegister(string Name) : PtxOperand;

/// <summary>A special register with its component, <c>%tid.x</c>, <c>%laneid</c>.</summary>
public sealed record PtxSpecialRegister(string Name) : PtxOperand;

/// <summary>An integer constant; unsigned values above 2^63 have the same 64 bits as the negative number.</summary>
public sealed record PtxInteger(long Value) : PtxOperand;

/// <summary>A 32-bit floating constant by its bits, <c>0f3F800000</c>.</summary>
public sealed record PtxFloat32(uint Bits) : PtxOperand
{
    /// <summary>The number that the bits are.</summary>
    public float Value => BitConverter.UInt32BitsToSingle(Bits);
}

/// <summary>A 64-bit floating constant by its bits, <c>0d3FF0000000000000</c>. Decimal constants are read as these.</summary>
public sealed record PtxFloat64(ulong Bits) : PtxOperand
{
    /// <summary>The number that the bits are.</summary>
    public double Value => BitConverter.UInt64BitsToDouble(Bits);
}

/// <summary>The name of a variable, function or label, with a byte offset.</summary>
public sealed record PtxSymbol(string Name, long Offset = 0) : PtxOperand
{
    /// <summary>In an initial value: the generic address, <c>generic(name)</c>.</summary>
    internal bool IsGeneric { get; init; }

    /// <summary>In an initial value: the bits of the address that are meant, <c>0xff00(name)</c>; all when 0.</summary>
    internal ulong Mask { get; init; }
}

/// <summary>A memory operand: <c>[%rd1+4]</c>, <c>[symbol+4]</c>, or <c>[16]</c> when <paramref name="Base"/> is null.</summary>
/// <param name="Base">A <see cref="PtxRegister"/>, a <see cref="PtxSymbol"/> without offset, or null.</param>
/// <param name="Offset">Bytes.</param>
public sealed record PtxAddress(PtxOperand? Base, long Offset) : PtxOperand;

/// <summary>A vector of operands, <c>{%f1, %f2}</c>; nested in initialisers of arrays.</summary>
public sealed record PtxVector(IReadOnlyList<PtxOperand> Elements) : PtxOperand;

/// <summary>Two destinations, <c>%p1|%p2</c>.</summary>
public sealed record PtxPair(PtxOperand First, PtxOperand Second) : PtxOperand;

/// <summary>A negated predicate source, <c>!%p1</c>.</summary>
public sealed record PtxNegated(PtxRegister Register) : PtxOperand;

/// <summary>A destination that is thrown away, <c>_</c>.</summary>
public sealed record PtxSink : PtxOperand;

/// <summary>A list in parentheses: the results or arguments of a call.</summary>
public sealed record PtxOperandList(IReadOnlyList<PtxOperand> Elements) : PtxOperand;
