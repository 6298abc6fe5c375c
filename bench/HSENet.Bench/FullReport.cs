// The page of "bench full": what the full-size model takes on this machine, beside its targets.
using HSENet.Cli;

namespace HSENet.Bench;

sealed class FullReport(Measured measured)
{
    public Measured Measured { get; } = measured;

    public List<(string Name, FullMeasurement Measured)> Models { get; } = [];

    static string Rates((string Name, FullMeasurement Measured) model) =>
        Page.Text($"{model.Name}: medians {model.Measured.Stages.Peak!.Gflops:F0} GFLOP/s, {model.Measured.Stages.Peak.Gbps:F1} GB/s");

    public Page ToPage()
    {
        var page = new Page($"The full-size model on {Measured.Cpu}");
        FullMeasurement bf16 = Models[0].Measured, int8 = Models[1].Measured;
        page.Paragraph($"""
            The synthetic weights of `hsenet weights synth --preset full --seed 3`, and the same with `--dtype int8`. Medians of the
            rounds, quartiles in brackets. All launches of each stage: `full-bf16.json`, `full-int8.json`.
            """);
        page.Facts(Measured);

        page.Paragraph($"## A report of tests/golden/data/ct_sm.nii.gz, {bf16.Report.Tokens} tokens");
        page.Paragraph($"One run of the program in a process of its own, the weights in the system's cache.");
        Table(page,
            Row("peak memory of the process, mapped weights included", model => Page.Bytes(model.Report.PeakBytes), "11 GB, int8 7 GB"),
            Row("preprocessing", model => BenchFile.Time(model.Report.Seconds.Preprocessing)),
            Row("slice encoder, encoders, packers", model => BenchFile.Time(model.Report.Seconds.Encoding)),
            Row("prompt, until the first token", model => BenchFile.Time(model.Report.Seconds.Prefill)),
            Row("each further token", model => BenchFile.Time(model.Report.Seconds.Decode / Math.Max(1, model.Report.Tokens - 1))));

        page.Paragraph($"## Stages against what the machine's own speed allows");
        page.Paragraph($"""
            The share is the time that the stage's operations need at the rate of a large f32 product of this project, or its bytes at the
            rate of reading memory, whichever is longer, as part of its time; both rates were measured before and after each stage
            ({string.Join("; ", Models.Select(Rates))}).
            `host.md` holds that product against OpenBLAS and ONNX Runtime.
            """);
        double faster = bf16.Stage("decoded token").Median / int8.Stage("decoded token").Median;
        Table(page,
        [
            .. bf16.Stages.Results.TakeWhile(stage => !stage.Name.Contains(':'))
                .Select(stage => Row(stage.Name, model => Stage(model.Stage(stage.Name)),
                stage.Name is "decoded token" || stage.Name.StartsWith("prefill", StringComparison.Ordinal) ? "85 %" : "")),
            ["int8 decodes, times as fast as bf16", "", Page.Text($"{faster:F2}"), "1.6"],
        ]);

        page.Paragraph($"## Loading");
        page.Paragraph($"""
            From the system's cache. Checksums are computed over the mapped file on all threads; reading copies it through a buffer of
            1 MiB on one.
            """);
        Table(page,
            Row("weights", model => Page.Bytes(model.Loading.Bytes)),
            Row("opening the model", model => BenchFile.Time(model.Loading.Open)),
            Row("all checksums", model => Rate(model.Loading.Bytes, model.Loading.Verify)),
            Row("reading the same file", model => Rate(model.Loading.Bytes, model.Loading.Read)),
            Row("memory beside the mapping, at most", model => Page.Text($"{model.Loading.MostAnonymousBytes / (double)(1 << 20):F0} MiB"),
                "256 MiB"));

        page.Paragraph($"## The golden prompt against the reference");
        page.Paragraph($"The reference computed in f32 from the weights as bf16 has them; int8 rounds them once more.");
        Table(page,
            Row($"relative L2 error of the logits at {bf16.Golden.Positions} positions", model =>
                Page.Text($"{model.Golden.LogitError:0.0e+0}")),
            Row("positions with the same most likely id", model => $"{model.Golden.SameIds} of {model.Golden.Positions}"),
            Row("positions with the same eight most likely ids in order", model =>
                $"{model.Golden.SameFirstEight} of {model.Golden.Positions}"));
        return page;
    }

    string[] Row(string name, Func<FullMeasurement, string> cell, string target = "") =>
        [name, .. Models.Select(model => cell(model.Measured)), target];

    void Table(Page page, params string[][] rows) => page.Table(["", .. Models.Select(model => model.Name), "target"], rows);

    static string Rate(long bytes, double seconds) => $"{BenchFile.Time(seconds)}, {Page.Text($"{bytes / seconds / 1e9:F1} GB/s")}";

    static string Stage(BenchResult stage) =>
        Page.Text($"**{stage.Share:P0}**: {Page.Spread(stage.Median, stage.Lower, stage.Upper)}, {stage.Gflops:F1} GFLOP/s, ")
            + Page.Text($"{stage.Gbps:F1} GB/s");
}
