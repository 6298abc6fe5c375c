// Predicted times of every rung at the model's shapes, as they are committed: bench/results/predicted.tsv. A row whose kernel, GPU or model
// has changed since does not count: "ptx profile --all --predict" predicts it anew.
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

/// <summary>A row: how long a kernel would take at some sizes on a GPU.</summary>
/// <param name="Key">Hash of all that the prediction depends on.</param>
/// <param name="Kernel">Name of the entry.</param>
/// <param name="Sizes">As in the profiler's table.</param>
/// <param name="Gpu">Short name.</param>
/// <param name="Microseconds">The time, predicted; null where the kernel does not run on the GPU or cannot be predicted.</param>
/// <param name="Limit">What it is spent on; the reason where there is no time.</param>
/// <param name="FromPtx">Whether it is an estimate from PTX alone.</param>
sealed record PredictedTime(string Key, string Kernel, string Sizes, string Gpu, double? Microseconds, string Limit, bool FromPtx);

sealed class PredictedTimes
{
    public const string FileName = "predicted.tsv";
    const string Head = "key\tkernel\tsizes\tgpu\tpredicted µs\tlimited by\tfrom";

    /// <summary>The GPUs that pages show.</summary>
    public static readonly IReadOnlyList<GpuModel> Gpus = [GpuModel.Find("h200")!, GpuModel.Find("rtx4090")!];

    static readonly Lazy<string> Model = new(() => Text(typeof(GpuModel), "gpus.json") + PtxTiming.Version);

    readonly ConcurrentDictionary<string, PredictedTime> _known;
    readonly ConcurrentDictionary<(string, string, string), PredictedTime> _used = [];

    PredictedTimes(IEnumerable<PredictedTime> rows) => _known = new(rows.Select(row => KeyValuePair.Create(row.Key, row)));

    /// <summary>Rows that were built into this program.</summary>
    public static PredictedTimes Committed() => Parse(Text(typeof(PredictedTimes), FileName));

    /// <summary>Nothing but the head.</summary>
    public static PredictedTimes None() => new([]);

    /// <summary>Reads a table.</summary>
    public static PredictedTimes Parse(string text) => new(text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line != Head && !line.StartsWith('#'))
        .Select(line => line.Split('\t')).Select(cells => new PredictedTime(cells[0], cells[1], cells[2], cells[3],
            cells[4].Length == 0 ? null : double.Parse(cells[4], CultureInfo.InvariantCulture), cells[5], cells[6] == "PTX")));

    /// <summary>All known rows.</summary>
    public IEnumerable<PredictedTime> Rows => _known.Values;

    /// <summary>The known times of a profiled launch on each of <see cref="Gpus"/>; null where one is not known.</summary>
    public IReadOnlyList<PredictedTime?> Known(RungProfile row) => [.. Gpus.Select(gpu => _known.GetValueOrDefault(Key(row, gpu)))];

    /// <summary>Predicts what is not known of a profiled launch.</summary>
    public void Predict(RungProfile row)
    {
        GpuModel[] missing = [.. Gpus.Where(gpu => !_known.ContainsKey(Key(row, gpu)))];
        GpuModel[] running = [.. missing.Where(gpu => row.Rung.RunsOn(gpu.Architecture))];
        foreach (GpuModel gpu in missing.Except(running))
            Keep(Row(row, gpu, null, $"needs {row.Rung.Architecture}", false));
        foreach (PredictedTime time in running.Length == 0 ? [] : Times(row, running))
            Keep(time);
        foreach (GpuModel gpu in Gpus)
            _used[(row.Rung.EntryName, row.Sizes, gpu.Key)] = _known[Key(row, gpu)];

        void Keep(PredictedTime time) => _known[time.Key] = time;
    }

    /// <summary>The file's text with the launches that were predicted, lines ended by \n.</summary>
    public string Write()
    {
        StringBuilder text = new($"""
            # Predicted, not measured. What was measured elsewhere is missed by {PtxPages.Band(PtxTiming.Error(false))}, from PTX alone by
            # {PtxPages.Band(PtxTiming.Error(true))}: timing.md.
            {Head}

            """.ReplaceLineEndings("\n"));
        foreach (PredictedTime row in _used.OrderBy(pair => pair.Key.Item1, StringComparer.Ordinal)
            .ThenBy(pair => pair.Key.Item2, StringComparer.Ordinal).ThenBy(pair => pair.Key.Item3, StringComparer.Ordinal)
            .Select(pair => pair.Value))
            text.Append(CultureInfo.InvariantCulture,
                $"{row.Key}\t{row.Kernel}\t{row.Sizes}\t{row.Gpu}\t{row.Microseconds}\t{row.Limit}\t{(row.FromPtx ? "PTX" : "machine code")}\n");
        return text.ToString();
    }

    static IEnumerable<PredictedTime> Times(RungProfile row, GpuModel[] gpus)
    {
        try
        {
            return [.. gpus.Zip(PtxPredict.Carried(row.Rung, gpus, row.Asked), (gpu, p) => Row(row, gpu,
                double.Parse(p.Microseconds.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), p.Limit,
                    p.FromPtx))];
        }
        catch (EmulatorException) when (gpus.Length > 1)
        {
            return [.. gpus.SelectMany(gpu => Times(row, [gpu]))];
        }
        catch (EmulatorException e)
        {
            return [.. gpus.Select(gpu => Row(row, gpu, null, e.Message.ReplaceLineEndings(" ").Replace('\t', ' '), false))];
        }
    }

    static PredictedTime Row(RungProfile row, GpuModel gpu, double? time, string limit, bool fromPtx) =>
        new(Key(row, gpu), row.Rung.EntryName, row.Sizes, gpu.Key, time, limit, fromPtx);

    static string Key(RungProfile row, GpuModel gpu)
    {
        string ptx = KernelTexts.Get(row.Rung);
        bool listed = PtxListings.IsCarried(ptx, row.Rung.EntryName);
        string all = $"{MachineListing.Key(ptx, row.Rung.EntryName)}\n{row.Sizes}\n{gpu.Key}\n{listed}\n{Model.Value}";
        return Hash(all);
    }

    /// <summary>Enough of a text's SHA-256 to tell that it changed.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    static string Text(Type of, string name)
    {
        using StreamReader reader = new(of.Assembly.GetManifestResourceStream(name)
            ?? throw new HseNetException($"the program carries no {name}"));
        return reader.ReadToEnd();
    }
}
