// hsenet bench: any operation on any device, a file of results, and the comparison of two.
using System.Text.Json.Nodes;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class BenchTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    static JsonNode Measure(params string[] arguments)
    {
        var outcome = Hsenet.Run(["bench", .. arguments, "--seconds", "0", "--json"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return JsonNode.Parse(outcome.Output)!;
    }

    [Fact]
    public void A_product_is_timed_warm_and_cold_with_rates_and_the_share_of_the_peak()
    {
        var file = Measure("linear", "-m", "3", "-n", "40", "-k", "128", "--dtype", "int8", "--device", "cpu");
        foreach (string fact in (string[])["device", "cpu", "system", "runtime", "version", "commit", "date"])
            Assert.NotEqual("", (string?)file["measured"]![fact]);
        Assert.EndsWith("hsenet bench linear -m 3 -n 40 -k 128 --dtype int8 --device cpu --seconds 0",
            (string?)file["measured"]!["command"]);
        var results = file["results"]!.AsArray();
        Assert.Equal(["linear_host_int8 Rows=3,Inputs=128,Outputs=40 warm", "linear_host_int8 Rows=3,Inputs=128,Outputs=40 cold"],
            results.Select(result => (string)result!["name"]!));
        foreach (var result in results)
        {
            double median = (double)result!["median"]!, gflops = (double)result["gflops"]!, gbps = (double)result["gbps"]!;
            Assert.InRange(median, (double)result["lower"]!, (double)result["upper"]!);
            Assert.Equal(2.0 * 3 * 40 * 128 / median / 1e9, gflops, 1e-9 * gflops);
            int bytes = sizeof(float) * (3 * 128 + 40 + 3 * 40) + 40 * 128 + 40 * sizeof(float); // x, bias, y; weights and their scales
            Assert.Equal(bytes / median / 1e9, gbps, 1e-9 * gbps);
            Assert.Equal(Math.Max(gflops / (double)file["peak"]!["gflops"]!, gbps / (double)file["peak"]!["gbps"]!),
                (double)result["share"]!, 1e-9);
        }
    }

    [Fact]
    public void All_rungs_of_an_operation_run_in_the_emulator()
    {
        var names = Measure("linear", "-m", "2", "-n", "8", "-k", "128", "--rung", "all", "--device", "emulator")["results"]!.AsArray()
            .Select(result => (string)result!["name"]!).ToArray();
        Assert.Equal(KernelCatalog.Operations.First(operation => operation.Name == "Linear")
            .Rungs.Count(rung => rung.Target == RungTarget.Gpu), names.Length);
        Assert.Contains("linear_v1_naive_bf16 Rows=2,Inputs=128,Outputs=8 emulated", names);
    }

    [Fact]
    public void Every_operation_of_the_catalogue_can_be_timed()
    {
        using var device = new HostDevice(1);
        foreach (var operation in KernelCatalog.Operations)
            foreach (var rung in operation.Rungs.Where(device.CanRun))
            {
                using var run = KernelSample.Of(rung).Prepare(device, rung);
                Assert.True(device.Time(run.Launch) >= 0);
                Assert.True(run.Work.Traffic > 0, operation.Name);
            }
    }

    [Fact]
    public void A_model_is_timed_stage_by_stage_and_launch_by_launch()
    {
        var outcome = Hsenet.Run("bench", "model", "--weights", Hsenet.Demo, "-p", "70", "-n", "5", "--rounds", "2", "--launches", "--scan",
            Hsenet.Scan, "--device", "cpu", "--json");
        Assert.True(outcome.Code == 0, outcome.Error);
        var file = JsonNode.Parse(outcome.Output)!;
        var results = file["results"]!.AsArray();
        string[] stages = ["slice encoder", "encoders and packers", "prefill of 70", "decoded token", "report of 5 tokens"];
        Assert.Equal(stages, results.Take(5).Select(result => (string)result!["name"]!));
        Assert.All(results.Take(5), result => Assert.True((double)result!["share"]! > 0));
        using var weights = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(Hsenet.Demo, "config.json")));
        int layers = weights.RootElement.GetProperty("language_model").GetProperty("num_hidden_layers").GetInt32();
        Assert.Single(results, result =>
            ((string)result!["name"]!).StartsWith($"decoded token: {layers} × Attention.Host Batch=1,Queries=1,",
            StringComparison.Ordinal));
        Assert.True((double)file["facts"]!["peak_bytes"]! > (double)file["facts"]!["weight_bytes"]!);
        Hsenet.Run("bench", "model", "--weights", Hsenet.Demo, "-b", "2").IsRefused("-b 2");
        Hsenet.Run("bench", "model", "--weights", Hsenet.Demo, "-p", "1").IsRefused("-p 1");
    }

    [Fact]
    public void Slower_beyond_the_spread_is_a_failure_and_within_it_is_none()
    {
        string before = Results(1.0, 0.9, 1.1), same = Results(1.05, 1.0, 1.2), slower = Results(1.3, 1.2, 1.4);
        var unchanged = Hsenet.Run("bench", "compare", before, same);
        Assert.Equal((0, true), (unchanged.Code, unchanged.Output.Contains("+5.0 %, same", StringComparison.Ordinal)));
        var regressed = Hsenet.Run("bench", "compare", before, slower);
        Assert.Equal((1, true), (regressed.Code, regressed.Output.Contains("+30.0 %, slower", StringComparison.Ordinal)));
        Assert.Equal(0, Hsenet.Run("bench", "compare", slower, before).Code);
    }

    [Fact]
    public void What_cannot_be_timed_or_compared_is_refused_in_one_line()
    {
        Hsenet.Run("bench", "nothing").IsRefused("nothing", "hsenet kernels");
        Hsenet.Run("bench", "linear", "--rung", "V99").IsRefused("V99");
        Hsenet.Run("bench", "linear", "-m", "0", "--device", "cpu").IsRefused("Rows", "at least 1");
        Hsenet.Run("bench", "linear", "-k", "100", "--dtype", "int8", "--device", "cpu").IsRefused("128");
        Hsenet.Run("bench", "layernorm", "-k", "3").IsRefused("-k", "Rows, Channels");
        Hsenet.Run("bench", "linear", "-m", "3", "--shape", "rows=4").IsRefused("twice");
        Hsenet.Run("bench", "linear", "--seconds", "-1", "--device", "cpu").IsRefused("--seconds");
        string garbage = Path.Combine(_folder.Path, "garbage.json");
        File.WriteAllText(garbage, "{\"results\": 3}");
        Hsenet.Run("bench", "compare", garbage, Results(1, 1, 1)).IsRefused("garbage.json");
        Hsenet.Run("bench", "compare", Results(1, 1, 1), Path.Combine(_folder.Path, "absent.json")).IsRefused("absent.json");
        Hsenet.Run("bench", "compare", Results(1, 1, 1), Results(1, 1, 1, "another")).IsRefused("in common");
    }

    [Fact]
    public void Every_committed_result_says_where_when_and_with_what_it_was_measured()
    {
        string[] files = [.. Directory.GetFiles(Path.Combine(Hsenet.Repository, "bench", "results"), "*.json", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not "timing-blind.json" and not "timing-errors.json")]; // of predictions
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            var content = JsonNode.Parse(File.ReadAllText(file))!;
            foreach (var result in content is JsonArray several ? several : [content])
            {
                var measured = JsonSerializer.Deserialize<Measured>(result!["measured"], BenchFile.Json)!;
                Assert.All((string[])[measured.Command, measured.Device, measured.Cpu, measured.System, measured.Runtime, measured.Version,
                    measured.Commit, measured.Date, measured.LoadAfter],
                    fact => Assert.True(fact.Length > 0, file));
                Assert.DoesNotContain(" /", measured.Command, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_settings_of_the_environment_are_part_of_the_command()
    {
        var outcome = Hsenet.Run("", [("HSENET_HOST_VECTORS", "128")],
            ["bench", "gelu", "--device", "cpu", "--seconds", "0", "--json", "--shape", "Count=64"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("HSENET_HOST_VECTORS=128 hsenet bench gelu", (string?)JsonNode.Parse(outcome.Output)!["measured"]!["command"]);
    }

    string Results(double median, double lower, double upper, string name = "product")
    {
        using var device = new HostDevice(1);
        string path = Path.Combine(_folder.Path, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, BenchFile.Of(Measured.Begin("hsenet bench", device.Name), null,
            [new BenchResult(name, median, lower, upper, 5)]).ToJson());
        return path;
    }

    public void Dispose() => _folder.Dispose();
}
