// A module and its functions: the root of a parsed program.
namespace HSENet.Ptx;

/// <summary>A parsed PTX text.</summary>
/// <param name="Version">As written after <c>.version</c>, such as <c>8.6</c>.</param>
/// <param name="Target">As written after <c>.target</c>, such as <c>sm_80</c>; several words joined by ", ".</param>
/// <param name="AddressSize">64.</param>
/// <param name="Items">Variables, functions and directives in the order of the text.</param>
public sealed record PtxModule(string Version, string Target, int AddressSize, IReadOnlyList<PtxStatement> Items)
{
    /// <summary>The module-wide variables.</summary>
    public IEnumerable<PtxVariable> Variables => Items.OfType<PtxVariable>();

    /// <summary>All functions, prototypes too.</summary>
    public IEnumerable<PtxFunction> Functions => Items.OfType<PtxFunction>();

    /// <summary>The entries with a body.</summary>
    public IEnumerable<PtxFunction> Entries => Functions.Where(function => function is { IsEntry: true, Body: not null });

    /// <summary>Reads a module.</summary>
    /// <exception cref="PtxException">The text is not PTX, or has an instruction, modifier or directive that is not known.</exception>
    public static PtxModule Parse(string text) => PtxParser.Parse(text);

    /// <summary>The module as canonical text; parsing it gives the same module.</summary>
    public sealed override string ToString() => PtxPrinter.Print(this);
}

/// <summary>An entry (<c>.entry</c>) or a function (<c>.func</c>).</summary>
/// <param name="IsEntry">True for a kernel.</param>
/// <param name="Name">Its name.</param>
public sealed record PtxFunction(bool IsEntry, string Name) : PtxStatement
{
    /// <summary><c>extern</c>, <c>visible</c>, <c>weak</c>, or null.</summary>
    public string? Linkage { get; init; }

    /// <summary>What it returns; empty for an entry.</summary>
    public IReadOnlyList<PtxVariable> Results { get; init; } = [];

    /// <summary>Its parameters, in the spaces <c>param</c> or <c>reg</c>.</summary>
    public IReadOnlyList<PtxVariable> Parameters { get; init; } = [];

    /// <summary>Performance directives (<c>maxntid</c>, <c>minnctapersm</c>, <c>reqntid</c>, …) and <c>noreturn</c>.</summary>
    public IReadOnlyList<PtxDirective> Directives { get; init; } = [];

    /// <summary>The statements; null for a prototype.</summary>
    public IReadOnlyList<PtxStatement>? Body { get; init; }

    /// <summary>Why the body could not be read; null when it could.</summary>
    internal PtxException? Refusal { get; init; }
}
