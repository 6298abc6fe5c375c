// The profiler's rows on the operations' pages: kernels/<operation>/README.md.
using System.Globalization;
using System.Text;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class PtxPages
{
    const string PageName = "README.md", Start = "<!-- profile: ", StartEnd = " -->\n", End = "<!-- end of profile -->";

    static readonly string[] Columns =
        ["kernel", "sizes", "grid", "busy", "sectors", "moved / least", "FLOP/byte", "occupancy", "bound", "bound µs"];

    /// <summary>The pages in a folder's subfolders, each with the rows of the operations that its mark names.</summary>
    /// <exception cref="HseNetException">A mark is not understood, or an operation has no page.</exception>
    public static IEnumerable<(string Path, string Text)> Update(string folder, IReadOnlyCollection<RungProfile> rows,
        PredictedTimes times)
    {
        HashSet<string> missing = [.. KernelCatalog.GpuRungs.Select(rung => rung.Operation)];
        List<(string, string)> pages = [];
        foreach (string directory in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(directory, PageName);
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
            RungProfile[] own = [.. rows.Where(row => operations.Contains(row.Rung.Operation))];
            pages.Add((path, text[..(table + StartEnd.Length)] + PtxTable.Rows(own, Columns) + Predicted(own, times) + text[end..]));
        }
        return missing.Count == 0 ? pages
            : throw new HseNetException($"{folder}: no page shows the profile of {string.Join(", ", missing)}");
    }

    // How long each launch would take, with the bound beside it.
    static string Predicted(IReadOnlyList<RungProfile> rows, PredictedTimes times)
    {
        if (!rows.Any(row => times.Known(row).Any(time => time != null)))
            return "";
        string exact = Band(PtxTiming.Error(false)), rough = Band(PtxTiming.Error(true));
        StringBuilder text = new();
        text.Append($"""

            **Predicted** times, not measured: from [machine code](../../bench/results/machine.md) of sm_90 (~: estimated from PTX alone), by a
            [model](../../src/HSENet.Ptx/README.md#how-long-a-kernel-takes) that misses published measurements by {exact} (~: {rough}).
            A launch follows the same launch, and its bound is of machine code (above: of PTX) and without what the second-level cache keeps.
            ≥: the model comes out below the bound, which is surely too little, so the bound stands in its place.

            | kernel | sizes | {string.Join(" | ", PredictedTimes.Gpus.Select(gpu => $"{gpu.Name}: predicted µs | bound µs | limited by"))} |
            |---|---|{string.Concat(PredictedTimes.Gpus.Select(_ => "--:|--:|---|"))}

            """.ReplaceLineEndings("\n"));
        foreach (RungProfile row in rows)
            text.Append(CultureInfo.InvariantCulture,
                $"| `{row.Rung.EntryName}` | {row.Sizes.Replace(",", ", ", StringComparison.Ordinal)} | "
                + $"{string.Join(" | ", PredictedTimes.Gpus.Zip(times.Known(row), (gpu, time) => Cells(row, gpu, time)))} |\n");
        return text.ToString();
    }

    static string Cells(RungProfile row, GpuModel gpu, PredictedTime? time)
    {
        if (time?.Microseconds is not { } microseconds)
            return $"– | – | {time?.Limit ?? "not predicted yet"}";
        KernelProfile profile = row.On(gpu);
        KernelBound bound = profile.MachineBound ?? profile.Bound;
        string least = ProfileText.Format(bound.WarmMicroseconds);
        return microseconds < bound.WarmMicroseconds ? $"≥ {least} | {least} | {bound.FullName}"
            : $"{(time.FromPtx ? "~" : "")}{ProfileText.Format(microseconds)} | {least} | {time.Limit}";
    }

    /// <summary>An error of the model of time in words.</summary>
    public static string Band((double Mean, double Largest) error) =>
        $"{ProfileText.Format(100 * error.Mean)} % on average and {ProfileText.Format(100 * error.Largest)} % at most";
}
