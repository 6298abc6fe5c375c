// hsenet ptx model: a report launch by launch, each launch predicted, and what its stages come to.
using System.Globalization;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxModelTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_launch_of_a_report_has_a_time_and_stages_are_their_sums()
    {
        string toy = Path.Combine(Hsenet.Repository, "weights", "toy"), file = _folder.At("model.md");
        Outcome outcome = Hsenet.Run("ptx", "model", "--weights", toy, "-p", "20", "--gpu", "h100", "--markdown", file);
        Assert.Equal(0, outcome.Code);
        Assert.Equal(File.ReadAllText(file), outcome.Output);
        Assert.Contains("Predicted for H100", outcome.Output);
        Assert.Contains("not measured", outcome.Output);
        Assert.Contains("misses published measurements by", outcome.Output);
        // stage, launches, µs, µs between launches, kernels' µs; and stage, kernel, sizes, launches, µs each, µs
        string[][] rows = [.. outcome.Output.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]).Where(cells => cells[0] != "stage")];
        string[][] stages = [.. rows.Where(cells => cells.Length == 5)], launches = [.. rows.Where(cells => cells.Length == 6)];
        Assert.Equal(["slice encoder", "encoders and packers", "prompt of 20", "one token"], stages.Select(cells => cells[0]));
        Assert.Empty(launches.Select(cells => cells[1].Trim('`')).Except(KernelCatalog.GpuRungs.Select(rung => rung.EntryName)));
        Assert.All(launches, cells => Assert.True(Number(cells[4]) > 0, string.Join(' ', cells)));
        foreach (string[] stage in stages)
        {
            string[][] own = [.. launches.Where(cells => cells[0] == stage[0])];
            Assert.Equal(Number(stage[1]), own.Sum(cells => Number(cells[3])));
            Assert.Equal(Number(stage[2]), own.Sum(cells => Number(cells[5])), (double)own.Length); // each row is rounded
            Assert.Equal(Number(stage[2]), Number(stage[3]) + Number(stage[4]), 1.0);
            Assert.InRange(Number(stage[3]), Number(stage[1]), Number(stage[2])); // a microsecond or more for each launch
        }
        // One more token is a row of products; the prompt has as many as it has tokens.
        Assert.Contains(launches, cells => cells[0] == "one token" && cells[2].StartsWith("Rows=1,", StringComparison.Ordinal));
        Assert.Contains(launches, cells => cells[0] == "prompt of 20" && cells[2].StartsWith("Rows=20,", StringComparison.Ordinal));

        static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void What_cannot_be_predicted_is_refused()
    {
        Hsenet.Run("ptx", "model", "--gpu", "voodoo").IsRefused("voodoo", "h200");
        Hsenet.Run("ptx", "model", "-p", "1").IsRefused("-p", "2");
        Hsenet.Run("ptx", "model", "--weights", _folder.At("none")).IsRefused("none");
    }

    public void Dispose() => _folder.Dispose();
}
