// hsenet phantom as a user runs it: what it writes, what it refuses, and that its files are taken by the other verbs.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PhantomTests
{
    [Fact]
    public void Phantoms_are_written_skipped_and_read_by_other_verbs()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("out");
        string[] verb = ["phantom", "--count", "3", "--seed", "2", "--out", output, "--matrix", "48,48,24", "--findings", "nodule", "--dicom",
            "--labels", "--picture", "--split", "0,0,1", "--json"];
        var first = Hsenet.Run(verb);
        Assert.True(first.Code == 0, first.Error);
        var lines = first.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .ToArray();
        var phantoms = lines.Where(line => line.TryGetProperty("image", out _)).ToArray();
        Assert.Equal(3, phantoms.Length);
        Assert.All(phantoms, line => Assert.Equal("[\"nodule\"]", line.GetProperty("findings").GetRawText()));
        Assert.Equal(["reports.test.jsonl", "structured.test.jsonl", "questions.test.jsonl"], lines[3..].Select(line =>
            Path.GetFileName(line.GetProperty("manifest").GetString())));
        foreach (string name in (string[])["000002.nii.gz", "000002.labels.nii.gz", "000002.png", "000002.json", "000002/000.dcm"])
            Assert.True(File.Exists(Path.Combine(output, name)), name);
        var again = Hsenet.Run(verb);
        Assert.Equal(3, again.Output.Split("\"skipped\":true").Length - 1);

        var report = Hsenet.Run("report", "--manifest", Path.Combine(output, "reports.test.jsonl"), "--weights", Hsenet.Demo, "--device",
            "cpu", "--max-tokens", "2", "--out", folder.At("reports.jsonl"));
        Assert.True(report.Code == 0, report.Error);
        Assert.Equal(3, File.ReadAllLines(folder.At("reports.jsonl")).Length);
    }

    [Fact]
    public void Prepared_phantoms_have_the_size_of_the_model()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("out");
        var run = Hsenet.Run("phantom", "--count", "1", "--out", output, "--prepared", "--weights", Hsenet.Demo, "--labels");
        Assert.True(run.Code == 0, run.Error);
        var inspected = Hsenet.Run("inspect", Path.Combine(output, "000000.npy"));
        Assert.True(inspected.Code == 0, inspected.Error);
        Assert.Contains("128 × 128 × 16", inspected.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--count 0", "--count", "at least 1")]
    [InlineData("--count 1 --split 0.5,0.2", "--split", "add up to 1")]
    [InlineData("--count 1 --split 0.9,0.2,0.1", "--split", "add up to 1")]
    [InlineData("--count 1 --matrix 512,512,96", "--matrix", "192,192,96")]
    [InlineData("--count 1 --findings tumour", "tumour", "is no kind")]
    [InlineData("--count 1 --findings nodule,nodule", "each kind once")]
    [InlineData("--count 1 --size 32,64,64", "--prepared")]
    [InlineData("--count 1 --average", "--prepared")]
    [InlineData("--count 1 --prepared --dicom", "--dicom")]
    [InlineData("--count 1 --prepared --curve 0:1", "grey curve", "two or more")]
    [InlineData("--count 1 --prepared --curve 0:0,-5:1", "grey curve", "grow")]
    [InlineData("--count 1 --prepared --size 8,8", "--size")]
    [InlineData("--count 1 --workers 0", "--workers")]
    public void What_cannot_be_drawn_is_refused(string arguments, params string[] words)
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run([.. "phantom --out".Split(' '), folder.At("out"), .. arguments.Split(' ')]).IsRefused(words);
        Assert.False(Directory.Exists(folder.At("out")));
    }
}
