// Results of "bench host" as JSON for machines and as a table for people; the table holds nothing that the JSON does not.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HSENet.Bench;

sealed class HostReport(MachineFacts machine)
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public MachineFacts Machine { get; } = machine;

    public List<Result> Results { get; } = [];

    public static bool Reached(Result result) => result.Figure == "µs" ? result.Value.Median <= result.Target : result.Value.Median >= result.Target;

    public static string Verdict(Result result) => Text($"{result.Value.Median:0.00} ({Math.Min(result.Value.Lower, result.Value.Upper):0.00} to {Math.Max(result.Value.Lower, result.Value.Upper):0.00}) {result.Figure}, target {result.Target:0.##}: {(Reached(result) ? "reached" : "missed")}");

    public static string Time(double seconds) => seconds switch
    {
        >= 1e-3 => Text($"{seconds * 1e3:0.00} ms"),
        >= 1e-6 => Text($"{seconds * 1e6:0.00} µs"),
        _ => Text($"{seconds * 1e9:0} ns"),
    };

    public static string Rate(Result result, Line line) => result.Work == 0 ? "" : Text($"{result.Work / line.Seconds.Median:0.0} {(result.Unit == "GB" ? "GB/s" : "GFLOP/s")}");

    /// <summary>Writes both files: to a temporary name, then in place.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        Replace(Path.Combine(folder, "host.json"), JsonSerializer.Serialize(this, Json) + "\n");
        Replace(Path.Combine(folder, "host.md"), Table());
        Console.WriteLine($"written: {Path.Combine(folder, "host.json")}, host.md");
    }

    string Table()
    {
        var text = new StringBuilder();
        text.Append(Text($"""
            # Host rungs on {Machine.Cpu}

            Written by `dotnet run -c Release --project bench/HSENet.Bench -- host`. All contenders of a line took turns in one process, on the same
            {Machine.Threads} threads; median over the rounds, quartiles in brackets. A ratio is the median over the rounds of both speeds in the same round.

            | | |
            |---|---|
            | processors | {Machine.Processors}, {Machine.Flags} |
            | vectors | {Machine.VectorBits} bits |
            | system | {Machine.System}, {Machine.Runtime} |
            | peers | {string.Join("; ", Machine.Peers)} |
            | commit, date | {Machine.Commit}, {Machine.Date} |
            | load average before and after | {Machine.LoadAtStart}, {Machine.LoadAtEnd} |

            | measurement | result | times |
            |---|---|---|

            """));
        foreach (var result in Results)
        {
            var lines = result.Lines.Select(line => Text($"{line.Name} {Time(line.Seconds.Median)} ({Time(line.Seconds.Lower)} to {Time(line.Seconds.Upper)}){(result.Work == 0 ? "" : ", " + Rate(result, line))}"));
            text.Append(Text($"| {result.Name} | {Verdict(result)} | {string.Join("<br>", lines)} |\n"));
        }
        return text.ToString();
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    internal static void Replace(string path, string text)
    {
        string temporary = path + ".new";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }
}
