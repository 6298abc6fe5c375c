// A PTX text that is ready to be launched: parsed once, kernels decoded when they are first used.
namespace HSENet.Ptx;

/// <summary>A loaded PTX module. May be used by several threads and with several memories at once.</summary>
public sealed class EmulatorModule : IDisposable
{
    /// <summary>Where addresses of functions start: in no memory, 16 apart.</summary>
    const ulong FunctionWindow = 4ul << 56;

    readonly Dictionary<string, EmulatorKernel> _kernels = [];
    readonly Dictionary<string, PtxFunction> _functions = [];
    readonly ModuleVariables _variables;
    readonly Lazy<HashSet<string>> _taken;

    EmulatorModule(PtxModule program)
    {
        Program = program;
        foreach (PtxFunction function in program.Functions.Where(function => function.Body != null))
            _functions[function.Name] = function;
        foreach (PtxAlias alias in program.Items.OfType<PtxAlias>())
            _functions[alias.Name] = TryFunction(alias.Target)
                ?? throw new PtxException(alias.Line, $".alias {alias.Name}: function '{alias.Target}' has no body in this module");
        _taken = new(FindTaken);
        _variables = new ModuleVariables(program.Variables, FunctionAddress);
        foreach (PtxFunction entry in program.Entries)
            _kernels[entry.Name] = new EmulatorKernel(this, entry);
    }

    /// <summary>The program as it was read.</summary>
    public PtxModule Program { get; }

    /// <summary>The entries by name.</summary>
    public IReadOnlyDictionary<string, EmulatorKernel> Kernels => _kernels;

    /// <summary>Memory of the module's own variables; null when it has none.</summary>
    internal EmulatorMemory? Variables => _variables.Memory;

    /// <summary>
    /// Reads a PTX text. A kernel or function with something that is not known is refused when it is used; the others of the module can
    /// be.
    /// </summary>
    /// <exception cref="PtxException">It is not PTX, or something outside the bodies of functions is not known.</exception>
    public static EmulatorModule Load(string text) => new(PtxParser.Parse(text, keepsRefused: true));

    /// <summary>Takes a program that was parsed or made by passes.</summary>
    public static EmulatorModule Load(PtxModule program) => new(program);

    /// <summary>The entry with a name.</summary>
    /// <exception cref="PtxException">The module has no such entry.</exception>
    public EmulatorKernel Kernel(string name) => _kernels.TryGetValue(name, out EmulatorKernel? kernel)
        ? kernel : throw new PtxException(0, $"there is no kernel '{name}'; the module has {string.Join(", ", _kernels.Keys)}");

    /// <summary>Memory of a variable that the module declares <c>.global</c> or <c>.const</c>; null when there is none.</summary>
    public EmulatorAllocation? Variable(string name) => _variables.Find(name);

    /// <summary>Frees the module's variables.</summary>
    public void Dispose() => Variables?.Dispose();

    internal PtxFunction Function(PtxInstruction call)
    {
        string name = call.Call().Target;
        return TryFunction(name) ?? throw new PtxException(call.Line, $"function '{name}' has no body in this module: {call}");
    }

    internal PtxFunction? TryFunction(string name) => _functions.GetValueOrDefault(name);

    /// <summary>Address of a variable of the module or of a function; null when there is no such name.</summary>
    internal ulong? AddressOf(string name) => _variables.Find(name)?.Address ?? FunctionAddress(name);

    /// <summary>Address of a variable that a function declares.</summary>
    internal ulong AddressOf(string function, PtxVariable variable) => _variables.Of(function, variable).Address;

    /// <summary>The functions whose address the module takes, and whose parameters and results have the sizes of a prototype's.</summary>
    internal IReadOnlyList<string> WithAddress(IReadOnlyList<PtxVariable> results, IReadOnlyList<PtxVariable> parameters) =>
        [.. _taken.Value.Where(name => Fits(_functions[name].Results, results) && Fits(_functions[name].Parameters, parameters))];

    static bool Fits(IReadOnlyList<PtxVariable> some, IReadOnlyList<PtxVariable> others) =>
        some.Select(variable => variable.Bytes).SequenceEqual(others.Select(variable => variable.Bytes));

    ulong? FunctionAddress(string name) =>
        TryFunction(name) is { } function ? FunctionWindow + 16 * ((ulong)_functions.Keys.ToList().IndexOf(function.Name) + 1) : null;

    HashSet<string> FindTaken()
    {
        IEnumerable<PtxOperand> values = Program.Variables.Select(variable => variable.Initialiser).OfType<PtxOperand>();
        foreach (PtxFunction function in _functions.Values)
            values = values.Concat(PtxRewrite.InstructionsOf(function.Body!).Where(instruction => instruction.Opcode != "call")
                .SelectMany(instruction => instruction.Operands));
        return [.. values.SelectMany(SymbolUse.Of).Where(_functions.ContainsKey).Select(name => _functions[name].Name)];
    }
}
