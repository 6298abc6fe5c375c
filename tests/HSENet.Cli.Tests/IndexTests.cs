// hsenet index and search: four kinds of search, resumed and shared runs, what is refused.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class IndexTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _manifest;

    public IndexTests()
    {
        _manifest = _folder.At("studies.jsonl");
        for (int i = 0; i < 4; i++)
            File.Copy(i % 2 == 0 ? Hsenet.Scan : Path.Combine(Path.GetDirectoryName(Hsenet.Scan)!, "ct_padded.nii.gz"),
                _folder.At($"scan{i}.nii.gz"));
        File.WriteAllLines(_manifest, Enumerable.Range(0, 4).Select(i =>
            $$"""{"image": "scan{{i}}.nii.gz", "text": "The heart is {{(i % 2 == 0 ? "normal" : "large")}}, number {{i}}."}"""));
    }

    public void Dispose() => _folder.Dispose();

    Outcome Build(string output, params string[] more) =>
        Hsenet.Run(["index", "build", _manifest, "--out", _folder.At(output), "--weights", Hsenet.Demo, .. more]);

    static Outcome Done(Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    JsonElement[] Search(params string[] query) => [.. Done(Hsenet.Run(["search", _folder.At("chest.index"), "--weights", Hsenet.Demo,
        "--json", .. query])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];

    static string Study(JsonElement hit) => hit.GetProperty("study").GetString()!;

    [Fact]
    public void Texts_and_volumes_find_texts_and_volumes()
    {
        Assert.Contains("8 items", Done(Build("chest.index")).Output, StringComparison.Ordinal);
        var same = Search("--volume", _folder.At("scan1.nii.gz"), "--top", "4");
        // Scans 1 and 3 are the same file: the earlier one comes first.
        Assert.Equal(["scan1.nii.gz", "scan3.nii.gz"], same[..2].Select(Study));
        Assert.Equal(1, same[0].GetProperty("similarity").GetDouble(), 1e-5);
        var text = Search("--text", "The heart is large, number 3.", "--among", "reports", "--top", "1").Single();
        Assert.Equal(("scan3.nii.gz", "The heart is large, number 3."), (Study(text), text.GetProperty("text").GetString()));
        Assert.Equal(1, text.GetProperty("similarity").GetDouble(), 1e-5);
        Assert.Equal(4, Search("--text", "A nodule.").Length);
        Assert.Equal(3, Search("--volume", Hsenet.Scan, "--among", "reports", "--top", "3").Length);
        Assert.Contains("4 volumes and 4 reports in f32", Done(Hsenet.Run("index", "info", _folder.At("chest.index"), "--verify")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Stopped_and_shared_runs_give_the_bytes_of_one()
    {
        Done(Build("whole.index"));
        byte[] whole = File.ReadAllBytes(_folder.At("whole.index"));
        for (int part = 3; part >= 1; part--)
            Done(Build("parts.index", "--shard", $"{part}/3"));
        Done(Hsenet.Run("index", "merge", "--out", _folder.At("parts.index")));
        Assert.Equal(whole, File.ReadAllBytes(_folder.At("parts.index")));

        File.WriteAllBytes(_folder.At("again.index"), File.ReadAllBytes(_folder.At("parts.1-of-3.index")));
        var again = Done(Build("again.index", "--workers", "2"));
        Assert.Contains("2 of them from an earlier run", again.Output, StringComparison.Ordinal);
        Assert.Equal(whole, File.ReadAllBytes(_folder.At("again.index")));

        // A collection that has grown is appended to; a study that has changed is named.
        File.Copy(Hsenet.Scan, _folder.At("scan4.nii.gz"));
        File.AppendAllText(_manifest, """{"image": "scan4.nii.gz"}""" + "\n");
        File.SetLastWriteTimeUtc(_folder.At("scan0.nii.gz"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        var grown = Build("again.index");
        Assert.Equal(2, grown.Code);
        Assert.Contains("studies.jsonl, line 1: ", grown.Error, StringComparison.Ordinal);
        Assert.Contains("9 items, 8 of them", grown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_build_that_is_killed_goes_on_to_the_same_file() => Goes_on_to_the_same_file(kill: true);

    [UnixFact]
    public Task A_build_that_is_interrupted_goes_on_to_the_same_file() => Goes_on_to_the_same_file(kill: false);

    async Task Goes_on_to_the_same_file(bool kill)
    {
        Done(Build("whole.index"));
        string output = _folder.At("stopped.index");
        using (var process = Hsenet.Start("index", "build", _manifest, "--out", output, "--weights", Hsenet.Demo, "--json"))
        {
            Assert.NotNull(await process.StandardOutput.ReadLineAsync());
            if (kill)
                process.Kill();
            else
                using (System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
                {
                }
            await process.WaitForExitAsync();
            Assert.True(kill || process.ExitCode is 130 or 0, $"exit code {process.ExitCode}");
        }
        Assert.InRange(JsonDocument.Parse(Done(Hsenet.Run("index", "info", output, "--json", "--verify")).Output).RootElement
            .GetProperty("volumes").GetInt32(), 1, 4);
        Done(Build("stopped.index"));
        Assert.Equal(File.ReadAllBytes(_folder.At("whole.index")), File.ReadAllBytes(output));
        Assert.Equal([output], Directory.GetFiles(_folder.Path, "stopped.index*"));
    }

    [Fact]
    public void A_folder_is_indexed_without_reports_and_other_preprocessing_is_not_mixed()
    {
        string output = _folder.At("folder.index");
        Done(Hsenet.Run("index", "build", _folder.Path, "--out", output, "--weights", Hsenet.Demo, "--vectors", "bf16"));
        Assert.Contains("4 volumes and 0 reports in bf16", Hsenet.Run("index", "info", output).Output, StringComparison.Ordinal);
        Hsenet.Run("index", "build", _folder.Path, "--out", output, "--weights", Hsenet.Demo, "--vectors", "bf16", "--orientation",
            "stored")
            .IsRefused("folder.index", "'standard-3', not as 'standard-3+stored'");
        var stored = Hsenet.Run("search", output, "--volume", Hsenet.Scan, "--orientation", "stored", "--weights", Hsenet.Demo);
        Assert.Equal((2, ""), (stored.Code, stored.Output));
        Assert.Contains("folder.index: holds volumes that were prepared as 'standard-3', not as 'standard-3+stored'", stored.Error,
            StringComparison.Ordinal);
        File.WriteAllText(_manifest, """{"image": "scan0.nii.gz"}""" + "\n" + """{"image": "nowhere.nii.gz"}""" + "\n{\n");
        var some = Build("some.index", "--json");
        Assert.Equal(2, some.Code);
        Assert.Contains("nowhere.nii.gz", some.Error, StringComparison.Ordinal);
        Assert.Contains("line 3", some.Error, StringComparison.Ordinal);
        Assert.Equal([true, false], some.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.TryGetProperty("volume", out _)));
    }

    [Fact]
    public void Queries_that_cannot_be_asked_are_refused()
    {
        string[] search = ["search", _folder.At("none.index"), "--weights", Hsenet.Demo];
        Hsenet.Run([.. search, "--text", "a"]).IsRefused("none.index", "no such file");
        Hsenet.Run(search).IsRefused("--text and --volume");
        Hsenet.Run([.. search, "--text", "a", "--volume", "b"]).IsRefused("--text and --volume");
        Hsenet.Run([.. search, "--text", " "]).IsRefused("--text");
        Hsenet.Run([.. search, "--text", "a", "--top", "0"]).IsRefused("--top 0");
        File.WriteAllText(_folder.At("none.index"), "something else");
        Hsenet.Run([.. search, "--text", "a"]).IsRefused("none.index", "is no index");
        Build("none.index").IsRefused("none.index", "is no index");
        Assert.Equal("something else", File.ReadAllText(_folder.At("none.index")));
    }

    [Fact]
    public void Retrieval_is_evaluated_from_a_manifest_in_parts_as_in_one_run()
    {
        string labels = _folder.At("labels.csv");
        File.WriteAllText(labels, "VolumeName,Nodule,Effusion\n" + string.Concat(Enumerable.Range(0, 4).Select(i =>
            $"scan{i}.nii.gz,{i % 2},{(i == 3 ? 1 : 0)}\n")));
        Outcome Eval(string run, params string[] more) =>
            Hsenet.Run(["eval", "retrieval", "--manifest", _manifest, "--out", _folder.At(run),
            "--labels", labels, "--resamples", "20", "--json", .. more.Contains("--join") ? [] : (string[])["--weights", Hsenet.Demo],
                .. more]);
        var whole = Done(Eval("whole"));
        var figures = JsonDocument.Parse(whole.Output).RootElement.GetProperty("figures");
        Assert.Equal(100, figures.GetProperty("image_to_text_5").GetProperty("value").GetDouble());
        // Scans 1 and 3 have findings and the same voxels: each finds scan 1, with all or half of its findings; the others have none.
        Assert.Equal(37.5, figures.GetProperty("volume_to_volume_1").GetProperty("value").GetDouble());
        for (int part = 1; part <= 3; part++)
            Done(Eval("parts", "--shard", $"{part}/3"));
        Assert.Equal(whole.Output, Done(Eval("parts", "--join")).Output);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder.At("whole"), "summary.json")),
            File.ReadAllBytes(Path.Combine(_folder.At("parts"), "summary.json")));
        // A row that is there twice has embeddings: only the one whose scan is missing has none.
        File.AppendAllLines(_manifest, [File.ReadLines(_manifest).First(), """{"image": "nowhere.nii.gz", "text": "A report."}"""]);
        var incomplete = Eval("whole");
        Assert.Equal(2, incomplete.Code);
        Assert.Contains("1 of 6 rows name a study again and are not in the scores", incomplete.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 5 studies have no embeddings and are not in the scores", incomplete.Error, StringComparison.Ordinal);
        File.WriteAllText(labels, "VolumeName,Nodule\nscan0.nii.gz,1\n");
        var unlabelled = Eval("whole");
        Assert.Equal((2, ""), (unlabelled.Code, unlabelled.Output));
        Assert.Contains("labels.csv: has no row for the volume 'scan1.nii.gz'", unlabelled.Error, StringComparison.Ordinal);
    }
}
