// hsenet score: what is refused and how, the intervals, and what a person sees.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ScoreTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Write(string name, string content)
    {
        File.WriteAllText(_folder.At(name), content);
        return _folder.At(name);
    }

    [Theory]
    [InlineData("csv", "", "is empty")]
    [InlineData("csv", "Ground Truth,pred\n", "has no row")]
    [InlineData("csv", "Ground Truth,text\na,b\n", "has no column for the prediction; expected the column \"pred\"")]
    [InlineData("csv", "text,pred\na,b\n", "has no column for the text that was wanted")]
    [InlineData("csv", "Ground Truth,pred,prediction\na,b,c\n", "several columns for the prediction")]
    [InlineData("csv", "Ground Truth,pred\na\n", "line 2 has 1 fields; expected 2")]
    [InlineData("csv", "Ground Truth,pred\n\"two\nlines\",b\n ,c\n", "line 4 has an empty text that was wanted")]
    [InlineData("csv", "Ground Truth,pred\n\"a,b\n", "quote")]
    [InlineData("csv", "Ground Truth,pred,bert_f1\na,b,nan\n", "line 2 has 'nan' as bert_f1; expected a finite number")]
    [InlineData("csv", "Ground Truth,pred,bert_f1\na,b,0.5\nc,d,\n", "bert_f1 on some rows only")]
    [InlineData("csv", "id,Question,Ground Truth,pred\n1,x,a,b\n1,y,a,b\n1,x,a,b\n", "line 4 is about '1' and its question, as line 2 is")]
    [InlineData("jsonl", "", "has no row")]
    [InlineData("jsonl", "{\"reference\": \"a\", \"prediction\": \"b\"}\n{\"reference\": \"a\"}\n",
        "line 2 has no member for the prediction")]
    [InlineData("jsonl", "{\"reference\": \"a\", \"prediction\": null}\n", "line 1 has no prediction")]
    [InlineData("jsonl", "{\"reference\": \"a\", \"prediction\": 3}\n", "line 1 has a number as \"prediction\"; expected a string")]
    [InlineData("jsonl", "[]\n", "line 1 is an array")]
    [InlineData("jsonl", "{\n", "line 1 is not JSON")]
    [InlineData("jsonl", "{\"reference\": \"a\", \"prediction\": \"\\ud800\"}\n", "line 1 holds a string that is not Unicode")]
    public void Predictions_that_cannot_be_used_are_refused(string ending, string content, string problem)
    {
        string table = _folder.At("scores.csv");
        Hsenet.Run("score", "report", Write($"predictions.{ending}", content), "--csv", table).IsRefused($"predictions.{ending}", problem);
        Assert.False(File.Exists(table));
    }

    [Theory]
    [InlineData("{\"image\": [1, 0], \"text\": [0, 1e999]}\n", "line 1 has '1e999' in \"text\"; expected finite numbers")]
    [InlineData("{\"image\": [1, 0]}\n", "line 1 has no \"text\"")]
    [InlineData("{\"image\": [1, 0], \"text\": [0, 1]}\n{\"image\": [1], \"text\": [0, 1]}\n", "line 2 has embeddings of 1 and 2 numbers")]
    [InlineData("{\"image\": [1], \"text\": [1], \"labels\": [0]}\n{\"image\": [1], \"text\": [1]}\n", "line 2 has 0 labels")]
    [InlineData("{\"image\": [1], \"text\": [1], \"labels\": [0.5]}\n", "line 1 has the label 0.5")]
    [InlineData("{\"id\": \"a\", \"image\": [1], \"text\": [1]}\n{\"id\": \"a\", \"image\": [1], \"text\": [1]}\n", "line 2 names a study")]
    [InlineData("{\"id\": \"\\ud800\", \"image\": [1], \"text\": [1]}\n", "line 1 holds a string that is not Unicode")]
    [InlineData("\n", "has no row")]
    public void Embeddings_that_cannot_be_used_are_refused(string content, string problem) =>
        Hsenet.Run("score", "retrieval", Write("embeddings.jsonl", content)).IsRefused("embeddings.jsonl", problem);

    [Fact]
    public void Intervals_follow_from_the_seed_and_draw_studies_whole()
    {
        // Two studies of two answers each: a study is right or wrong as a whole.
        string file = Write("answers.csv",
            "id,question,answer,prediction\na,1,Lung,Lung\na,2,Heart,Heart\nb,1,Lung,Bone\nb,2,Heart,Bone\n");
        string more = Write("more.csv", "answer,prediction\n" + string.Concat(Enumerable.Range(1, 9).Select(i =>
            $"{string.Concat(Enumerable.Repeat("a ", i))},a\n")));
        string Run(string of, string seed) => Hsenet.Run("score", "vqa", of, "--json", "--resamples", "200", "--bootstrap-seed", seed)
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        string first = Run(more, "7");
        Assert.Equal(first, Run(more, "7"));
        Assert.NotEqual(first, Run(more, "8").Replace("\"seed\":8", "\"seed\":7", StringComparison.Ordinal));
        var summary = JsonDocument.Parse(Run(file, "7")).RootElement;
        Assert.Equal((4, 2), (summary.GetProperty("samples").GetInt32(), summary.GetProperty("studies").GetInt32()));
        var text = summary.GetProperty("figures").GetProperty("acc_text");
        Assert.Equal((0.5, 0.0, 1.0),
            (text.GetProperty("value").GetDouble(), text.GetProperty("low").GetDouble(), text.GetProperty("high").GetDouble()));
        var lung = summary.GetProperty("tables").GetProperty("class").EnumerateArray()
            .Single(row => row.GetProperty("name").GetString() == "Lung");
        Assert.Equal((1.0, 0.5, 2.0), (lung.GetProperty("precision").GetDouble(), lung.GetProperty("recall").GetDouble(),
            lung.GetProperty("support").GetDouble()));
    }

    [Fact]
    public void A_person_sees_figures_intervals_and_what_was_left_out()
    {
        var outcome = Hsenet.Run("score", "report",
            Write("reports.csv", "Ground Truth,pred,bleu1,rating\nClear lungs.,Clear lungs.,0.1,5\n"));
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("corpus_bleu1", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("1.0000  1.0000 to 1.0000", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("computed anew or not used: bleu1, rating", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("meteor without WordNet's synonyms", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("no bert_f1", outcome.Error, StringComparison.Ordinal);
    }
}
