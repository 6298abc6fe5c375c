// Where, when and with what something was measured: the head of every file of results.
using System.Collections;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;

namespace HSENet.Cli;

/// <summary>What a figure's reader needs to measure it again, and to know what else the machine did.</summary>
sealed record Measured
{
    // Others' share of the processors above which times say little.
    const double Disturbing = 0.05;

    // Variables of the environment that decide which code runs; .NET's begin so.
    static readonly string[] Settings =
        ["HSENET_FORCE_KERNEL", "HSENET_HOST_VECTORS", "DOTNET_Enable", "DOTNET_Tiered", "DOTNET_TC", "DOTNET_GC", "DOTNET_gc",
        "DOTNET_PROCESSOR_COUNT"];

    readonly ProcessorTime? _start = ProcessorTime.Now;

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

    public string LoadAfter { get; set; } = "";

    /// <summary>The share of the machine's processor time that other processes took meanwhile; null where the system does not
    /// tell.</summary>
    public double? Others { get; set; }

    /// <summary>Whether others took enough to disturb times.</summary>
    [JsonIgnore]
    public bool Disturbed => Others > Disturbing;

    /// <summary>The facts, before anything is measured.</summary>
    public static Measured Begin(string command, string device) => new()
    {
        Command = command,
        Device = device,
        Cpu = Machine.Cpu,
        Processors = Environment.ProcessorCount,
        Flags = Machine.Flags,
        System = Machine.System,
        Runtime = Machine.Runtime,
        Version = typeof(Measured).Assembly.GetName().Version?.ToString(3) ?? "",
        Commit = Machine.Commit,
        Date = Machine.Now,
        LoadBefore = Machine.Load,
    };

    /// <summary>Notes what else went on, after the last measurement.</summary>
    public void End()
    {
        LoadAfter = Machine.Load;
        Others = _start is { } start && ProcessorTime.Now is { } now ? Math.Round(now.OthersSince(start), 3) : null;
    }

    /// <summary>
    /// A command line that measures the same: the environment's settings first, as a shell takes them. Of a folder it has the name, which
    /// says what was measured; its place on one machine says nothing to those who read results elsewhere.
    /// </summary>
    public static string CommandLine(string program, ParseResult parsed, params string[] without)
    {
        var settings = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => (Name: (string)entry.Key, Value: (string?)entry.Value))
            .Where(setting => Settings.Any(name => setting.Name.StartsWith(name, StringComparison.Ordinal)))
                .OrderBy(setting => setting.Name, StringComparer.Ordinal);
        var tokens = parsed.Tokens.Select(token => token.Value).Where(token => !without.Contains(token))
            .Select(token => Path.IsPathRooted(token) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(token)) : token);
        return string.Join(' ', [.. settings.Select(setting => $"{setting.Name}={Quoted(setting.Value ?? "")}"), program,
            .. tokens.Select(Quoted)]);
    }

    /// <summary>What others took, in words: "3 %".</summary>
    public string OthersText() => Others is not { } others ? "unknown"
        : string.Create(CultureInfo.InvariantCulture, $"{others:P1}")
        + (Disturbed ? ": they were using the machine, times say little" : "");

    static string Quoted(string token) => token.Length == 0 || token.Contains(' ') ? $"\"{token}\"" : token;
}

/// <summary>Seconds that the machine's processors were busy, and what this process and the children it waited for had of them.</summary>
readonly record struct ProcessorTime(double Busy, double Own, int Processors, DateTime At)
{
    const double TicksPerSecond = 100; // what Linux tells them in, whatever its clock

    /// <summary>The times so far; null where the system does not tell.</summary>
    public static ProcessorTime? Now
    {
        get
        {
            const string All = "/proc/stat", Mine = "/proc/self/stat";
            if (!File.Exists(All) || !File.Exists(Mine))
                return null;
            string[] lines = [.. File.ReadLines(All).TakeWhile(line => line.StartsWith("cpu", StringComparison.Ordinal))];
            double[] all = Numbers(lines[0]["cpu".Length..]);
            // user, nice, system; interrupts; what other guests of the host took
            double busy = all[0] + all[1] + all[2] + all[5] + all[6] + all[7];
            string mine = File.ReadAllText(Mine);
            double own = Numbers(mine[(mine.LastIndexOf(')') + ") S".Length)..]).Skip(10).Take(4).Sum();
            return new ProcessorTime(busy / TicksPerSecond, own / TicksPerSecond, lines.Length - 1, DateTime.UtcNow);
        }
    }

    /// <summary>Others' share of all processors since then.</summary>
    public double OthersSince(ProcessorTime start)
    {
        double seconds = (At - start.At).TotalSeconds * Processors;
        return seconds > 0 ? Math.Clamp((Busy - start.Busy - (Own - start.Own)) / seconds, 0, 1) : 0;
    }

    static double[] Numbers(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
}
