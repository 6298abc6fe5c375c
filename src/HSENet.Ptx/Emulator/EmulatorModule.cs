// A PTX text that is ready to be launched: parsed once, kernels decoded when they are first used.
using System.Buffers.Binary;

namespace HSENet.Ptx;

/// <summary>A loaded PTX module. May be used by several threads and with several memories at once.</summary>
public sealed class EmulatorModule : IDisposable
{
    readonly Dictionary<string, EmulatorKernel> _kernels = [];
    readonly Dictionary<string, PtxFunction> _functions = [];
    readonly Dictionary<string, EmulatorAllocation> _variables = [];

    EmulatorModule(PtxModule program)
    {
        Program = program;
        foreach (PtxFunction function in program.Functions.Where(function => function.Body != null))
            _functions[function.Name] = function;
        foreach (PtxVariable variable in program.Variables.Where(variable => variable.Space is PtxSpace.Global or PtxSpace.Const))
            _variables[variable.Name] = Make(variable);
        foreach (PtxFunction entry in program.Entries)
            _kernels[entry.Name] = new EmulatorKernel(this, entry);
    }

    /// <summary>The program as it was read.</summary>
    public PtxModule Program { get; }

    /// <summary>The entries by name.</summary>
    public IReadOnlyDictionary<string, EmulatorKernel> Kernels => _kernels;

    /// <summary>Memory of the module's own variables; null when it has none.</summary>
    internal EmulatorMemory? Variables { get; private set; }

    /// <summary>Reads a PTX text.</summary>
    /// <exception cref="PtxException">It is not PTX, or has something that is not known.</exception>
    public static EmulatorModule Load(string text) => new(PtxModule.Parse(text));

    /// <summary>Takes a program that was parsed or made by passes.</summary>
    public static EmulatorModule Load(PtxModule program) => new(program);

    /// <summary>The entry with a name.</summary>
    /// <exception cref="PtxException">The module has no such entry.</exception>
    public EmulatorKernel Kernel(string name) => _kernels.TryGetValue(name, out EmulatorKernel? kernel)
        ? kernel : throw new PtxException(0, $"there is no kernel '{name}'; the module has {string.Join(", ", _kernels.Keys)}");

    /// <summary>Frees the module's variables.</summary>
    public void Dispose() => Variables?.Dispose();

    internal PtxFunction Function(PtxInstruction call)
    {
        string name = call.Call().Target;
        return _functions.TryGetValue(name, out PtxFunction? function)
            ? function : throw new PtxException(call.Line, $"function '{name}' has no body in this module: {call}");
    }

    internal ulong AddressOf(PtxVariable variable) => _variables.TryGetValue(variable.Name, out EmulatorAllocation? allocation)
        ? allocation.Address : throw new PtxException(variable.Line,
            $"'{variable.Name}' is declared in a function; the emulator knows .global and .const of modules");

    // Variables without an initial value are zero, as a driver makes them.
    EmulatorAllocation Make(PtxVariable variable)
    {
        if (variable.Linkage == "extern" || variable.Bytes is < 0 or > int.MaxValue)
            throw new PtxException(variable.Line, $"variable '{variable.Name}' has no memory in this module");
        byte[] bytes = new byte[variable.Bytes];
        int at = 0;
        if (variable.Initialiser is { } value)
            Write(variable, value, bytes, ref at);
        Variables ??= new EmulatorMemory();
        EmulatorAllocation allocation = Variables.Allocate(variable.Bytes, variable.Name);
        allocation.Write<byte>(bytes);
        return allocation;
    }

    void Write(PtxVariable variable, PtxOperand value, Span<byte> bytes, ref int at)
    {
        if (value is PtxVector vector)
        {
            foreach (PtxOperand element in vector.Elements)
                Write(variable, element, bytes, ref at);
            return;
        }
        ulong bits = value switch
        {
            PtxInteger integer => (ulong)integer.Value,
            PtxFloat32 number => number.Bits,
            PtxFloat64 number => number.Bits,
            PtxSymbol symbol when _variables.TryGetValue(symbol.Name, out EmulatorAllocation? other) =>
                other.Address + (ulong)symbol.Offset,
            _ => throw new PtxException(variable.Line, $"'{value}' cannot be a value of '{variable.Name}'"),
        };
        int size = variable.Type.Bytes();
        if (size > 8 || at + size > bytes.Length)
            throw new PtxException(variable.Line, $"'{variable.Name}' has {bytes.Length} bytes, its values have more");
        Span<byte> whole = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(whole, bits);
        whole[..size].CopyTo(bytes[at..]);
        at += size;
    }
}
