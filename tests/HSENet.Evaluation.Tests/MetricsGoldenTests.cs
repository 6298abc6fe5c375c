// The scores of the evaluation equal the reference's.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Evaluation.Tests;

public sealed class MetricsGoldenTests
{
    // The scores are sums of at most some thousand terms in double; the golden values have all their digits.
    const double Tolerance = 1e-6;

    static readonly JsonElement Golden = GoldenFolder.Json("metrics/metrics.json");

    static IEnumerable<(JsonElement Pair, string Reference, string Prediction)> Pairs => Golden.GetProperty("pairs").EnumerateArray()
        .Select(p => (p, p.GetProperty("reference").GetString()!, p.GetProperty("prediction").GetString()!));

    static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];

    static void Equal(JsonElement expected, BleuScore actual)
    {
        Assert.Equal(expected.GetProperty("bleu").GetDouble(), actual.Bleu, Tolerance);
        Assert.Equal(expected.GetProperty("brevity_penalty").GetDouble(), actual.BrevityPenalty, Tolerance);
        Assert.Equal(expected.GetProperty("hypothesis_length").GetInt32(), actual.PredictionLength);
        Assert.Equal(expected.GetProperty("reference_length").GetInt32(), actual.ReferenceLength);
        JsonElement precisions = expected.GetProperty("precisions");
        Assert.Equal(precisions.GetArrayLength(), actual.Precisions.Count);
        for (int n = 0; n < actual.Precisions.Count; n++)
            Assert.Equal(precisions[n].GetDouble(), actual.Precisions[n], Tolerance);
    }

    static void Equal(JsonElement expected, RougeScore actual)
    {
        Assert.Equal(expected.GetProperty("precision").GetDouble(), actual.Precision, Tolerance);
        Assert.Equal(expected.GetProperty("recall").GetDouble(), actual.Recall, Tolerance);
        Assert.Equal(expected.GetProperty("f").GetDouble(), actual.F, Tolerance);
    }

    [Fact]
    public void Cuts_words_as_the_references_do()
    {
        foreach ((JsonElement pair, string reference, string prediction) in Pairs)
        {
            Assert.Equal(Strings(pair.GetProperty("tokens13a")), MetricTokens.ForBleu(prediction));
            Assert.Equal(Strings(pair.GetProperty("meteor_tokens_reference")), MetricTokens.ForMeteor(reference));
            Assert.Equal(Strings(pair.GetProperty("meteor_tokens_prediction")), MetricTokens.ForMeteor(prediction));
        }
    }

    [Fact]
    public void Bleu()
    {
        foreach ((JsonElement pair, string reference, string prediction) in Pairs)
            Equal(pair.GetProperty("bleu"), BleuScore.Of(reference, prediction));
        Equal(Golden.GetProperty("corpus_bleu"), BleuScore.Of(Pairs.Select(p => (p.Reference, p.Prediction))));
    }

    [Fact]
    public void Rouge()
    {
        foreach ((JsonElement pair, string reference, string prediction) in Pairs)
        {
            Equal(pair.GetProperty("rouge").GetProperty("rouge1"), RougeScore.Sequence(reference, prediction, 1));
            Equal(pair.GetProperty("rouge").GetProperty("rouge2"), RougeScore.Sequence(reference, prediction, 2));
            Equal(pair.GetProperty("rouge").GetProperty("rougeL"), RougeScore.LongestCommon(reference, prediction));
        }
    }

    [Fact]
    public void Meteor_whose_pairs_need_no_synonyms()
    {
        foreach ((JsonElement pair, _, _) in Pairs)
            Assert.Equal(pair.GetProperty("meteor_with_wordnet").GetDouble(),
                Meteor.Score(Strings(pair.GetProperty("meteor_tokens_reference")), Strings(pair.GetProperty("meteor_tokens_prediction"))),
                    Tolerance);
    }

    [Fact]
    public void Retrieval()
    {
        JsonElement retrieval = Golden.GetProperty("retrieval");
        float[][] images = Embeddings(retrieval.GetProperty("image")), texts = Embeddings(retrieval.GetProperty("text"));
        bool[][] findings = [.. retrieval.GetProperty("labels").EnumerateArray()
            .Select(l => l.EnumerateArray().Select(f => f.GetInt32() == 1).ToArray())];
        foreach (JsonProperty k in retrieval.GetProperty("image_to_text").EnumerateObject())
            Assert.Equal(k.Value.GetDouble(), RetrievalMetrics.RecallAt(images, texts, int.Parse(k.Name)), Tolerance);
        foreach (JsonProperty k in retrieval.GetProperty("text_to_image").EnumerateObject())
            Assert.Equal(k.Value.GetDouble(), RetrievalMetrics.RecallAt(texts, images, int.Parse(k.Name)), Tolerance);
        var overlaps = new List<double>();
        foreach (JsonProperty k in retrieval.GetProperty("volume_to_volume").EnumerateObject())
        {
            overlaps.Add(RetrievalMetrics.FindingOverlapAt(images, findings, int.Parse(k.Name)));
            Assert.Equal(k.Value.GetDouble(), overlaps[^1], Tolerance);
            // The reference script never empties its list, so that each figure is the mean of all before it.
            Assert.Equal(retrieval.GetProperty("volume_to_volume_cumulative_as_upstream").GetProperty(k.Name).GetDouble(),
                overlaps.Average(), Tolerance);
        }

        static float[][] Embeddings(JsonElement rows) =>
            [.. rows.EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetSingle()).ToArray())];
    }

    [Fact]
    public void Answers()
    {
        JsonElement vqa = Golden.GetProperty("vqa");
        Assert.Equal(Strings(vqa.GetProperty("classes")), AnswerMetrics.Classes);
        foreach (JsonElement entry in vqa.GetProperty("cases").EnumerateArray())
        {
            string answer = entry.GetProperty("answer").GetString()!, prediction = entry.GetProperty("prediction").GetString()!;
            Assert.Equal(entry.GetProperty("acc_class").GetInt32() == 1, AnswerMetrics.IsClassRight(answer, prediction));
            Assert.Equal(entry.GetProperty("acc_text").GetInt32() == 1, AnswerMetrics.IsTextRight(answer, prediction));
            Assert.Equal(entry.GetProperty("true_class").GetString(), AnswerMetrics.ClassOf(answer));
            Assert.Equal(entry.GetProperty("predicted_class").GetString(), AnswerMetrics.ClassOf(prediction));
        }
    }
}
