// What can be said of a kernel without running it: memory, registers, instructions.
namespace HSENet.Ptx;

/// <summary>Static facts of one entry and the functions that it calls, directly or not.</summary>
public sealed class KernelFacts
{
    readonly List<PtxInstruction> _instructions = [];

    KernelFacts(PtxFunction entry)
    {
        EntryName = entry.Name;
    }

    /// <summary>The entry's name.</summary>
    public string EntryName { get; }

    /// <summary>Bytes of local variables of one thread: what would live in slow memory of its own.</summary>
    public long LocalBytes { get; private set; }

    /// <summary>Bytes of shared variables whose size stands in the text, with the gaps that their alignment makes.</summary>
    public long StaticSharedBytes { get; private set; }

    /// <summary>Whether the kernel has shared memory whose size is given at launch.</summary>
    public bool UsesDynamicShared { get; private set; }

    /// <summary>
    /// Estimate of the registers of a thread: the most 32-bit registers live at once in any of the functions. An assembler's number differs
    /// by what it recomputes, reorders and aligns.
    /// </summary>
    public int EstimatedLiveRegisters { get; private set; }

    /// <summary>Instructions of the text by opcode: <c>mma</c>, <c>ld</c>, <c>cp</c>, ….</summary>
    public IReadOnlyDictionary<string, int> InstructionsByOpcode { get; private set; } = new Dictionary<string, int>();

    /// <summary>Number of instructions of the text.</summary>
    public int InstructionCount => _instructions.Count;

    /// <summary>Instructions of the text that have the opcode and all of the modifiers: <c>Count("ld", "shared")</c>.</summary>
    public int Count(string opcode, params IEnumerable<string> modifiers) =>
        _instructions.Count(instruction => instruction.Opcode == opcode && modifiers.All(instruction.Has));

    /// <summary>The facts of an entry of a module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entryName">The entry, or null for the only one.</param>
    /// <exception cref="PtxException">There is no such entry, or its code has a missing label.</exception>
    public static KernelFacts Of(PtxModule module, string? entryName = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        PtxFunction[] entries = [.. module.Entries.Where(entry => entryName == null || entry.Name == entryName)];
        if (entries.Length != 1)
            throw new PtxException(0, $"one entry {(entryName == null ? "" : $"'{entryName}' ")}was expected, found {entries.Length}");
        PtxModule alone = PtxRewrite.Functions(module, function => function.IsEntry && function.Name != entries[0].Name ? null : function);
        PtxModule reached = DeadFunctionPass.Apply(alone);
        KernelFacts facts = new(entries[0]);
        List<PtxVariable> variables = [];
        foreach (PtxFunction function in reached.Functions.Where(function => function.Body != null))
        {
            ControlFlowGraph graph = ControlFlowGraph.Of(function);
            facts._instructions.AddRange(graph.Code.Instructions);
            facts.EstimatedLiveRegisters = Math.Max(facts.EstimatedLiveRegisters, RegisterPressure.LargestLive(graph));
            variables.AddRange(graph.Code.Variables);
        }
        HashSet<string> used = [.. facts._instructions.SelectMany(SymbolUse.Of)];
        variables.AddRange(module.Variables.Where(variable => used.Contains(variable.Name)));
        facts.LocalBytes = Extent(variables.Where(variable => variable.Space == PtxSpace.Local));
        facts.StaticSharedBytes = Extent(variables.Where(variable => variable is { Space: PtxSpace.Shared, Linkage: not "extern" }));
        facts.UsesDynamicShared = variables.Any(variable => variable is { Space: PtxSpace.Shared, Linkage: "extern" });
        facts.InstructionsByOpcode = facts._instructions.CountBy(instruction => instruction.Opcode)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary();
        return facts;
    }

    static long Extent(IEnumerable<PtxVariable> variables) =>
        variables.Aggregate(0L, (end, variable) =>
            (end + variable.Alignment - 1) / variable.Alignment * variable.Alignment + variable.Bytes);
}
