// Results of "bench host": what stands in its JSON, and the page that holds nothing that the JSON does not.
using System.Runtime.Intrinsics;
using HSENet.Cli;

namespace HSENet.Bench;

sealed class HostReport(Measured measured, int vectorBits, IReadOnlyList<string> peers)
{
    /// <summary>What the machine's vectors have at most.</summary>
    public static int WidestBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    public Measured Measured { get; } = measured;

    public int VectorBits { get; } = vectorBits;

    public IReadOnlyList<string> Peers { get; } = peers;

    public List<Result> Results { get; } = [];

    /// <summary>Keeps a result and prints it.</summary>
    public void Add(Result result)
    {
        Results.Add(result);
        Console.WriteLine($"{result.Name}: {Verdict(result)}");
        foreach (var line in result.Lines)
            Console.WriteLine($"    {line.Name,-40} {Times(result, line)}");
    }

    public Page ToPage()
    {
        var page = new Page($"Host rungs on {Measured.Cpu}");
        page.Paragraph($"""
            All contenders of a line took turns in one process, on the same number of threads; median over the rounds, quartiles in
            brackets. A ratio is the median over the rounds of both speeds in the same round.
            """);
        page.Facts(Measured, ("vectors", $"{VectorBits} bits"), ("peers", string.Join("; ", Peers)));
        page.Table(["measurement", "result", "times"], Results.Select(result =>
            (string[])[result.Name, Verdict(result),
                string.Join("<br>", result.Lines.Select(line => $"{line.Name} {Times(result, line)}"))]));
        return page;
    }

    static bool Reached(Result result) =>
        result.Figure == "µs" ? result.Value.Median <= result.Target : result.Value.Median >= result.Target;

    static string Verdict(Result result) =>
        Page.Text($"{result.Value.Median:0.00} ({result.Value.Lower:0.00} to {result.Value.Upper:0.00}) {result.Figure}, target ")
        + Page.Text($"{result.Target:0.##}: {(Reached(result) ? "reached" : "missed")}");

    static string Times(Result result, Line line)
    {
        string rate = result.Work == 0 ? ""
            : Page.Text($", {result.Work / line.Seconds.Median:0.0} {(result.Unit == "GB" ? "GB/s" : "GFLOP/s")}");
        return Page.Spread(line.Seconds.Median, line.Seconds.Lower, line.Seconds.Upper) + rate;
    }
}
