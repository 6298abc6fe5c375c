// Cases of the metrics that the golden file does not hold: stems, synonyms, quotes, ties, bad arguments.

namespace HSENet.Evaluation.Tests;

public sealed class MetricsTests
{
    // Porter's own examples, and where METEOR's variant differs (ties, dying, flies, enjoy, fully).
    [Theory]
    [InlineData("caresses caress ponies poni ties tie cats cat flies fli dying die news news skies sky")]
    [InlineData("feed feed agreed agre plastered plaster bled bled motoring motor sing sing died die cried cri")]
    [InlineData("conflated conflat troubled troubl sized size hopping hop tanned tan falling fall hissing hiss fizzed fizz failing fail "
        + "filing file")]
    [InlineData("happy happi enjoy enjoy by by say say sky sky")]
    [InlineData("relational relat conditional condit rational ration valenci valenc hesitanci hesit digitizer digit radically radic "
        + "differently differ")]
    [InlineData("vietnamization vietnam operator oper feudalism feudal decisiveness decis hopefulness hope callousness callous formality "
        + "formal sensitivity sensit")]
    [InlineData("triplicate triplic formative form formalize formal electrical electr hopeful hope goodness good fully fulli hopefully "
        + "hope")]
    [InlineData("revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop adjustable adjust defensible defens "
        + "irritant irrit")]
    [InlineData("replacement replac adjustment adjust dependent depend adoption adopt communism commun activate activ homologous homolog "
        + "effective effect bowdlerize bowdler")]
    [InlineData("probate probat rate rate cease ceas controlling control rolling roll radiology radiolog As as")]
    public void Stems_as_Porter(string wordsAndStems)
    {
        string[] words = wordsAndStems.Split(' ');
        Assert.Equal(words.Where((_, i) => i % 2 == 1), words.Where((_, i) => i % 2 == 0).Select(PorterStemmer.Stem));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("It's 5 mm. I can't say \"no\", (see [1])...", "It 's 5 mm. I ca n't say `` no '' , ( see [ 1 ] ) ...")]
    [InlineData("a: b, 3:4 1,000; they'll cannot -- end.", "a : b , 3:4 1,000 ; they 'll can not -- end .")]
    [InlineData("\"Clear lungs.\"", "`` Clear lungs . ''")]
    public void Cuts_words_as_the_treebank(string text, string words) =>
        Assert.Equal(words, string.Join(' ', MetricTokens.ForMeteor(text)));

    [Fact]
    public void Equal_texts_have_the_highest_scores()
    {
        const string Text = "No pleural effusion is seen.";
        Assert.Equal(1, BleuScore.Of(Text, Text).Bleu);
        Assert.Equal(1, RougeScore.LongestCommon(Text, Text).F);
        Assert.Equal(1 - 0.5 / 216, Meteor.Score(Text, Text), 1e-12);
        Assert.Equal(0, Meteor.Score("", ""));
        Assert.Equal(0, BleuScore.Of([]).Bleu);
    }

    [Fact]
    public void Of_equal_similarities_the_lower_index_comes_first()
    {
        float[][] same = [[1, 0], [1, 0], [1, 0]];
        Assert.Equal(100.0 / 3, RetrievalMetrics.RecallAt(same, same, 1), 1e-12);
        Assert.Equal(200.0 / 3, RetrievalMetrics.RecallAt(same, same, 2), 1e-12);
        Assert.Equal(100, RetrievalMetrics.RecallAt(same, same, 9), 1e-12);
    }

    [Fact]
    public void Volumes_without_a_finding_are_never_found()
    {
        float[][] volumes = [[1, 0], [0, 1]];
        Assert.Equal(50, RetrievalMetrics.FindingOverlapAt(volumes, [[false, false], [true, false]], 1));
        Assert.Equal(0, RetrievalMetrics.FindingOverlapAt(volumes, [[false], [false]], 1));
    }

    [Fact]
    public void Refuse_arguments_that_do_not_fit()
    {
        float[][] two = [[1, 0], [0, 1]];
        Assert.Throws<ArgumentException>(() => RetrievalMetrics.RecallAt(two, [[1, 0]], 1));
        Assert.Throws<ArgumentException>(() => RetrievalMetrics.RecallAt(two, [[1, 0], [1]], 1));
        Assert.Throws<ArgumentException>(() => RetrievalMetrics.RecallAt([], [], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetrievalMetrics.RecallAt(two, two, 0));
        Assert.Throws<ArgumentException>(() => RetrievalMetrics.FindingOverlapAt(two, [[true]], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RougeScore.Sequence("a", "a", 0));
        Assert.Throws<ArgumentNullException>(() => Meteor.Score(null!, "a"));
    }
}
