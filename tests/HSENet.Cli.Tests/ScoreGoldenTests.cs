// The reference's scores, computed by the program from files of predictions and embeddings.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ScoreGoldenTests : IDisposable
{
    const double Tolerance = 1e-6;

    static readonly JsonElement Golden = GoldenFolder.Json("metrics/metrics.json");

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static JsonElement[] Lines(Outcome outcome)
    {
        Assert.True(outcome.Code == 0, outcome.Error);
        return [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    static void Same(JsonElement expected, string name, JsonElement actual, string? other = null) =>
        Assert.Equal(expected.GetProperty(name).GetDouble(), actual.GetProperty(other ?? name).GetDouble(), Tolerance);

    [Theory]
    [InlineData("pairs.csv"), InlineData("pairs.jsonl")]
    public void Reports(string name)
    {
        JsonElement[] pairs = [.. Golden.GetProperty("pairs").EnumerateArray()];
        (string Wanted, string Text)[] texts =
            [.. pairs.Select(pair => (pair.GetProperty("reference").GetString()!, pair.GetProperty("prediction").GetString()!))];
        string file = _folder.At(name);
        File.WriteAllText(file, name.EndsWith("csv", StringComparison.Ordinal)
            ? "Ground Truth,pred\r\n" + string.Concat(texts.Select(pair => $"{Quoted(pair.Wanted)},{Quoted(pair.Text)}\r\n"))
            : string.Concat(texts.Select(pair =>
                new JsonObject { ["reference"] = pair.Wanted, ["prediction"] = pair.Text }.ToJsonString() + "\n")));
        var lines = Lines(Hsenet.Run("score", "report", file, "--json", "--resamples", "20"));
        Assert.Equal(pairs.Length + 1, lines.Length);
        foreach (var (pair, line) in pairs.Zip(lines))
        {
            JsonElement bleu = pair.GetProperty("bleu"), rouge = pair.GetProperty("rouge");
            Same(bleu, "bleu", line);
            Same(bleu, "brevity_penalty", line);
            Same(bleu, "hypothesis_length", line, "prediction_length");
            Same(bleu, "reference_length", line);
            for (int n = 0; n < 4; n++)
                Assert.Equal(bleu.GetProperty("precisions")[n].GetDouble(), line.GetProperty("precisions")[n].GetDouble(), Tolerance);
            foreach (var kind in rouge.EnumerateObject())
                foreach (string part in (string[])["precision", "recall", "f"])
                    Same(kind.Value, part, line.GetProperty(kind.Name));
            Same(pair, "meteor_with_wordnet", line, "meteor");
        }
        var figures = lines[^1].GetProperty("figures");
        var corpus = Golden.GetProperty("corpus_bleu");
        foreach (var (theirs, ours) in ((string, string)[])[("bleu", "corpus_bleu"), ("brevity_penalty", "corpus_brevity_penalty"),
            ("hypothesis_length", "corpus_prediction_length"), ("reference_length", "corpus_reference_length")])
            Same(corpus, theirs, figures.GetProperty(ours), "value");
        for (int n = 0; n < 4; n++)
        {
            Assert.Equal(corpus.GetProperty("precisions")[n].GetDouble(), Value(figures, $"corpus_bleu{n + 1}"), Tolerance);
            Assert.Equal(pairs.Average(pair => pair.GetProperty("bleu").GetProperty("precisions")[n].GetDouble()),
                Value(figures, $"bleu{n + 1}"), Tolerance);
        }
        Assert.Equal(pairs.Average(pair => pair.GetProperty("meteor_with_wordnet").GetDouble()), Value(figures, "meteor"), Tolerance);
    }

    [Fact]
    public void Answers()
    {
        JsonElement[] cases = [.. Golden.GetProperty("vqa").GetProperty("cases").EnumerateArray()];
        string file = _folder.At("answers.csv");
        string Text(JsonElement entry, string name) => Quoted(entry.GetProperty(name).GetString()!);
        File.WriteAllText(file, "Question,Ground Truth,pred,bert_f1\n" + string.Concat(cases.Select((entry, i) => string.Create(
            CultureInfo.InvariantCulture, $"q{i},{Text(entry, "answer")},{Text(entry, "prediction")},0.{i + 1}\n"))));
        string table = _folder.At("scores.csv");
        var lines = Lines(Hsenet.Run("score", "vqa", file, "--json", "--csv", table, "--resamples", "0"));
        foreach (var (entry, line) in cases.Zip(lines))
        {
            Same(entry, "acc_class", line);
            Same(entry, "acc_text", line);
            foreach (string name in (string[])["true_class", "predicted_class"])
                Assert.Equal(entry.GetProperty(name).GetString(), line.GetProperty(name).GetString());
        }
        var figures = lines[^1].GetProperty("figures");
        string Wanted(JsonElement entry) => entry.GetProperty("true_class").GetString()!;
        Assert.Equal(cases.Average(entry => entry.GetProperty("acc_text").GetInt32()), Value(figures, "acc_text"), Tolerance);
        Assert.Equal(cases.GroupBy(Wanted).Average(group => group.Average(entry => entry.GetProperty("acc_class").GetInt32())),
            Value(figures, "macro_acc_class"), Tolerance);
        Assert.Equal(cases.Average(entry => entry.GetProperty("predicted_class").GetString() == Wanted(entry) ? 1.0 : 0),
            Value(figures, "class_accuracy"), Tolerance);
        string[] rows = File.ReadAllText(table).Split("\r\n");
        Assert.Equal("Question,Anatomy Type,Ground Truth,pred,bleu1,bleu2,bleu3,bleu4,rouge1,rougeL,meteor,bert_f1,acc_class,acc_text",
            rows[0]);
        Assert.StartsWith($"q0,{Wanted(cases[0])},{cases[0].GetProperty("answer").GetString()},", rows[1], StringComparison.Ordinal);
        Assert.EndsWith($",0.1,{cases[0].GetProperty("acc_class")},{cases[0].GetProperty("acc_text")}", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Retrieval()
    {
        var retrieval = Golden.GetProperty("retrieval");
        int studies = retrieval.GetProperty("image").GetArrayLength();
        var text = new StringBuilder();
        for (int i = 0; i < studies; i++)
            text.Append(CultureInfo.InvariantCulture, $$"""{"id": "{{i}}", "image": {{Row("image", i)}}, "text": {{Row("text", i)}}, """)
                .Append(CultureInfo.InvariantCulture, $$"""
                    "labels": {{Row("labels", i)}}}
                    """).Append('\n');
        string file = _folder.At("embeddings.jsonl");
        File.WriteAllText(file, text.ToString());
        var figures = Lines(Hsenet.Run("score", "retrieval", file, "--json", "--resamples", "50")).Single().GetProperty("figures");
        foreach (var (theirs, ours) in ((string, string)[])[("image_to_text", "image_to_text"), ("text_to_image", "text_to_image"),
            ("volume_to_volume", "volume_to_volume"), ("volume_to_volume_cumulative_as_upstream", "volume_to_volume_as_reference")])
            foreach (var k in retrieval.GetProperty(theirs).EnumerateObject())
            {
                var figure = figures.GetProperty($"{ours}_{k.Name}");
                Assert.Equal(k.Value.GetDouble(), figure.GetProperty("value").GetDouble(), Tolerance);
                Assert.InRange(k.Value.GetDouble(), figure.GetProperty("low").GetDouble(), figure.GetProperty("high").GetDouble());
            }
        Assert.True(Value(figures, "volume_to_volume_without_itself_1") < Value(figures, "volume_to_volume_1"));

        string Row(string name, int i) => retrieval.GetProperty(name)[i].GetRawText().ReplaceLineEndings(" ");
    }

    static double Value(JsonElement figures, string name) => figures.GetProperty(name).GetProperty("value").GetDouble();

    static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
