// What a measurement is: a named time with its work and its share of what the device allows; a file of them with the machine's facts.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using System.Text.Json;
using System.Text;
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
sealed record BenchResult(string Name, double Median, double Lower, double Upper, int Rounds, double? Gflops = null, double? Gbps = null,
    double? Share = null)
{
    /// <summary>A result of operations and bytes, either of which may be unknown.</summary>
    public static BenchResult Of(string name, Timing time, double? operations, double? bytes, BenchPeak? peak) =>
        new(name, time.Median, time.Lower, time.Upper, time.Rounds, operations / time.Median / 1e9, bytes / time.Median / 1e9,
            peak is null || operations is null
                && bytes is null ? null : Math.Max((operations ?? 0) / (1e9 * peak.Gflops), (bytes ?? 0) / (1e9 * peak.Gbps))
                / time.Median);
}

/// <summary>The rates of a large product and of a sweep through memory, in the rounds of the results.</summary>
sealed record BenchPeak(double Gflops, double Gbps);

/// <summary>Results with where, when and with what they were measured.</summary>
sealed record BenchFile
{
    /// <summary>How all files of results are written and read.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public required Measured Measured { get; init; }

    public BenchPeak? Peak { get; init; }

    /// <summary>What else was seen: bytes, seconds.</summary>
    public IReadOnlyDictionary<string, double>? Facts { get; init; }

    public IReadOnlyList<BenchResult> Results { get; init; } = [];

    /// <summary>The results, once the last of them is measured.</summary>
    public static BenchFile Of(Measured measured, BenchPeak? peak, IReadOnlyList<BenchResult> results)
    {
        measured.End();
        return new BenchFile { Measured = measured, Peak = peak, Results = results };
    }

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

    /// <summary>A table for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        var culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"{Measured.Device}, {Measured.Cpu}, {Measured.Processors} processors, others took {Measured.OthersText()}, "
            + $"{Measured.Commit}\n");
        if (Peak is not null)
            text.Append(culture, $"peaks of this run: product {Peak.Gflops:F1} GFLOP/s, memory {Peak.Gbps:F1} GB/s\n");
        foreach (var (name, value) in Facts ?? new Dictionary<string, double>())
            text.Append(culture, $"{name} {(name.EndsWith("bytes", StringComparison.Ordinal) ? $"{value:N0}" : $"{value:G4}")}\n");
        int width = Results.Max(result => result.Name.Length);
        foreach (var result in Results)
        {
            text.Append(culture, $"{result.Name.PadRight(width)}  {Time(result.Median),10}  ({Time(result.Lower)} to "
                + $"{Time(result.Upper)})");
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
        >= 1e-6 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:F2} µs"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e9:F0} ns"),
    };
}
