// hsenet ptx profile --predict and ptx run --predict: every figure, as text and as JSON, on every run the same.
using System.Globalization;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxPredictTests : IDisposable
{
    const string Ladders = "bench/ladders";

    // Stalls as Nsight Compute names them.
    static readonly string[] Words = ["long scoreboard", "short scoreboard", "MIO throttle", "LG throttle", "math pipe throttle", "barrier",
        "wait", "branch resolving", "not selected"];

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_rung_has_a_time_with_what_bounds_it_and_what_warps_wait_for()
    {
        string[] command = ["ptx", "profile", "Linear.V1", "--weights", "bf16", "--shape", "Rows=2049,Inputs=768,Outputs=3072", "--gpu",
            "h200", "--predict", "--json", _folder.At("p.json")];
        Outcome text = Hsenet.Run(command);
        Assert.Equal(0, text.Code);
        Assert.StartsWith("predicted ", text.Output, StringComparison.Ordinal);
        Assert.Contains("machine code of sm_90; not measured. Error on published measurements: ", text.Output);
        foreach (string line in new[] { "time", "arithmetic", "memory", "limited by", "busy", "caches", "occupancy", "stalls" })
            Assert.Contains($"\n{line} ", text.Output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(_folder.At("p.json")));
        JsonElement p = json.RootElement;
        CheckFigures(p);
        Assert.Equal("linear_v1_naive_bf16", p.GetProperty("kernel").GetString());
        Assert.Equal(2.0 * 2049 * 768 * 3072, p.GetProperty("useful_operations").GetDouble());
        Assert.Equal(10, p.GetProperty("lines").GetArrayLength());
        Assert.Equal(10, text.Output.Split("\nPTX line ").Length - 1);
        Assert.Matches(@" \([A-Za-z0-9.]+\.cs:[1-9][0-9]*\)\n", text.Output);
        Assert.Matches(@"\.cs:[1-9]", p.GetProperty("lines")[0].GetProperty("source").GetString());
        string first = File.ReadAllText(_folder.At("p.json"));
        Assert.Equal(text.Output, Hsenet.Run(command).Output);
        Assert.Equal(first, File.ReadAllText(_folder.At("p.json")));
    }

    [Theory]
    [InlineData("f32_naive", "h100", "machine code of sm_90")]
    [InlineData("f32_tiled", "h100", "PTX alone (an estimate)", "--from-ptx")]
    public void A_launch_of_any_PTX_file_is_predicted_the_same_on_any_number_of_cores(string kernel, string gpu, string basis,
        params string[] more)
    {
        int side = kernel == "f32_naive" ? 16 : 32;
        File.WriteAllText(_folder.At("launch.json"), $$"""
            {"kernel": "{{kernel}}", "grid": [{{1024 / side}}, {{1024 / side}}], "block": [{{side}}, {{side}}], "buffers": [{"name": "A",
             "type": "f32", "count": 1048576}, {"name": "B", "type": "f32", "count": 1048576}, {"name": "C", "type": "f32",
             "count": 1048576}], "params": [{"buffer": "A"}, {"buffer": "B"}, {"buffer": "C"}, {"s32": 1024}, {"s32": 1024}, {"s32": 1024}]}
            """);
        string[] command = ["ptx", "run", Path.Combine(Hsenet.Repository, Ladders, "c_f32.ptx"), "--launch", _folder.At("launch.json"),
            "--predict", "--gpu", gpu, "--json", .. more];
        Outcome outcome = Hsenet.Run(command);
        Assert.Equal(0, outcome.Code);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        CheckFigures(json.RootElement);
        Assert.Equal(basis, json.RootElement.GetProperty("basis").GetString());
        Assert.Equal(more.Length > 0, json.RootElement.GetProperty("error").GetProperty("mean").GetDouble() > 0.15);
        foreach (string processors in (string[])["1", "7"])
            Assert.Equal(outcome.Output, Hsenet.Run("", [("DOTNET_PROCESSOR_COUNT", processors)], command).Output);
    }

    [Fact]
    public void A_rung_without_machine_code_is_estimated_and_says_so()
    {
        Outcome outcome = Hsenet.Run("ptx", "profile", "Sampling.V1", "--predict", "--from-ptx", "--json", _folder.At("p.json"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains("PTX alone (an estimate)", outcome.Output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(_folder.At("p.json")));
        CheckFigures(json.RootElement);
        Hsenet.Run("ptx", "profile", "Linear", "--predict").IsRefused("several kernels");
    }

    [Fact]
    public void The_error_band_is_the_one_that_timing_md_shows()
    {
        string page = File.ReadAllText(Path.Combine(Hsenet.Repository, "bench", "results", "timing.md"));
        foreach (bool fromPtx in new[] { false, true })
        {
            (double mean, double largest) = Ptx.PtxTiming.Error(fromPtx);
            string row = page.Split('\n').First(line => line.StartsWith(fromPtx ? "| rows that were not fitted, from PTX alone"
                : "| rows that were not fitted, now", StringComparison.Ordinal));
            Assert.EndsWith(string.Create(CultureInfo.InvariantCulture, $"| {100 * mean:F1} % | {100 * largest:F1} % |"), row,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Committed_times_are_what_the_model_gives()
    {
        // Of the short launches every seventh is predicted anew.
        int compared = 0;
        foreach (Rung rung in KernelCatalog.GpuRungs.Where((rung, n) => n % 7 == 0 && rung.Name.StartsWith("V1", StringComparison.Ordinal)))
        {
            RungProfile sample = ModelShapes.Profile(rung, PredictedTimes.Gpus[0], PtxRungs.SampledInstructions).First();
            if (sample.Profile.WarpInstructions > 20_000_000 || PredictedTimes.Committed().Known(sample)[0] == null)
                continue;
            PredictedTimes fresh = PredictedTimes.None();
            fresh.Predict(sample);
            compared++;
            Assert.Equal(PredictedTimes.Committed().Known(sample), fresh.Known(sample));
        }
        Assert.True(compared > 0 || !PredictedTimes.Committed().Rows.Any());
    }

    [Fact]
    public void Every_change_of_the_model_is_logged()
    {
        using JsonDocument changes = JsonDocument.Parse(File.ReadAllText(Path.Combine(Hsenet.Repository, Ladders, "changes.json")));
        Assert.Equal(Ptx.PtxTiming.Version, changes.RootElement.GetArrayLength());
    }

    public void Dispose() => _folder.Dispose();

    static void CheckFigures(JsonElement p)
    {
        Assert.True(p.GetProperty("predicted").GetBoolean());
        foreach (string name in new[] { "cycles", "microseconds", "gigahertz", "tflops", "memory_gb_per_s", "waves", "tail",
            "warp_instructions", "cycles_per_instruction", "eligible_warps", "share_of_peak_tflops" })
            Assert.True(p.GetProperty(name).GetDouble() >= 0, name);
        Assert.True(p.GetProperty("cycles").GetDouble() > 0);
        Assert.Equal(p.GetProperty("cycles").GetDouble() / p.GetProperty("gigahertz").GetDouble() / 1e3
            + p.GetProperty("launch_microseconds").GetDouble(), p.GetProperty("microseconds").GetDouble(),
            0.001 * p.GetProperty("microseconds").GetDouble());
        Assert.InRange(p.GetProperty("tail").GetDouble(), 0, 1);
        Assert.False(string.IsNullOrWhiteSpace(p.GetProperty("limited_by").GetString()));
        Assert.Contains("data sheet", p.GetProperty("peak").GetString());
        Assert.Empty(Words.Except(p.GetProperty("stalls").EnumerateObject().Select(stall => stall.Name)));
        double waited = 0;
        foreach (JsonElement line in p.GetProperty("lines").EnumerateArray())
        {
            Assert.True(line.GetProperty("line").GetInt32() > 0);
            Assert.Contains(line.GetProperty("stall").GetString(), Words);
            waited += line.GetProperty("share").GetDouble();
        }
        Assert.InRange(waited, 0.05, 1.01);
    }
}
