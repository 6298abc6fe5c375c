// Refuses what no linker could find: functions without a body, and names that nothing declares.
namespace HSENet.Ptx;

/// <summary>
/// Checks that a module needs nothing from outside. ILGPU writes a call of an external function for a .NET method that it does not know.
/// </summary>
public static class ExternalsPass
{
    /// <summary>What a CUDA driver provides itself: for kernels compiled with assertions or output.</summary>
    public static readonly IReadOnlyList<string> DriverFunctions = ["vprintf", "__assertfail"];

    /// <summary>The module itself, when every name in it is resolved or is one of <paramref name="allowed"/>.</summary>
    /// <exception cref="PtxException">Names the first function or symbol that is not resolved.</exception>
    public static PtxModule Apply(PtxModule module, IReadOnlyCollection<string>? allowed = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        HashSet<string> defined = [.. module.Functions.Where(function => function.Body != null).Select(function => function.Name),
            .. allowed ?? []];
        if (module.Functions.FirstOrDefault(function => !defined.Contains(function.Name)) is PtxFunction external)
            throw new PtxException(external.Line,
                $"function '{external.Name}' has no body: no GPU can link it (a .NET method that the compiler does not know?)");
        defined.UnionWith(module.Variables.Select(variable => variable.Name));
        Dictionary<string, PtxFunction> functions = module.Functions.DistinctBy(function => function.Name)
            .ToDictionary(function => function.Name);
        foreach (PtxFunction function in module.Functions.Where(function => function.Body != null))
        {
            PtxCode code = PtxCode.Of(function);
            HashSet<string> known = [.. defined, .. code.Labels.Keys, .. code.BranchTargets.Keys,
                .. code.Variables.Select(variable => variable.Name),
                .. function.Parameters.Select(parameter => parameter.Name), .. function.Results.Select(result => result.Name)];
            foreach (PtxInstruction instruction in code.Instructions)
            {
                if (SymbolUse.Of(instruction).FirstOrDefault(name => !known.Contains(name)) is string missing)
                    throw new PtxException(instruction.Line, $"'{missing}' in '{instruction}' is not declared");
                if (instruction.Opcode == "call" && functions.TryGetValue(instruction.Call().Target, out PtxFunction? called))
                    CheckCall(instruction, called);
            }
        }
        return module;
    }

    static void CheckCall(PtxInstruction call, PtxFunction called)
    {
        (int results, int arguments) = (call.Call().Results.Count, call.Call().Arguments.Count);
        (int expectedResults, int expectedArguments) = (called.Results.Count, called.Parameters.Count);
        if (called.IsEntry)
            throw new PtxException(call.Line, $"entry '{called.Name}' cannot be called");
        if (results != expectedResults || arguments != expectedArguments)
            throw new PtxException(call.Line,
                $"'{called.Name}' has {expectedResults} results and {expectedArguments} parameters, the call {results} and {arguments}");
    }
}
