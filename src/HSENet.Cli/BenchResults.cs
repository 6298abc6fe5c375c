// What a measurement is: a named time with its work and its share of what the device allows; a file of them with the machine's facts.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using HSENet.Bench;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>One timed thing.</summary>
/// <param name="Name">What it is: the same name is compared between files.</param>
/// <param name="Median">Seconds.</param>
/// <param name="Lower">A quarter of the rounds was faster.</param>
/// <param name="Upper">Three quarters of the rounds were faster.</param>
/// <param name="Rounds">How many rounds were timed.</param>
/// <param name="Gflops">Operations a second, where it is about arithmetic.</param>
/// <param name="Gbps">Bytes a second that must be moved.</param>
/// <param name="Share">Of what the peaks of the same run allow for these operations and bytes; above 1 when caches hold the data.</param>
sealed record BenchResult(string Name, double Median, double Lower, double Upper, int Rounds, double? Gflops = null, double? Gbps = null, double? Share = null)
{
    /// <summary>A result of operations and bytes, either of which may be unknown.</summary>
    public static BenchResult Of(string name, Timing time, double? operations, double? bytes, BenchPeak? peak) =>
        new(name, time.Median, time.Lower, time.Upper, time.Rounds, operations / time.Median / 1e9, bytes / time.Median / 1e9,
            peak is null || operations is null && bytes is null ? null : Math.Max((operations ?? 0) / (1e9 * peak.Gflops), (bytes ?? 0) / (1e9 * peak.Gbps)) / time.Median);
}

/// <summary>The rates of a large product and of a sweep through memory, in the rounds of the results.</summary>
sealed record BenchPeak(double Gflops, double Gbps);

/// <summary>Results with where, when and with what they were measured.</summary>
sealed record BenchFile
{
    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public required string Command { get; init; }
    public required string Device { get; init; }
    public required string Cpu { get; init; }
    public required int Processors { get; init; }
    public required string Flags { get; init; }
    public required string System { get; init; }
    public required string Runtime { get; init; }
    public required string Version { get; init; }
    public required string Commit { get; init; }
    public required string Date { get; init; }

    /// <summary>Load average before the first and after the last measurement.</summary>
    public required string LoadBefore { get; init; }

    public string LoadAfter { get; init; } = "";

    public BenchPeak? Peak { get; init; }

    /// <summary>What else was seen: bytes, seconds.</summary>
    public IReadOnlyDictionary<string, double>? Facts { get; init; }

    public IReadOnlyList<BenchResult> Results { get; init; } = [];

    /// <summary>The facts, before anything is measured.</summary>
    public static BenchFile Begin(string command, Device device) => new()
    {
        Command = command,
        Device = device.Name,
        Cpu = Machine.Cpu,
        Processors = Environment.ProcessorCount,
        Flags = Machine.Flags,
        System = Machine.System,
        Runtime = Machine.Runtime,
        Version = typeof(BenchFile).Assembly.GetName().Version?.ToString(3) ?? "",
        Commit = Machine.Commit,
        Date = Machine.Now,
        LoadBefore = Machine.Load,
    };

    public BenchFile End(BenchPeak? peak, IReadOnlyList<BenchResult> results) => this with { Peak = peak, Results = results, LoadAfter = Machine.Load };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a file that <c>hsenet bench --json</c> or <c>--save</c> wrote.</summary>
    public static BenchFile Read(string path)
    {
        const string Expected = "the JSON that 'hsenet bench --json' prints";
        try
        {
            var file = JsonSerializer.Deserialize<BenchFile>(File.ReadAllText(path), Json);
            return file is { Results.Count: > 0 } ? file : throw new HseNetFileException(path, "holds no results", Expected);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(path, "cannot be read", Expected, e);
        }
        catch (JsonException e)
        {
            throw new HseNetFileException(path, $"is no file of results ({e.Message.Split(" Path:")[0]})", Expected, e);
        }
    }

    /// <summary>Writes <c>bench/results/MACHINE/NAME.json</c> of the repository that the program was built in.</summary>
    /// <returns>Where it is.</returns>
    public string Save(string name, Device device)
    {
        if (Machine.Repository is null)
            throw new HseNetException("--save: this program was not built in the repository; use --json and a file of your own");
        string file = Path.Combine(Machine.Results(device.Kind == DeviceKind.Cuda ? Machine.FolderName(device.Name[(device.Name.IndexOf('(') + 1)..]) : null), name + ".json");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        PtxRungs.Write(file, ToJson() + "\n");
        return file;
    }

    /// <summary>A table for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        var culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"{Device}, {Cpu}, {Processors} processors, load {LoadBefore} to {LoadAfter}, {Commit}\n");
        if (Peak is not null)
            text.Append(culture, $"peaks of this run: product {Peak.Gflops:F1} GFLOP/s, memory {Peak.Gbps:F1} GB/s\n");
        foreach (var (name, value) in Facts ?? new Dictionary<string, double>())
            text.Append(culture, $"{name} {(name.EndsWith("bytes", StringComparison.Ordinal) ? $"{value:N0}" : $"{value:G4}")}\n");
        int width = Results.Max(result => result.Name.Length);
        foreach (var result in Results)
        {
            text.Append(culture, $"{result.Name.PadRight(width)}  {Time(result.Median),10}  ({Time(result.Lower)} to {Time(result.Upper)})");
            if (result.Gflops is { } gflops)
                text.Append(culture, $"  {gflops:F1} GFLOP/s");
            if (result.Gbps is { } gbps)
                text.Append(culture, $"  {gbps:F1} GB/s");
            if (result.Share is { } share)
                text.Append(culture, $"  {100 * share:F0} %");
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Seconds in the unit that fits.</summary>
    public static string Time(double seconds) => seconds switch
    {
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F2} s"),
        >= 1e-3 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:F2} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:F2} µs"),
    };
}
