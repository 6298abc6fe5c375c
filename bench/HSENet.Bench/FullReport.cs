// The page of "bench full": what the full-size model takes on this machine, beside its targets.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HSENet.Runtime;

namespace HSENet.Bench;

sealed class FullReport(int tokens, int rounds)
{
    public static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly string _load = Machine.Load;

    public List<(string Name, FullMeasurement Measured)> Models { get; } = [];

    public string ToText()
    {
        var text = new StringBuilder();
        FullMeasurement bf16 = Models[0].Measured, int8 = Models[1].Measured;
        double faster = Median(bf16, "decoded token") / Median(int8, "decoded token");
        Line($"# The full-size model on {Machine.Cpu}");
        Line($"");
        Line($"Written by `dotnet run -c Release --project bench/HSENet.Bench -- full --bf16 DIR --int8 DIR --tokens {tokens} --rounds {rounds}`: the synthetic weights of");
        Line($"`hsenet weights synth --preset full --seed 3`, and the same with `--dtype int8`. Medians of the rounds, quartiles in brackets. All launches of each stage:");
        Line($"`full-bf16.json`, `full-int8.json`.");
        Line($"");
        Line($"| | |");
        Line($"|---|---|");
        Line($"| processors | {Environment.ProcessorCount}, {Machine.Flags} |");
        Line($"| system | {Machine.System}, {Machine.Runtime} |");
        Line($"| commit, date | {Machine.Commit}, {Machine.Now} |");
        Line($"| load average before and after | {_load}, {Machine.Load}{(Shared ? ": **others were using the machine**, times say little, shares a little more" : "")} |");
        Line($"");
        Line($"## A report of tests/golden/data/ct_sm.nii.gz, {bf16.Report.Tokens} tokens");
        Line($"");
        Line($"| | {string.Join(" | ", Models.Select(model => model.Name))} | target |");
        Line($"|---|{string.Concat(Models.Select(_ => "---|"))}---|");
        Line($"| peak memory of the process, mapped weights included | {Cells(model => Text($"{model.Report.PeakBytes / 1e9:F2} GB"))} | 11 GB, int8 7 GB |");
        Line($"| preprocessing | {Cells(model => Seconds(model.Report.Seconds.Preprocessing))} | |");
        Line($"| slice encoder, encoders, packers | {Cells(model => Seconds(model.Report.Seconds.Encoding))} | |");
        Line($"| prompt, until the first token | {Cells(model => Seconds(model.Report.Seconds.Prefill))} | |");
        Line($"| each further token | {Cells(model => Seconds(model.Report.Seconds.Decode / Math.Max(1, model.Report.Tokens - 1)))} | |");
        Line($"");
        Line($"## Stages against what the machine's own speed allows");
        Line($"");
        Line($"The share is the time that the stage's operations need at the rate of a large f32 product, or its bytes at the rate of reading memory, whichever is longer,");
        Line($"as part of its time; both rates were measured before and after each stage ({string.Join("; ", Models.Select(model => Text($"{model.Name}: medians {Peak(model.Measured, "gflops"):F0} GFLOP/s, {Peak(model.Measured, "gbps"):F1} GB/s")))}).");
        Line($"");
        Line($"| | {string.Join(" | ", Models.Select(model => model.Name))} | target |");
        Line($"|---|{string.Concat(Models.Select(_ => "---|"))}---|");
        foreach (string stage in (string[])["slice encoder", "encoders and packers", "prefill of 277", "decoded token"])
            Line($"| {stage} | {Cells(model => Stage(model, stage))} | {(stage is "prefill of 277" or "decoded token" ? "85 %" : "")} |");
        Line($"| int8 decodes, times as fast as bf16 | | {faster:F2} | 1.6 |");
        Line($"");
        Line($"## Loading");
        Line($"");
        Line($"| | {string.Join(" | ", Models.Select(model => model.Name))} | target |");
        Line($"|---|{string.Concat(Models.Select(_ => "---|"))}---|");
        Line($"| weights | {Cells(model => Text($"{model.Loading.Bytes / 1e9:F2} GB"))} | |");
        Line($"| opening the model | {Cells(model => Seconds(model.Loading.Open))} | |");
        Line($"| all checksums | {Cells(model => Text($"{Seconds(model.Loading.Verify)}, {model.Loading.Bytes / model.Loading.Verify / 1e9:F1} GB/s"))} | |");
        Line($"| reading the same file plainly | {Cells(model => Text($"{Seconds(model.Loading.Read)}, {model.Loading.Bytes / model.Loading.Read / 1e9:F1} GB/s"))} | |");
        Line($"| share of the read bandwidth | {Cells(model => Text($"{model.Loading.Read / model.Loading.Verify:P0}"))} | |");
        Line($"| memory beside the mapping, at most | {Cells(model => Text($"{model.Loading.MostAnonymousBytes / (double)(1 << 20):F0} MiB"))} | 256 MiB |");
        Line($"");
        Line($"## The golden prompt against the reference");
        Line($"");
        Line($"| | {string.Join(" | ", Models.Select(model => model.Name))} |");
        Line($"|---|{string.Concat(Models.Select(_ => "---|"))}");
        Line($"| relative L2 error of the logits at {bf16.Golden.Positions} positions | {Cells(model => Text($"{model.Golden.LogitError:0.0e+0}"))} |");
        Line($"| positions with the same most likely id | {Cells(model => $"{model.Golden.SameIds} of {model.Golden.Positions}")} |");
        Line($"| positions with the same eight most likely ids in order | {Cells(model => $"{model.Golden.SameFirstEight} of {model.Golden.Positions}")} |");
        return text.ToString();

        void Line(FormattableString line) => text.Append(Text(line)).Append('\n');
        string Cells(Func<FullMeasurement, string> cell) => string.Join(" | ", Models.Select(model => cell(model.Measured)));
    }

    // More than this run's own threads wanted a processor.
    bool Shared => double.TryParse(_load, CultureInfo.InvariantCulture, out double load) && load > 0.5;

    static JsonNode Result(FullMeasurement model, string stage) => model.Stages["results"]!.AsArray().First(result => (string)result!["name"]! == stage)!;

    static double Median(FullMeasurement model, string stage) => (double)Result(model, stage)["median"]!;

    static double Peak(FullMeasurement model, string rate) => (double)model.Stages["peak"]![rate]!;

    static string Stage(FullMeasurement model, string stage)
    {
        var result = Result(model, stage);
        return Text($"**{(double)result["share"]!:P0}**: {Seconds((double)result["median"]!)} ({Seconds((double)result["lower"]!)} to {Seconds((double)result["upper"]!)}), {(double)result["gflops"]!:F1} GFLOP/s, {(double)result["gbps"]!:F1} GB/s");
    }

    static string Seconds(double seconds) => seconds >= 1 ? Text($"{seconds:F2} s") : Text($"{1e3 * seconds:F1} ms");

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static void Replace(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new AtomicFile(path);
        file.Write(Encoding.UTF8.GetBytes(text), 0);
        file.Commit();
    }
}
