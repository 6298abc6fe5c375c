// The variables of a module and of its functions in .global and .const, with their initial values.
using System.Buffers.Binary;

namespace HSENet.Ptx;

/// <summary>Variables without an initial value are zero, as a driver makes them.</summary>
sealed class ModuleVariables
{
    readonly Dictionary<(string Function, string Name), EmulatorAllocation> _allocations = [];
    readonly Func<string, ulong?> _functionAddress;
    readonly Lock _lock = new();

    public ModuleVariables(IEnumerable<PtxVariable> variables, Func<string, ulong?> functionAddress)
    {
        _functionAddress = functionAddress;
        PtxVariable[] all = [.. variables.Where(variable => variable.Space is PtxSpace.Global or PtxSpace.Const)
            .Where(variable => variable.Linkage != "extern")];
        // An initial value may be the address of a variable that comes later.
        foreach (PtxVariable variable in all)
            Allocate("", variable);
        foreach (PtxVariable variable in all)
            Fill("", variable);
    }

    /// <summary>Null when there is no variable.</summary>
    public EmulatorMemory? Memory { get; private set; }

    public EmulatorAllocation? Find(string name) => _allocations.GetValueOrDefault(("", name));

    /// <summary>The variable of a function's body, made when a kernel that has it is decoded first.</summary>
    public EmulatorAllocation Of(string function, PtxVariable variable)
    {
        lock (_lock)
        {
            if (_allocations.TryGetValue((function, variable.Name), out EmulatorAllocation? found))
                return found;
            Allocate(function, variable);
            return Fill(function, variable);
        }
    }

    void Allocate(string function, PtxVariable variable)
    {
        if (variable.Linkage == "extern" || variable.Bytes is < 0 or > int.MaxValue)
            throw new PtxException(variable.Line, $"variable '{variable.Name}' has no memory in this module");
        Memory ??= new EmulatorMemory();
        _allocations[(function, variable.Name)] = Memory.AllocateVariable(variable);
    }

    EmulatorAllocation Fill(string function, PtxVariable variable)
    {
        byte[] bytes = new byte[variable.Bytes];
        if (variable.Initialiser is { } value)
            Write(function, variable, value, bytes, 0);
        EmulatorAllocation allocation = _allocations[(function, variable.Name)];
        allocation.Write<byte>(bytes);
        return allocation;
    }

    // Braces inside braces fill a row of the next dimension; a row of plain values only is filled one after the other.
    void Write(string function, PtxVariable variable, PtxOperand value, Span<byte> bytes, int level)
    {
        if (value is not PtxVector vector)
        {
            WriteElement(function, variable, value, bytes);
            return;
        }
        int element = variable.Type.Bytes();
        bool hasRows = vector.Elements.Any(inner => inner is PtxVector);
        long step = !hasRows ? element : level < variable.Dimensions.Count
            ? variable.Dimensions.Skip(level + 1).Aggregate((long)element * variable.VectorWidth, (size, dimension) => size * dimension)
            : element;
        for (int n = 0; n < vector.Elements.Count; n++)
        {
            if ((n + 1) * step > bytes.Length)
                throw new PtxException(variable.Line, $"'{variable.Name}' has {variable.Bytes} bytes, its values have more");
            Write(function, variable, vector.Elements[n], bytes.Slice((int)(n * step), (int)step), level + 1);
        }
    }

    void WriteElement(string function, PtxVariable variable, PtxOperand value, Span<byte> bytes)
    {
        ulong bits = value switch
        {
            PtxInteger integer => (ulong)integer.Value,
            PtxFloat32 number => number.Bits,
            PtxFloat64 number when variable.Type == PtxType.F32 => BitConverter.SingleToUInt32Bits((float)number.Value),
            PtxFloat64 number => number.Bits,
            PtxSymbol symbol => Part(Address(function, variable, symbol) + (ulong)symbol.Offset, symbol.Mask),
            _ => throw Fault(variable, value),
        };
        int size = variable.Type.Bytes();
        if (size > bytes.Length)
            throw new PtxException(variable.Line, $"'{variable.Name}' has {variable.Bytes} bytes, its values have more");
        Span<byte> whole = stackalloc byte[16];
        whole.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(whole, bits);
        whole[..size].CopyTo(bytes);
    }

    ulong Address(string function, PtxVariable variable, PtxSymbol symbol) =>
        (_allocations.GetValueOrDefault((function, symbol.Name)) ?? Find(symbol.Name))?.Address ?? _functionAddress(symbol.Name)
            ?? throw Fault(variable, symbol);

    static ulong Part(ulong address, ulong mask) =>
        mask == 0 ? address : (address & mask) >> System.Numerics.BitOperations.TrailingZeroCount(mask);

    static PtxException Fault(PtxVariable variable, PtxOperand value) =>
        new(variable.Line, $"'{value}' cannot be a value of '{variable.Name}'");
}
