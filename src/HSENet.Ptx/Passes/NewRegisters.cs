// Registers that a pass adds to a function, under names that it does not have yet.
namespace HSENet.Ptx;

sealed class NewRegisters(PtxFunction function)
{
    readonly SortedDictionary<PtxType, int> _counts = [];
    readonly string _stem = Stem(function);

    public PtxRegister Next(PtxType type)
    {
        int number = _counts.GetValueOrDefault(type);
        _counts[type] = number + 1;
        return new PtxRegister($"{_stem}_{type.Word()}_{number}");
    }

    /// <summary>The changed function with the declarations of the new registers in front.</summary>
    public PtxFunction Declare(PtxFunction changed) => changed with
    {
        Body = [.. _counts.Select(pair => Declaration(pair.Key, pair.Value)), .. changed.Body!],
    };

    PtxRegisterDeclaration Declaration(PtxType type, int count) => new(type, [new PtxRegisterName($"{_stem}_{type.Word()}_", count)]);

    static string Stem(PtxFunction function)
    {
        string[] declared = [.. Declared(function.Body!)];
        string stem = "%x";
        while (declared.Any(name => name.StartsWith(stem, StringComparison.Ordinal)))
            stem += "x";
        return stem;
    }

    static IEnumerable<string> Declared(IEnumerable<PtxStatement> statements) => statements.SelectMany(statement => statement switch
    {
        PtxRegisterDeclaration declaration => declaration.Names.Select(name => name.Name),
        PtxBlock block => Declared(block.Statements),
        _ => [],
    });
}
