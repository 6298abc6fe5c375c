// Renames the entry: ILGPU puts Kernel_ in front of a kernel's name.
namespace HSENet.Ptx;

/// <summary>Names the entry as a profiler should show it.</summary>
public static class EntryNamePass
{
    /// <summary>The module whose only entry has the name given.</summary>
    /// <exception cref="PtxException">The module has no entry or several, or something else has the name.</exception>
    public static PtxModule Apply(PtxModule module, string name)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!char.IsAsciiLetter(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw new ArgumentException($"entry name '{name}' is not made of letters, digits and '_'", nameof(name));
        string[] entries = [.. module.Entries.Select(entry => entry.Name)];
        if (entries.Length != 1)
            throw new PtxException(0, $"one entry was expected, found {entries.Length}: {string.Join(", ", entries)}");
        if (module.Functions.Any(function => !function.IsEntry && function.Name == name)
            || module.Variables.Any(variable => variable.Name == name))
            throw new PtxException(0, $"the entry cannot be named '{name}': a function or variable has that name");
        return PtxRewrite.Functions(module, function => function.IsEntry ? function with { Name = name } : function);
    }
}
