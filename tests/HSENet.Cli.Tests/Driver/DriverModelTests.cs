// The whole of CudaDevice through the emulator's driver: a report and a step of training, every access of every kernel checked.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

[Collection(DriverGroup.Name)]
public sealed class DriverModelTests(DriverFixture driver) : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [DriverFact]
    public void A_report_on_cuda_is_the_hosts()
    {
        string[] report = ["report", Hsenet.Scan, "--weights", Hsenet.Demo, "--json", "--device"];
        Outcome host = Hsenet.Run([.. report, "cpu"]), cuda = Checked([.. report, "cuda:0"]);
        Assert.Equal(Ids(host), Ids(cuda));
    }

    [DriverFact]
    public void A_step_of_fine_tuning_on_cuda_is_the_hosts()
    {
        string manifest = _folder.Write("manifest.jsonl", JsonSerializer.SerializeToUtf8Bytes(
            new { image = Hsenet.Scan, text = "The lungs are clear." }));
        // Nothing is drawn but the adapters' first values, which both take from the model; the prepared volume is the host's.
        string[] train = ["train", "report", "--manifest", manifest, "--weights", Hsenet.Demo, "--cache", _folder.At("cache"),
            "--steps", "1", "--warmup", "0", "--dropout", "0", "--lora-dropout", "0", "--frozen-dropout", "off", "--augmentation", "off",
            "--dtype", "f32"];
        Outcome host = Hsenet.Run([.. train, "--out", _folder.At("host"), "--device", "cpu"]);
        Assert.True(host.Code == 0, host.Error);
        Checked([.. train, "--out", _folder.At("cuda"), "--device", "cuda:0"]);
        JsonElement expected = Step("host"), actual = Step("cuda");
        foreach (string name in (string[])["loss", "gradient_norm"])
            Assert.InRange(actual.GetProperty(name).GetDouble() / expected.GetProperty(name).GetDouble(), 1 - 1e-5, 1 + 1e-5);
        // As gradients and final weights of the golden runs: the checkpoint has the weights and the optimizer's moments.
        const double Tolerance = 1e-4;
        var onHost = Tensors("host");
        var onCuda = Tensors("cuda");
        Assert.Equal(onHost.Keys.Order(), onCuda.Keys.Order());
        // What all keys of a softmax share has no gradient: what is stored of it is rounding.
        Assert.All(onHost.Where(tensor => !tensor.Key.Contains(".Wk.bias.", StringComparison.Ordinal)), tensor =>
        {
            double error = GoldenFolder.RelativeL2(onCuda[tensor.Key].Singles(), tensor.Value.Singles());
            Assert.True(error <= Tolerance, $"{tensor.Key}: relative error {error:E2}");
        });
    }

    public void Dispose() => _folder.Dispose();

    // Without a finding: that would be in the exit code.
    Outcome Checked(string[] words)
    {
        Outcome outcome = driver.Run("h200", ["--", "dotnet", Hsenet.Library, .. words]);
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        Assert.DoesNotContain("hsenet: ", outcome.Error, StringComparison.Ordinal);
        return outcome;
    }

    static int[] Ids(Outcome outcome) => [.. JsonDocument.Parse(outcome.Output).RootElement.GetProperty("ids").EnumerateArray()
        .Select(id => id.GetInt32())];

    JsonElement Step(string run) => JsonDocument.Parse(File.ReadLines(_folder.At($"{run}/log.jsonl"))
        .First(line => line.Contains("\"loss\"", StringComparison.Ordinal))).RootElement;

    Dictionary<string, GoldenTensor> Tensors(string run) =>
        GoldenFolder.Tensors(_folder.At($"{run}/checkpoints/step-00000001.safetensors"));
}
