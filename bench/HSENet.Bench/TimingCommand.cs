// bench timing: predicts the ladders that others measured.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HSENet.Cli;
using HSENet.Ptx;

namespace HSENet.Bench;

/// <summary>A predicted row, as timing-predictions.json keeps it.</summary>
sealed record LadderPrediction(string Row, double Cycles, double Microseconds, double TeraOperations, double WarpInstructions,
    double CyclesPerInstruction, double EligibleWarps, double IssueSlots, double LoadStore, double Tensor, double L2Hits,
        string FirstStall);

static class TimingCommand
{
    static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static Command Create()
    {
        var ladders = new Option<string>("--ladders") { Description = "Folder of the rows.", DefaultValueFactory = _ => "bench/ladders" };
        var only = new Option<string?>("--row") { Description = "Only the rows whose name begins with this." };
        var output = new Option<string?>("--out") { Description = "Also writes the predictions as JSON to this file." };
        var estimate = new Option<bool>("--estimate") { Description = "From PTX alone, as where no machine code is at hand." };
        var report = new Option<string?>("--report") { Description = "Also writes the page with errors to this file." };
        var verbose = Verb.Verbose();
        var command = new Command("timing", """
            Predicts the times of ladders that others measured, from their machine code. Nothing is measured here.

            Examples:
              timing --row "B mma"
              timing --report bench/results/timing.md
            """)
        { ladders, only, output, estimate, report, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(ladders);
            List<LadderPrediction> predictions = [], estimates = [];
            foreach (LadderRow row in LadderRow.Read(folder))
            {
                cancellation.ThrowIfCancellationRequested();
                if (parsed.GetValue(only) is { } prefix && !row.Row.StartsWith(prefix, StringComparison.Ordinal))
                    continue;
                Stopwatch watch = Stopwatch.StartNew();
                if (parsed.GetValue(report) != null && !row.UsesWmma)
                    estimates.Add(Of(row, row.Estimate(folder)));
                if (parsed.GetValue(estimate) && row.UsesWmma)
                    continue;
                LadderPrediction p = Of(row, parsed.GetValue(estimate) ? row.Estimate(folder) : row.Predict(folder));
                predictions.Add(p);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{p.Row,-20} {p.Cycles / 1e6,8:F2} M cycles {p.Microseconds,10:F0} µs {p.TeraOperations,8:F3} TFLOP/s  "
                    + $"{p.WarpInstructions / 1e9:F4}e9 instr, {p.CyclesPerInstruction:F2} apart, eligible {p.EligibleWarps:F2}, issue "
                    + $"{p.IssueSlots:F2}, unit {p.LoadStore:F2}, tensor {p.Tensor:F2}, L2 {p.L2Hits:F3}, {p.FirstStall} "
                    + $"({watch.Elapsed.TotalSeconds:F1} s)"));
            }
            if (parsed.GetValue(output) is { } path)
                File.WriteAllText(path, JsonSerializer.Serialize(predictions, Json) + "\n");
            if (parsed.GetValue(report) is { } page)
                WriteReport(folder, page, predictions, estimates);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static void WriteReport(string folder, string page, List<LadderPrediction> predictions, List<LadderPrediction> estimates)
    {
        string results = Path.GetDirectoryName(Path.GetFullPath(page))!;
        List<PublishedRow> published = LadderRow.Read<List<PublishedRow>>(Path.Combine(folder, "published.json"), "published figures");
        TextFile.Write(page, TimingReport.Write(LadderRow.Read(folder), published,
            LadderRow.Read<List<LadderPrediction>>(Path.Combine(results, "timing-blind.json"), "blind predictions"), predictions, estimates,
            LadderRow.Read<List<ModelChange>>(Path.Combine(folder, "changes.json"), "changes of the model"),
            LadderRow.Read<List<OpenError>>(Path.Combine(folder, "open.json"), "errors that stay open")));
        // What every prediction says of itself: HSENet.Ptx is built with it.
        TextFile.Write(Path.Combine(results, "timing-errors.json"), JsonSerializer.Serialize(new
        {
            machine_code = Band(predictions),
            ptx = Band(estimates),
        }, Json) + "\n");

        object Band(List<LadderPrediction> from)
        {
            double[] errors = [.. published.Where(row => !row.Fitted && from.Any(p => p.Row == row.Row))
                .Select(row => Math.Abs(TimingReport.Error(TimingReport.Of(from, row), row)))];
            return new { mean = Math.Round(errors.Average(), 3), largest = Math.Round(errors.Max(), 3) };
        }
    }

    // TFLOP/s as the published figures count them: 2·n³ operations.
    static LadderPrediction Of(LadderRow row, TimingPrediction p) => new(row.Row, Math.Round(p.Cycles), Math.Round(p.Microseconds, 1),
        Math.Round(2 * Math.Pow(row.Size, 3) / p.Microseconds / 1e6, 4), Math.Round(p.WarpInstructions),
            Math.Round(p.CyclesPerInstruction, 2),
        Math.Round(p.EligibleWarps, 3), Math.Round(p.Busy.Issue, 3), Math.Round(p.Busy.LoadStore, 3), Math.Round(p.Busy.Tensor, 3),
        Math.Round(p.HitRates.L2, 4), p.Stalls[0].Reason.ToString());
}
