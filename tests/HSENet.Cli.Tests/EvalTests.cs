// hsenet eval: runs that are stopped, shared out and joined give the scores of one run; and what is refused.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class EvalTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    string _manifest;

    public EvalTests()
    {
        _manifest = _folder.At("test.jsonl");
        for (int i = 0; i < 4; i++)
            File.Copy(Hsenet.Scan, _folder.At($"scan{i}.nii.gz"));
        File.WriteAllLines(_manifest, Enumerable.Range(0, 4).Select(i =>
            $$"""{"image": "scan{{i}}.nii.gz", "text": "The {{(i < 2 ? "right upper lobe" : "heart")}} shows (old) changes."}"""));
    }

    public void Dispose() => _folder.Dispose();

    Outcome Eval(string task, string run, params string[] more) => Hsenet.Run(["eval", task, "--manifest", _manifest, "--out",
        _folder.At(run), "--resamples", "20", .. more.Contains("--join") ? [] : (string[])["--weights", Hsenet.Demo, "--max-tokens", "6"],
        .. more]);

    static Outcome Done(Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    byte[] Read(string run, string file) => File.ReadAllBytes(Path.Combine(_folder.At(run), file));

    [Fact]
    public void Three_parts_joined_are_one_run()
    {
        var whole = Done(Eval("report", "whole"));
        Assert.Contains("corpus_bleu", whole.Output, StringComparison.Ordinal);
        for (int part = 3; part >= 1; part--)
        {
            var outcome = Done(Eval("report", "parts", "--shard", $"{part}/3"));
            Assert.Contains($"part {part} of 3 (--shard): rows", outcome.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(_folder.At("parts"), "scores.csv")));
            if (part == 2)
                Eval("report", "parts", "--join").IsRefused("predictions.1-of-3.jsonl", "all 3 parts");
        }
        Done(Eval("report", "parts", "--join"));
        foreach (string file in (string[])["scores.csv", "summary.json"])
            Assert.Equal(Read("whole", file), Read("parts", file));
        Assert.Equal(Texts("whole"), Texts("parts"));
        // The reference deletes these characters from the reports that it compares with.
        Assert.Contains("The heart shows old changes.", File.ReadAllText(Path.Combine(_folder.At("whole"), "scores.csv")),
            StringComparison.Ordinal);
    }

    string[] Texts(string run) => [.. File.ReadAllLines(Path.Combine(_folder.At(run), "predictions.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Select(line => $"{line.GetProperty("image")} {line.GetProperty("question")} {line.GetProperty("text")}")];

    [Fact]
    public void A_stopped_run_goes_on_and_several_studies_at_a_time_give_the_same_scores()
    {
        Done(Eval("report", "whole"));
        Directory.CreateDirectory(_folder.At("again"));
        string predictions = Path.Combine(_folder.At("again"), "predictions.jsonl");
        File.WriteAllText(predictions, string.Concat(File.ReadAllText(Path.Combine(_folder.At("whole"), "predictions.jsonl")).Take(3000)));
        var outcome = Done(Eval("report", "again", "--workers", "2", "--json"));
        Assert.Contains("from an earlier run", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(5, outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(Read("whole", "scores.csv"), Read("again", "scores.csv"));
    }

    [Fact]
    public void Questions_of_a_validation_list_are_asked_and_tabulated()
    {
        _manifest = _folder.At("test.json");
        File.WriteAllText(_manifest, """
            {"train": [{"image": "nowhere.nii.gz", "abnormality": "nodule", "anatomy": "Heart"}],
             "validation": [{"image": "scan0.nii.gz", "abnormality": "nodule", "anatomy": "Lung/Right upper lobe"},
                            {"image": "scan0.nii.gz", "question": "Where is it?", "answer": "Heart"},
                            {"image": "missing.nii.gz", "question": "Where is it?", "answer": "Bone"}]}
            """);
        var outcome = Eval("vqa", "answers", "--json");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("missing.nii.gz", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 3 rows have no text and are not in the scores", outcome.Error, StringComparison.Ordinal);
        var summary = JsonDocument.Parse(outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal((2, 1), (summary.GetProperty("samples").GetInt32(), summary.GetProperty("studies").GetInt32()));
        Assert.Equal(["Lung", "Heart"], summary.GetProperty("tables").GetProperty("anatomy").EnumerateArray()
            .Select(row => row.GetProperty("name").GetString()!));
        Assert.Contains("nodule", File.ReadAllLines(Path.Combine(_folder.At("answers"), "scores.csv"))[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_evaluated_is_refused()
    {
        Hsenet.Run("eval", "report", "--manifest", _manifest, "--out", _folder.At("run")).IsRefused("--weights");
        Eval("vqa", "run").IsRefused("test.jsonl", "has no row that can be used");
        Eval("report", "run", "--join").IsRefused("predictions.jsonl", "has no parts");
        Assert.False(Directory.Exists(_folder.At("run")));
        Eval("report", "run", "--shard", "0/3").IsRefused("--shard 0/3");
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--shard", "1/2").IsRefused("--manifest");
    }
}
