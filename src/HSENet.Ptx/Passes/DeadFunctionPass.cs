// Removes functions that no entry reaches: ILGPU leaves the bodies of what it inlined.
namespace HSENet.Ptx;

/// <summary>Keeps entries and what they call, directly or not.</summary>
public static class DeadFunctionPass
{
    /// <summary>The module without functions and prototypes that are never called.</summary>
    public static PtxModule Apply(PtxModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        HashSet<string> alive = [.. module.Functions.Where(function => function.IsEntry).Select(function => function.Name)];
        Queue<string> open = new(alive);
        ILookup<string, PtxFunction> bodies = module.Functions.Where(function => function.Body != null).ToLookup(function => function.Name);
        while (open.TryDequeue(out string? name))
            foreach (PtxFunction function in bodies[name])
                foreach (string symbol in PtxRewrite.InstructionsOf(function.Body!).SelectMany(SymbolUse.Of))
                    if (alive.Add(symbol))
                        open.Enqueue(symbol);
        return PtxRewrite.Functions(module, function => alive.Contains(function.Name) ? function : null);
    }
}
