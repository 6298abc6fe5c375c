// The profiler's rows on the operations' pages: kernels/<operation>/README.md.
using HSENet.Kernels;

namespace HSENet.Cli;

static class PtxPages
{
    const string Name = "README.md", Start = "<!-- profile: ", StartEnd = " -->\n", End = "<!-- end of profile -->";

    static readonly string[] Columns =
        ["kernel", "sizes", "grid", "busy", "sectors", "moved / least", "FLOP/byte", "occupancy", "bound", "bound µs"];

    /// <summary>The pages in a folder's subfolders, each with the rows of the operations that its mark names.</summary>
    /// <exception cref="HseNetException">A mark is not understood, or an operation has no page.</exception>
    public static IEnumerable<(string Path, string Text)> Update(string folder, IReadOnlyCollection<RungProfile> rows)
    {
        HashSet<string> missing = [.. KernelCatalog.GpuRungs.Select(rung => rung.Operation)];
        List<(string, string)> pages = [];
        foreach (string directory in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(directory, Name);
            string text = File.Exists(path) ? File.ReadAllText(path) : "";
            int start = text.IndexOf(Start, StringComparison.Ordinal);
            if (start < 0)
                continue;
            int names = start + Start.Length, table = text.IndexOf(StartEnd, names, StringComparison.Ordinal),
                end = text.IndexOf(End, names, StringComparison.Ordinal);
            if (table < 0 || end < table)
                throw new HseNetException($"{path}: expected '{Start}Operation, … -->' at a line's end, and '{End}' behind it");
            string[] operations = text[names..table].Split(", ");
            if (Array.Find(operations, operation => !missing.Remove(operation)) is { } unknown)
                throw new HseNetException($"{path}: {unknown} is no operation with GPU kernels, or stands on another page");
            pages.Add((path, text[..(table + StartEnd.Length)]
                + PtxTable.Rows(rows.Where(row => operations.Contains(row.Rung.Operation)), Columns) + text[end..]));
        }
        return missing.Count == 0 ? pages
            : throw new HseNetException($"{folder}: no page shows the profile of {string.Join(", ", missing)}");
    }
}
