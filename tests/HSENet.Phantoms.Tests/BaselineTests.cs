// Readers without a model: what they reach is what 'hsenet score' can be held against.
using HSENet.Evaluation;
using HSENet.Tests;

namespace HSENet.Phantoms.Tests;

public sealed class BaselineTests
{
    [Fact]
    public void A_ridge_regression_finds_the_weights_of_a_linear_law()
    {
        var draws = new Draws(1, 1, "ridge");
        float[][] x = [.. Enumerable.Range(0, 200).Select(_ => (float[])[draws.Normal(), 3 + 2 * draws.Normal(), draws.Normal()])];
        float[][] y = [.. x.Select(row => (float[])[1 + 2 * row[0] - row[1], row[2] + 0.5f])];
        var regression = new RidgeRegression(x, y, 1e-6);
        double[] at = regression.Of([0.5f, 2, -1]);
        Assert.Equal(0, at[0], 1e-3);
        Assert.Equal(-0.5, at[1], 1e-3);
    }

    [Fact]
    public void Floors_lie_below_the_oracle_and_the_oracle_is_always_right()
    {
        using var folder = new TemporaryFolder();
        string phantoms = Directory.CreateDirectory(folder.At("phantoms")).FullName, floors = folder.At("floors");
        Directory.CreateDirectory(floors);
        var options = new PhantomSetOptions { Count = 60, Seed = 3, Prepared = (8, 16, 16), Split = (0.7, 0, 0.3) };
        var files = new PhantomFiles(options, phantoms);
        for (int index = 0; index < options.Count; index++)
            files.Write(index);
        var written = BaselineFiles.Write(phantoms, floors, out var notes);
        Assert.Empty(notes);
        Assert.Equal(6, written.Count);
        double normal = Findings("normal"), ridge = Findings("ridge"), oracle = Findings("oracle");
        Assert.True(normal == 0 && ridge > 0.2 && ridge < 1 && oracle == 1, $"normal {normal}, ridge {ridge}, oracle {oracle}");
        double yes = Answers("yes"), commonest = Answers("commonest"), known = Answers("oracle");
        Assert.True(yes < commonest && commonest < 1 && known == 1, $"yes {yes}, commonest {commonest}, oracle {known}");

        double Findings(string reader) => FindingSummary.Of(Read($"reports.{reader}.jsonl"), new Bootstrap(0))["f1_micro"];

        double Answers(string reader) => Read($"answers.{reader}.jsonl")
            .Average(answer => AnswerMetrics.IsTextRight(answer.Wanted, answer.Text) ? 1.0 : 0);

        IReadOnlyList<Prediction> Read(string file) => PredictionFile.Read(Path.Combine(floors, file), out _);
    }

    [Fact]
    public void A_set_without_training_phantoms_or_of_another_format_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("holds no phantoms", Refused(folder.Path), StringComparison.Ordinal);
        var files = new PhantomFiles(new PhantomSetOptions { Count = 2, Seed = 3, Prepared = (8, 16, 16), Split = (0, 0, 1) }, folder.Path);
        files.Write(0);
        Assert.Contains("0 phantoms for training", Refused(folder.Path), StringComparison.Ordinal);
        string truth = folder.At("000000.json");
        File.WriteAllText(truth, File.ReadAllText(truth).Replace(PhantomSetOptions.Format, "hsenet-phantom/0"));
        Assert.Contains("hsenet-phantom/0", Refused(folder.Path), StringComparison.Ordinal);
        File.WriteAllText(truth, "{\"format\": \"" + PhantomSetOptions.Format + "\"}");
        Assert.Contains("lacks a field", Refused(folder.Path), StringComparison.Ordinal);

        static string Refused(string path) =>
            Assert.ThrowsAny<HseNetException>(() => BaselineFiles.Write(path, path, out _)).Message;
    }

    [Fact]
    public void Equal_rows_of_the_table_of_truth_are_equal_kinds_sides_lobes_and_classes_of_size()
    {
        PhantomRecord[] records = [.. Enumerable.Range(0, 200).Select(index =>
            new PhantomRecord(new Phantom(4, index), new PhantomSetOptions { Count = 200, Seed = 4 }))];
        string[] rows = System.Text.Encoding.UTF8.GetString(LabelTables.OfTruth(records)).Split('\n')[1..^1];
        string[] keys = [.. records.Select(record => string.Join(";", record.Findings.Select(finding =>
            $"{finding.Kind} {finding.Side} {finding.Lobe} {LabelTables.IsLarge(finding)}")))];
        var pairs = rows.Select(row => row[row.IndexOf(',')..]).Zip(keys).Distinct().ToArray();
        Assert.Equal(keys.Distinct().Count(), pairs.Length);
        Assert.Equal(pairs.Length, pairs.Select(pair => pair.First).Distinct().Count());
        Assert.InRange(pairs.Length, 60, 199);
    }
}
