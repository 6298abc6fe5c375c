// Statements: what stands between braces or at the top of a module. Immutable; passes make changed copies.
namespace HSENet.Ptx;

/// <summary>A statement with the line it came from.</summary>
public abstract record PtxStatement
{
    /// <summary>Line of the text, from 1; 0 for a statement that a pass made.</summary>
    public int Line { get; init; }

    /// <summary>PTX text of the statement.</summary>
    public sealed override string ToString() => PtxPrinter.Print(this);
}

/// <summary>A label, <c>L_1:</c>.</summary>
public sealed record PtxLabel(string Name) : PtxStatement;

/// <summary>A name in a register declaration: one register, or with a count the registers Name0 … Name(count-1).</summary>
public readonly record struct PtxRegisterName(string Name, int? Count);

/// <summary>Registers of one type, <c>.reg .b32 %r&lt;22&gt;, count;</c>.</summary>
public sealed record PtxRegisterDeclaration(PtxType Type, IReadOnlyList<PtxRegisterName> Names) : PtxStatement
{
    /// <summary>Every register that the declaration makes.</summary>
    public IEnumerable<string> Expand() =>
        Names.SelectMany(name => name.Count is int count ? Enumerable.Range(0, count).Select(i => name.Name + i) : [name.Name]);
}

/// <summary>A block with its own names.</summary>
public sealed record PtxBlock(IReadOnlyList<PtxStatement> Statements) : PtxStatement;

/// <summary>The targets of an indexed branch, <c>L: .branchtargets A, B;</c>.</summary>
public sealed record PtxBranchTargets(string Name, IReadOnlyList<string> Targets) : PtxStatement;

/// <summary>The functions that an indirect call may reach, <c>L: .calltargets f, g;</c>.</summary>
sealed record PtxCallTargets(string Name, IReadOnlyList<string> Targets) : PtxStatement;

/// <summary>What a function that is called by its address takes and gives, <c>P: .callprototype (…) _ (…);</c>.</summary>
sealed record PtxCallPrototype(string Name, IReadOnlyList<PtxVariable> Results, IReadOnlyList<PtxVariable> Parameters) : PtxStatement;

/// <summary>A texture, surface or sampler of the module, as it is written: nothing here executes what uses one.</summary>
sealed record PtxTextureReference(string Text) : PtxStatement;

/// <summary>A second name of a function: <c>.alias other, name</c>.</summary>
sealed record PtxAlias(string Name, string Target) : PtxStatement;

/// <summary>
/// A directive without meaning for execution: <c>.pragma</c>, <c>.file</c>, <c>.loc</c>, <c>.section</c>, or one of a function such as
/// <c>.maxntid 256, 1, 1</c>.
/// </summary>
/// <param name="Name">Without the dot.</param>
/// <param name="Arguments">As written: numbers, words, strings with their quotes.</param>
public sealed record PtxDirective(string Name, IReadOnlyList<string> Arguments) : PtxStatement;

/// <summary>A variable: module-wide, of a function's body, or a parameter.</summary>
/// <param name="Space">Where it lives.</param>
/// <param name="Type">Type of an element.</param>
/// <param name="Name">Its name.</param>
public sealed record PtxVariable(PtxSpace Space, PtxType Type, string Name) : PtxStatement
{
    /// <summary><c>extern</c>, <c>visible</c>, <c>weak</c>, <c>common</c>, or null.</summary>
    public string? Linkage { get; init; }

    /// <summary>Alignment in bytes as written, or null.</summary>
    public int? DeclaredAlignment { get; init; }

    /// <summary>Elements of a vector type (<c>.v2</c>, <c>.v4</c>), else 1.</summary>
    public int VectorWidth { get; init; } = 1;

    /// <summary>Array dimensions; empty for a scalar. The first is 0 when it is written <c>[]</c>.</summary>
    public IReadOnlyList<long> Dimensions { get; init; } = [];

    /// <summary>Initial value: a scalar, a <see cref="PtxVector"/> for arrays, or null.</summary>
    public PtxOperand? Initialiser { get; init; }

    /// <summary>For a parameter marked <c>.ptr</c>: the space it points to, <see cref="PtxSpace.Register"/> for none named.</summary>
    public PtxSpace? PointerSpace { get; init; }

    /// <summary>For a parameter marked <c>.ptr</c>: alignment of what it points to.</summary>
    public int? PointerAlignment { get; init; }

    /// <summary>Alignment in bytes: the declared one or that of the type.</summary>
    public int Alignment => DeclaredAlignment ?? Type.Bytes() * VectorWidth;

    /// <summary>Bytes of the whole variable; 0 for an array without size.</summary>
    public long Bytes => Dimensions.Aggregate((long)Type.Bytes() * VectorWidth, (bytes, dimension) => bytes * dimension);
}
