// hsenet phantom as a user runs it: what it writes, what it refuses, and that its files are taken by the other verbs.
using System.Diagnostics;
using System.Globalization;
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
        string[] verb = ["phantom", "--count", "3", "--seed", "2", "--out", output, "--matrix", "48,48,24", "--findings", "nodule",
            "--dicom",
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

        File.WriteAllLines(folder.At("predictions.jsonl"), File.ReadLines(Path.Combine(output, "reports.test.jsonl")).Select(row =>
        {
            string text = JsonDocument.Parse(row).RootElement.GetProperty("text").GetString()!;
            return JsonSerializer.Serialize(new { answer = text, pred = text });
        }));
        var score = Hsenet.Run("score", "findings", folder.At("predictions.jsonl"), "--resamples", "0", "--json");
        Assert.True(score.Code == 0, score.Error);
        Assert.Contains("\"f1_micro\":{\"value\":1", score.Output, StringComparison.Ordinal);
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

    [Fact]
    public void Parts_make_what_one_run_makes()
    {
        using var folder = new TemporaryFolder();
        string[] verb = ["phantom", "--count", "4", "--matrix", "32,32,16"];
        string whole = folder.At("whole"), parts = folder.At("parts");
        Assert.Equal(0, Hsenet.Run([.. verb, "--out", whole]).Code);
        foreach (string shard in (string[])["2/3", "1/3", "3/3"])
            Assert.Equal(0, Hsenet.Run([.. verb, "--out", parts, "--shard", shard]).Code);
        string[] files = [.. Directory.GetFiles(whole).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(files, Directory.GetFiles(parts).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(parts, file))));
    }

    [Fact]
    public void An_interrupted_run_leaves_whole_phantoms_and_is_gone_on_with()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("out");
        using (var process = Hsenet.Start("phantom", "--count", "2000", "--matrix", "48,48,24", "--out", output))
        {
            for (int wait = 0; wait < 600 && (!Directory.Exists(output) || Directory.GetFiles(output, "*.json").Length < 3); wait++)
                Thread.Sleep(100);
            Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
            Assert.True(process.WaitForExit(60_000));
            Assert.Equal(130, process.ExitCode);
        }
        Assert.False(File.Exists(Path.Combine(output, "reports.json")));
        var again = Hsenet.Run("phantom", "--count", "3", "--matrix", "48,48,24", "--out", output, "--json");
        Assert.Equal(0, again.Code);
        Assert.Empty(Directory.GetFiles(output, "*.tmp"));
        Assert.Contains("\"skipped\":true", again.Output, StringComparison.Ordinal);
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
    [InlineData("--count 1 --shard 3/2", "--shard")]
    public void What_cannot_be_drawn_is_refused(string arguments, params string[] words)
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run([.. "phantom --out".Split(' '), folder.At("out"), .. arguments.Split(' ')]).IsRefused(words);
        Assert.False(Directory.Exists(folder.At("out")));
    }
}
