// Where a kernel's parameters and variables lie.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    // As on hardware, but for the parameters of all calls together, which have a place each.
    const int MostLocalBytes = 512 * 1024, MostParameterBytes = 32764, MostCallBytes = 256 * 1024;

    // Shared and local arrays of all routines lie side by side: there is no recursion.
    void LayOutMemory()
    {
        foreach (PtxVariable parameter in _entry.Parameters)
        {
            int alignment = Math.Max(1, parameter.Alignment);
            _kernel.ParameterBytes = (_kernel.ParameterBytes + alignment - 1) / alignment * alignment;
            _kernelParameters[parameter.Name] = _kernel.ParameterBytes;
            _kernel.Parameters.AddAt(_kernel.ParameterBytes, parameter.Name, (int)parameter.Bytes, alignment);
            _kernel.ParameterBytes = Bounded(_kernel.ParameterBytes + parameter.Bytes, parameter, MostParameterBytes);
        }
        List<(string Scope, PtxVariable Variable)> variables = [.. _module.Program.Variables
            .Where(variable => variable.Space == PtxSpace.Shared).Select(variable => ("", variable))];
        foreach (Routine routine in _routines.Values)
        {
            variables.AddRange(routine.Graph.Code.Variables.Select(variable => (routine.Name, variable)));
            foreach (PtxVariable parameter in routine.Function.IsEntry ? [] : routine.Function.Parameters.Concat(routine.Function.Results))
                variables.Add((routine.Name, parameter));
        }
        foreach ((string scope, PtxVariable variable) in variables.Where(item => !IsDynamic(item.Variable)))
            Place(scope, variable);
        _kernel.DeclaredSharedBytes = _kernel.SharedArrays.Sum(array => array.Bytes);
        int dynamicAlignment = variables.Where(item => IsDynamic(item.Variable)).Max(item => (int?)item.Variable.Alignment) ?? 16;
        ulong dynamic = (ulong)_kernel.SharedArrays.AddDynamic(
            variables.FirstOrDefault(item => IsDynamic(item.Variable)).Variable?.Name ?? "dynamic shared memory", dynamicAlignment);
        foreach ((string scope, PtxVariable variable) in variables.Where(item => IsDynamic(item.Variable)))
            _variables[(scope, variable.Name)] = dynamic;
    }

    static bool IsDynamic(PtxVariable variable) => variable is { Space: PtxSpace.Shared, Linkage: "extern" }
        || variable is { Space: PtxSpace.Shared, Bytes: 0 };

    void Place(string scope, PtxVariable variable)
    {
        switch (variable.Space)
        {
            case PtxSpace.Shared:
                Bounded(_kernel.SharedArrays.Bytes + variable.Bytes, variable, Emulator.MaxSharedBytes);
                _variables[(scope, variable.Name)] =
                    (ulong)_kernel.SharedArrays.Add(variable.Name, (int)variable.Bytes, Math.Max(1, variable.Alignment));
                break;
            case PtxSpace.Local:
                Bounded(_kernel.LocalArrays.Bytes + variable.Bytes, variable, MostLocalBytes);
                _variables[(scope, variable.Name)] =
                    (ulong)_kernel.LocalArrays.Add(variable.Name, (int)variable.Bytes, Math.Max(1, variable.Alignment));
                break;
            case PtxSpace.Param:
                int offset = (_kernel.CallParameterBytes + 7) / 8 * 8;
                _callParameters[(scope, variable.Name)] = (offset, (int)variable.Bytes);
                _kernel.CallParameterBytes = Bounded(offset + variable.Bytes, variable, MostCallBytes);
                break;
            case PtxSpace.Global or PtxSpace.Const:
                _variables[(scope, variable.Name)] = _module.AddressOf(scope, variable);
                break;
        }
    }

    static int Bounded(long bytes, PtxVariable variable, int most) => bytes >= 0 && bytes <= most
        ? (int)bytes : throw new PtxException(variable.Line,
            $"with '{variable.Name}' there are {bytes} bytes of .{variable.Space.Word()}, {most} are possible");
}
