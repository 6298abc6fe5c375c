// Penalty and min-p against the formula, probabilities against a softmax in double, stop sequences however the text is cut into pieces.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class TokenChoiceTests : IDisposable
{
    static readonly string Demo = GoldenFolder.Toy;

    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new(1);
    readonly HseNetModel _model;
    readonly EncodedStudy _encoded;

    public TokenChoiceTests()
    {
        _model = HseNetModel.Open(Demo, _device);
        using var study = FinishedStudy.Create(_folder, _model.Config, 4);
        _encoded = _model.Encode(study);
    }

    ReportResult Report(SamplingOptions sampling, int tokens = 20) =>
        _encoded.Report(new ReportOptions { MaxTokens = tokens, Sampling = sampling, Logits = true, LogProbabilities = true }).Complete();

    [Fact]
    public void Logits_and_probabilities_are_those_of_each_id()
    {
        var result = Report(SamplingOptions.Greedy);
        Assert.Equal((result.Ids.Count, result.Ids.Count), (result.Logits!.Count, result.LogProbabilities!.Count));
        for (int i = 0; i < result.Ids.Count; i++)
        {
            double[] logits = [.. result.Logits[i].ToArray().Select(logit => (double)logit)];
            Assert.Equal(_model.Config.LanguageModel.VocabSize, logits.Length);
            Assert.Equal(logits.Max(), logits[result.Ids[i]]);
            double largest = logits.Max(), sum = logits.Sum(logit => Math.Exp(logit - largest));
            Assert.Equal(logits[result.Ids[i]] - largest - Math.Log(sum), result.LogProbabilities[i], 1e-5);
        }
        var plain = _encoded.Report(new ReportOptions { MaxTokens = 20 }).Complete();
        Assert.Equal(plain.Ids, result.Ids);
        Assert.Null(plain.Logits);
        Assert.Null(plain.LogProbabilities);
    }

    [Theory, InlineData(1.3f), InlineData(20f), InlineData(0.5f)]
    public void A_repetition_penalty_divides_positive_logits_of_what_was_said_and_multiplies_negative_ones(float penalty)
    {
        var result = Report(new SamplingOptions { RepetitionPenalty = penalty });
        for (int i = 0; i < result.Ids.Count; i++)
        {
            float[] logits = result.Logits![i].ToArray();
            foreach (int said in result.Ids.Take(i).Distinct())
                logits[said] = logits[said] > 0 ? logits[said] / penalty : logits[said] * penalty;
            Assert.Equal(Array.IndexOf(logits, logits.Max()), result.Ids[i]);
        }
        // Strong enough, no word comes twice.
        if (penalty == 20)
            Assert.Equal(result.Ids.Count, result.Ids.Distinct().Count());
    }

    [Fact]
    public void Min_p_leaves_only_tokens_of_that_share_of_the_most_likely_one()
    {
        const float temperature = 4, minP = 0.2f;
        int dropped = 0;
        for (ulong seed = 0; seed < 8; seed++)
        {
            var all = Report(new SamplingOptions { Temperature = temperature, Seed = seed }, 6);
            var result = Report(new SamplingOptions { Temperature = temperature, MinP = minP, Seed = seed }, 6);
            for (int i = 0; i < result.Ids.Count; i++)
                Assert.True(Share(result, i) >= minP * 0.9999, $"{Share(result, i)}");
            dropped += Enumerable.Range(0, all.Ids.Count).Count(i => Share(all, i) < minP);
        }
        Assert.True(dropped > 0, "without min-p nothing is drawn that it would drop: the test shows nothing");

        double Share(ReportResult result, int i)
        {
            float[] logits = result.Logits![i].ToArray();
            return Math.Exp((logits[result.Ids[i]] - logits.Max()) / temperature);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_draws_and_another_one_others()
    {
        string[] texts = [.. new ulong[] { 1, 1, 2 }.Select(seed => string.Join(' ',
            Report(new SamplingOptions { Temperature = 5, MinP = 0.01f, RepetitionPenalty = 1.1f, Seed = seed }).Ids))];
        Assert.Equal(texts[0], texts[1]);
        Assert.NotEqual(texts[0], texts[2]);
    }

    [Fact]
    public void A_text_ends_before_a_stop_sequence_and_what_is_streamed_is_the_text()
    {
        string whole = _encoded.Report().Complete().Text;
        foreach (int at in (int[])[1, whole.Length / 3, whole.Length / 2])
        {
            string stop = whole.Substring(at, 5);
            string expected = whole[..whole.IndexOf(stop, StringComparison.Ordinal)];
            var report = _encoded.Report(new ReportOptions { StopSequences = ["never said", stop] });
            Assert.Equal(expected, string.Concat(report.Select(piece => piece)));
            Assert.Equal((expected, true), (report.Result.Text, report.Result.Ended));
        }
        Assert.Equal(whole, _encoded.Report(new ReportOptions { StopSequences = [whole + "!"] }).Complete().Text);
    }

    [Theory]
    [InlineData("abcabd", "abd", "abc")]
    [InlineData("aaab", "aab", "a")]
    [InlineData("one two", "two three", "one two")]
    [InlineData("x", "x", "")]
    public void A_stop_sequence_is_found_however_the_text_comes(string text, string stop, string expected)
    {
        for (int cuts = 0; cuts < 1 << (text.Length - 1); cuts++)
        {
            var stops = new StopText([stop]);
            string given = "", piece = "";
            for (int i = 0; i < text.Length; i++)
            {
                piece += text[i];
                if (i < text.Length - 1 && (cuts >> i & 1) == 0)
                    continue;
                given += stops.Append(piece);
                Assert.StartsWith(given, text, StringComparison.Ordinal);
                piece = "";
            }
            Assert.Equal(expected, given + stops.Finish());
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        foreach (var sampling in (SamplingOptions[])[new() { MinP = 1 }, new() { MinP = -0.1f }, new() { RepetitionPenalty = 0 },
            new() { RepetitionPenalty = float.NaN }, new() { MinP = float.NaN }])
            Assert.Throws<HseNetException>(() => _encoded.Report(new ReportOptions { Sampling = sampling }));
        Assert.Throws<HseNetException>(() => _encoded.Report(new ReportOptions { StopSequences = [""] }));
        Assert.Throws<ArgumentNullException>(() => _encoded.Report(new ReportOptions { StopSequences = null! }));
    }

    public void Dispose()
    {
        _encoded.Dispose();
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }
}
