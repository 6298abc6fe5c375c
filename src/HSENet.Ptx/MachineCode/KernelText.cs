// What a kernel's PTX says, whatever stands beside it and however it is laid out and numbered: by this machine code is kept and found.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

/// <summary>An entry with the functions and variables that it refers to.</summary>
sealed partial class KernelText
{
    // Keys, listings and rows of tables are asked for again and again: a text is read once for each of its kernels while it is in memory.
    static readonly ConditionalWeakTable<string, ConcurrentDictionary<string, KernelText>> Known = [];

    KernelText(string ptx, string kernel)
    {
        PtxModule module = PtxModule.Parse(ptx);
        PtxFunction entry = module.Functions.FirstOrDefault(function => function.IsEntry && function.Name == kernel)
            ?? throw new PtxException(0, $"there is no kernel '{kernel}'");
        PtxStatement[] needed = [.. Needed(module, entry)];
        Lines = [.. needed.OfType<PtxFunction>().Where(function => function.Body != null)
            .SelectMany(function => PtxRewrite.InstructionsOf(function.Body!)).Select(instruction => instruction.Line)];
        string text = Renumbered(string.Join('\n', needed.Select(item => Text(item, ptx))), entry);
        Key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));
    }

    /// <exception cref="PtxException">The text is no PTX or has no such entry.</exception>
    public static KernelText Of(string ptx, string kernel)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        return Known.GetOrCreateValue(ptx).GetOrAdd(kernel, name => new KernelText(ptx, name));
    }

    /// <summary>The line of each instruction, in an order that does not depend on the layout.</summary>
    public IReadOnlyList<int> Lines { get; }

    /// <summary>Hash of the canonical text; marks of a compiler's source do not count.</summary>
    public string Key { get; }

    static IEnumerable<PtxStatement> Needed(PtxModule module, PtxFunction entry)
    {
        ILookup<string, PtxStatement> items = module.Items.Where(item => item is PtxVariable or PtxFunction)
            .ToLookup(item => item is PtxVariable variable ? variable.Name : ((PtxFunction)item).Name);
        HashSet<string> seen = [entry.Name];
        Queue<string> open = new(seen);
        while (open.TryDequeue(out string? name))
            foreach (PtxStatement item in items[name])
            {
                yield return item;
                IEnumerable<string> used = item switch
                {
                    PtxFunction { Body: not null } function => PtxRewrite.InstructionsOf(function.Body).SelectMany(SymbolUse.Of),
                    PtxVariable { Initialiser: not null } variable => SymbolUse.Of(variable.Initialiser),
                    _ => [],
                };
                foreach (string other in used.Where(seen.Add))
                    open.Enqueue(other);
            }
    }

    // A body that cannot be read has no other text than its own.
    static string Text(PtxStatement item, string ptx)
    {
        if (item is not PtxFunction { Refusal: not null })
            return string.Join('\n', item.ToString().Split('\n').Where(line => !SourceMark().IsMatch(line)));
        StringBuilder text = new();
        int depth = 0;
        foreach (string line in ptx.Split('\n').Skip(item.Line - 1).Select(line => line.Trim()))
        {
            text.Append(line).Append('\n');
            depth += line.Count(c => c == '{') - line.Count(c => c == '}');
            if (depth == 0 && line.Contains('}', StringComparison.Ordinal))
                break;
        }
        return text.ToString();
    }

    // Compilers number labels and parameters through all kernels of a run: a new kernel would change the text of those behind it.
    static string Renumbered(string text, PtxFunction entry)
    {
        Dictionary<string, string> names = [];
        foreach (PtxVariable parameter in entry.Parameters)
            names.TryAdd(parameter.Name, $"parameter{names.Count}");
        foreach (Match label in Label().Matches(text))
            names.TryAdd(label.Groups[1].Value, $"label{names.Count}");
        return Name().Replace(text, name => names.GetValueOrDefault(name.Value, name.Value));
    }

    [GeneratedRegex(@"^\s*\.(loc|file)\s")]
    private static partial Regex SourceMark();

    [GeneratedRegex(@"^\s*([\w$]+):", RegexOptions.Multiline)]
    private static partial Regex Label();

    [GeneratedRegex(@"[\w$%]+")]
    private static partial Regex Name();
}
