// hsenet report --manifest: a file of reports that a stopped run goes on with, and what is refused.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ReportManifestTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _manifest, _output;

    public ReportManifestTests()
    {
        _manifest = Path.Combine(_folder.Path, "studies.jsonl");
        _output = Path.Combine(_folder.Path, "reports.jsonl");
        File.Copy(Hsenet.Scan, Path.Combine(_folder.Path, "scan.nii.gz"));
    }

    Outcome Report(params string[] more) =>
        Hsenet.Run(["report", "--manifest", _manifest, "--out", _output, "--weights", Hsenet.Demo, "--max-tokens", "6", .. more]);

    JsonElement[] Lines() => [.. File.ReadAllLines(_output).Select(line => JsonDocument.Parse(line).RootElement)];

    [Fact]
    public void Bad_rows_are_reported_and_tried_again_and_the_others_are_done()
    {
        File.WriteAllLines(_manifest, ["""{"image": "scan.nii.gz"}""", """{"image": "later.nii.gz"}""", "{",
            """{"image": "scan.nii.gz", "question": "Is there a nodule?"}"""]);
        var first = Report();
        Assert.Equal(2, first.Code);
        string[] problems = [.. first.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.EndsWith("scan.nii.gz: turned from RAS to LPS (CT-RATE's)", StringComparison.Ordinal))];
        Assert.Equal(2, problems.Length);
        Assert.Contains("line 3", problems[0], StringComparison.Ordinal);
        Assert.Contains("studies.jsonl, line 2: ", problems[1], StringComparison.Ordinal);
        Assert.Contains("later.nii.gz", problems[1], StringComparison.Ordinal);
        Assert.Equal(["Can you summarize with findings the images presented?", "Is there a nodule?"],
            Lines().Select(line => line.GetProperty("question").GetString()!));
        Assert.All(Lines(), line => Assert.Equal("scan.nii.gz", line.GetProperty("image").GetString()));

        File.Copy(Hsenet.Scan, Path.Combine(_folder.Path, "later.nii.gz"));
        File.WriteAllLines(_manifest, File.ReadAllLines(_manifest).Where(line => line != "{"));
        var second = Report();
        Assert.True(second.Code == 0, second.Error);
        Assert.Contains("3 reports, 2 of them from an earlier run", second.Output, StringComparison.Ordinal);
        Assert.Equal(["scan.nii.gz", "scan.nii.gz", "later.nii.gz"], Lines().Select(line => line.GetProperty("image").GetString()!));
        // What the program says of one scan it says in a list.
        var single = JsonDocument.Parse(Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--max-tokens", "6", "--json").Output)
            .RootElement;
        Assert.Equal(single.GetProperty("text").GetString(), Lines()[2].GetProperty("text").GetString());
    }

    [Fact]
    public void A_half_written_last_line_is_written_again_and_whole_ones_are_kept()
    {
        File.WriteAllLines(_manifest, ["""{"image": "scan.nii.gz"}""", """{"image": "scan.nii.gz", "question": "Where?"}"""]);
        Assert.Equal(0, Report().Code);
        string[] whole = File.ReadAllLines(_output);
        foreach (int kept in (int[])[1, 40, whole[1].Length])
        {
            File.WriteAllText(_output, whole[0] + "\n" + whole[1][..kept]);
            var outcome = Report();
            Assert.True(outcome.Code == 0, outcome.Error);
            string[] again = File.ReadAllLines(_output);
            Assert.Equal((2, whole[0]), (again.Length, again[0]));
            Assert.Equal(JsonDocument.Parse(whole[1]).RootElement.GetProperty("text").GetString(),
                JsonDocument.Parse(again[1]).RootElement.GetProperty("text").GetString());
        }
    }

    [Fact]
    public void A_file_that_holds_something_else_is_left_alone()
    {
        File.WriteAllLines(_manifest, ["""{"image": "scan.nii.gz"}"""]);
        foreach (string content in (string[])["patient list", "a line\n", """{"image": "x.nii", "question": "y"}""" + "\n",
            """{"image": "x", "question": "y", "text": "", "ids": [], "prompt_tokens": 1, "weights": "0123456789abcdef","""
                + """ "preprocessing": ""}""" + "\n"])
        {
            File.WriteAllText(_output, content);
            Report().IsRefused("reports.jsonl");
            Assert.Equal(content, File.ReadAllText(_output));
        }
        Hsenet.Run("report", "--manifest", _manifest, "--weights", Hsenet.Demo).IsRefused("--out");
        Hsenet.Run("report", "--weights", Hsenet.Demo).IsRefused("--manifest");
        Hsenet.Run("report", Hsenet.Scan, "--manifest", _manifest, "--out", _output, "--weights", Hsenet.Demo).IsRefused("--manifest");
    }

    [Fact]
    public void A_report_is_finished_only_if_it_was_made_from_this_scan_with_these_options()
    {
        File.WriteAllLines(_manifest, ["""{"image": "scan.nii.gz"}"""]);
        Assert.Equal(0, Report().Code);
        string before = File.ReadAllText(_output);
        foreach (string[] options in (string[][])[["--max-tokens", "7"], ["--temperature", "0.5"], ["--tokenizer", "fast"],
            ["--rescale", "1,10"], ["--orientation", "stored"]])
        {
            Hsenet.Run(["report", "--manifest", _manifest, "--out", _output, "--weights", Hsenet.Demo,
                .. options.Contains("--max-tokens") ? (string[])[] : ["--max-tokens", "6"], .. options])
                .IsRefused("reports.jsonl: line 1 was written with other options");
            Assert.Equal(before, File.ReadAllText(_output));
        }
        // The row's own words about the scan, then the scan itself: that row alone is refused.
        foreach (Action change in (Action[])[
            () => File.WriteAllLines(_manifest, ["""{"image": "scan.nii.gz", "ZSpacing": 3}""", """{"image": "other.nii.gz"}"""]),
            () => File.WriteAllLines(_manifest, ["""{"image": "scan.nii.gz"}""", """{"image": "other.nii.gz"}"""]),
            () => File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "scan.nii.gz"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc))])
        {
            File.Copy(Hsenet.Scan, Path.Combine(_folder.Path, "other.nii.gz"), overwrite: true);
            File.WriteAllText(_output, before);
            change();
            var outcome = Report();
            bool same = File.ReadAllText(_manifest).Contains("\"scan.nii.gz\"}", StringComparison.Ordinal)
                && File.GetLastWriteTimeUtc(Path.Combine(_folder.Path, "scan.nii.gz")).Year > 2001;
            Assert.Equal((same ? 0 : 2, 2), (outcome.Code, Lines().Length));
            Assert.Equal(!same, outcome.Error.Contains("reports.jsonl: has a report of 'scan.nii.gz'", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Two_runs_do_not_write_one_file()
    {
        using (new ReportFile(_output, ["w"], "s"))
            Assert.Contains("which no other run writes",
                Assert.Throws<HSENet.Runtime.HseNetFileException>(() => new ReportFile(_output, ["w"], "s")).Message,
                StringComparison.Ordinal);
        new ReportFile(_output, ["w"], "s").Dispose();
        Assert.Equal([_output], Directory.GetFiles(_folder.Path, "reports.jsonl*"));
    }

    [Fact]
    public void Parts_put_one_behind_the_other_are_one_run()
    {
        File.WriteAllLines(_manifest, Enumerable.Range(0, 4).Select(i => $$"""{"image": "scan.nii.gz", "question": "Is there {{i}}?"}"""));
        Assert.Equal(0, Report().Code);
        string[] whole = [.. Lines().Select(Said)];
        File.Delete(_output);
        var outcome = Report("--shard", "2/3");
        Assert.Contains("part 2 of 3 (--shard): rows 2 to 2 of 4", outcome.Error, StringComparison.Ordinal);
        Assert.Equal((0, 0), (Report("--shard", "1/3").Code, Report("--shard", "3/3", "--workers", "2").Code));
        Assert.False(File.Exists(_output));
        File.WriteAllText(_output, string.Concat(Enumerable.Range(1, 3).Select(i =>
            File.ReadAllText(Path.ChangeExtension(_output, $".{i}-of-3.jsonl")))));
        Assert.Equal(whole, Lines().Select(Said));
        // What was joined is a file that a run goes on with.
        Assert.Contains("4 reports, 4 of them from an earlier run", Report().Output, StringComparison.Ordinal);

        static string Said(JsonElement line) => $"{line.GetProperty("question")} {line.GetProperty("text")} {line.GetProperty("study")}";
    }

    [Theory]
    [InlineData("studies.jsonl"), InlineData("studies.json")]
    public void A_manifest_with_a_validation_list_alone_is_a_list_of_studies(string name)
    {
        string manifest = Path.Combine(_folder.Path, name);
        File.WriteAllText(manifest, """{"validation": [{"image": "scan.nii.gz", "notes": ["turned before"]}]}""");
        var outcome = Hsenet.Run("report", "--manifest", manifest, "--out", _output, "--weights", Hsenet.Demo, "--max-tokens", "2");
        Assert.True(outcome.Code == 0, outcome.Error);
        // What was said of the scan before it became the manifest's, and what is said of it now.
        string[] notes = [.. Assert.Single(Lines()).GetProperty("notes").EnumerateArray().Select(note => note.GetString()!)];
        Assert.Equal(["turned before", "turned from RAS to LPS (CT-RATE's)"], notes);
        Assert.All(notes, note => Assert.Contains(note, outcome.Error, StringComparison.Ordinal));
        Hsenet.Run("train", "report", "--manifest", manifest, "--weights", Hsenet.Demo, "--out", _folder.At("run")).IsRefused(name);
    }

    public void Dispose() => _folder.Dispose();
}
