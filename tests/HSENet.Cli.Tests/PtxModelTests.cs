// hsenet ptx model: a report's launches with their rungs, and what they come to.
using System.Globalization;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PtxModelTests
{
    [Fact]
    public void A_report_s_launches_are_listed_with_the_rungs_that_are_chosen_and_add_up_to_its_stages()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = Hsenet.Run("ptx", "model", "--weights", Path.Combine(Hsenet.Repository, "weights", "demo"), "-p", "40",
            "--markdown", folder.At("model.md"));
        Assert.Equal(0, outcome.Code);
        string text = File.ReadAllText(folder.At("model.md"));
        Assert.Equal(text, outcome.Output);
        string[][] rows = [.. text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])];
        var stages = rows.Where(row => row.Length == 3 && row[0] != "stage").ToDictionary(row => row[0]);
        string[][] launches = [.. rows.Where(row => row.Length == 6 && row[0] != "stage")];
        Assert.Contains("one token", stages.Keys);
        foreach (var stage in launches.GroupBy(row => row[0]))
        {
            Assert.Equal(stage.Sum(row => Number(row[3])), Number(stages[stage.Key][1]));
            // Each is rounded to a microsecond.
            Assert.InRange(stage.Sum(row => Number(row[5])) - Number(stages[stage.Key][2]), -stage.Count(), stage.Count());
        }
        Assert.Contains(launches, row => row[0] == "one token" && row[1] == "`sampling_v2_grid_finish_f32`" && row[3] == "1");
        Assert.Contains(launches, row => row[0] == "encoders and packers"
            && row[1].StartsWith("`windowattention_v2_groupperwindow_", StringComparison.Ordinal));
    }

    static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
