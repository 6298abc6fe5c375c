// Changed copies of programs: what every pass is written with.
namespace HSENet.Ptx;

static class PtxRewrite
{
    /// <summary>Replaces every function; null removes it.</summary>
    public static PtxModule Functions(PtxModule module, Func<PtxFunction, PtxFunction?> change) =>
        module with
        {
            Items = [.. module.Items.Select(item => item is PtxFunction function ? change(function) : item)
            .OfType<PtxStatement>()]
        };

    /// <summary>Replaces every variable that is declared at the top or in a body; parameters stay.</summary>
    public static PtxModule Variables(PtxModule module, Func<PtxVariable, PtxVariable> change)
    {
        return module with { Items = Statements(module.Items, Change) };

        IEnumerable<PtxStatement> Change(PtxStatement statement) => statement switch
        {
            PtxVariable variable => [change(variable)],
            PtxFunction { Body: not null } function => [function with { Body = Statements(function.Body, Change) }],
            _ => [statement],
        };
    }

    /// <summary>Replaces every instruction by statements; the number is its index in <see cref="PtxCode.Instructions"/>.</summary>
    public static PtxFunction Instructions(PtxFunction function, Func<int, PtxInstruction, IEnumerable<PtxStatement>> change)
    {
        int index = 0;
        return function.Body == null ? function : function with
        {
            Body = Statements(function.Body, statement =>
                statement is PtxInstruction instruction ? change(index++, instruction) : [statement]),
        };
    }

    /// <summary>All instructions of statements, inner blocks included.</summary>
    public static IEnumerable<PtxInstruction> InstructionsOf(IEnumerable<PtxStatement> statements) => statements.SelectMany(Inside);

    static IEnumerable<PtxInstruction> Inside(PtxStatement statement) => statement switch
    {
        PtxInstruction instruction => [instruction],
        PtxBlock block => InstructionsOf(block.Statements),
        _ => [],
    };

    static PtxStatement[] Statements(IReadOnlyList<PtxStatement> statements, Func<PtxStatement, IEnumerable<PtxStatement>> change) =>
        [.. statements.SelectMany(statement => statement is PtxBlock block
            ? [block with { Statements = Statements(block.Statements, change) }]
            : change(statement))];
}
