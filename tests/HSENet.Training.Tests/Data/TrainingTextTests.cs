// What training reads of a row's words: limits, labels, deleted characters, drawn questions and sentences.
using System.Text;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class TrainingTextTests
{
    static readonly string Demo = GoldenFolder.Toy;
    static readonly LanguageTokenizer Tokenizer = LanguageTokenizer.Open(Demo);
    static readonly TextEncoderTokenizer Words = TextEncoderTokenizer.Open(Demo);

    [Fact]
    public void The_end_token_is_a_label_unless_the_sample_is_cut()
    {
        const int visual = 4;
        const string question = "What is seen?", answer = "The lungs are clear.";
        int prompt = Prompt.Build(Tokenizer, visual, question).Length,
            whole = Prompt.Build(Tokenizer, visual, $"{question} {answer}").Length;
        var (ids, labels) = TrainingText.Answered(Tokenizer, visual, question, answer, whole + 1);
        Assert.Equal([.. Prompt.Build(Tokenizer, visual, $"{question} {answer}"), Tokenizer.EndOfText], ids);
        Assert.Equal([.. Enumerable.Repeat(-100, prompt), .. ids[prompt..]], labels);
        foreach (int limit in (int[])[whole, whole - 1])
        {
            var (cut, kept) = TrainingText.Answered(Tokenizer, visual, question, answer, limit);
            Assert.Equal(ids[..limit], cut);
            Assert.Equal(labels[..limit], kept);
        }
        Assert.All(TrainingText.Answered(Tokenizer, visual, question, answer, prompt - 2).Labels, label => Assert.Equal(-100, label));
    }

    [Fact]
    public void An_end_token_within_the_answer_is_not_learned()
    {
        var (ids, labels) = TrainingText.Answered(Tokenizer, 2, "What?", "clear<|endoftext|>lungs", 64);
        int within = Array.IndexOf(ids, Tokenizer.EndOfText, 1);
        Assert.InRange(within, 1, ids.Length - 2);
        Assert.Equal((-100, Tokenizer.EndOfText), (labels[within], labels[^1]));
    }

    [Fact]
    public void Reports_lose_quotes_and_parentheses() =>
        Assert.Equal("No 5 mm nodule, patients heart.", ReportText.Clean("No \"5 mm\" (nodule), patient's heart."));

    [Fact]
    public void Of_a_long_report_the_first_sentence_and_random_others_stay()
    {
        string[] sentences = [.. Enumerable.Range(0, 40).Select(i => $"the lung {i}")];
        string report = string.Join('.', sentences);
        Assert.Equal(Words.Encode(report), ReportText.Shortened(Words, report, 4096, new SeededDraws(1, "sentences")));
        const int limit = 64;
        int[] first = Words.Encode(sentences[0])[..^1];
        var drawn = Enumerable.Range(0, 8).Select(seed => ReportText.Shortened(Words, report, limit, new SeededDraws(seed, "sentences")))
            .ToArray();
        Assert.All(drawn, ids =>
        {
            Assert.InRange(ids.Length, limit / 2, limit);
            Assert.Equal(first, ids[..first.Length]);
            Assert.Equal(Words.End, ids[^1]);
        });
        Assert.True(drawn.Select(ids => string.Join(' ', ids)).Distinct().Count() > 4, "the draws depend on the seed");
        Assert.Equal(drawn[3], ReportText.Shortened(Words, report, limit, new SeededDraws(3, "sentences")));
        // One sentence alone is too long: it is cut, and the end token stays.
        string endless = string.Join(' ', sentences);
        Assert.Equal([.. Words.Encode(endless)[..9], Words.End],
            ReportText.Shortened(Words, endless, 10, new SeededDraws(0, "sentences")));
    }

    [Fact]
    public void Questions_are_drawn_from_all_templates_and_name_the_abnormality()
    {
        var drawn = Enumerable.Range(0, 400)
            .Select(row => QuestionTemplates.Location.Draw(new SeededDraws(5, "question", 0, row), "a nodule")).ToHashSet();
        Assert.Equal(QuestionTemplates.Location.Count, drawn.Count);
        Assert.All(drawn, question => Assert.Contains("a nodule", question, StringComparison.Ordinal));
    }

    [Fact]
    public void Templates_come_from_a_file()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("questions.txt", "Where is {abnormality}?\n\n  Find {abnormality}.\r\n"u8.ToArray());
        Assert.Equal(2, QuestionTemplates.Read(file, TrainingTask.Vqa).Count);
        Assert.Contains("line 1", Assert.Throws<HseNetFileException>(() => QuestionTemplates.Read(file, TrainingTask.Report)).Message,
            StringComparison.Ordinal);
        folder.Write("questions.txt", Encoding.UTF8.GetBytes("Where?\n"));
        Assert.Contains("{abnormality}", Assert.Throws<HseNetFileException>(() => QuestionTemplates.Read(file, TrainingTask.Vqa)).Message,
            StringComparison.Ordinal);
        folder.Write("questions.txt", "\n"u8.ToArray());
        Assert.Throws<HseNetFileException>(() => QuestionTemplates.Read(file, TrainingTask.Report));
    }

    [Fact]
    public void Draws_are_the_same_again_and_an_order_holds_everything_once()
    {
        int[] order = new SeededDraws(7, "order", 2).Order(1000);
        Assert.Equal(order, new SeededDraws(7, "order", 2).Order(1000));
        Assert.NotEqual(order, new SeededDraws(7, "order", 3).Order(1000));
        Assert.Equal(Enumerable.Range(0, 1000), order.Order());
    }
}
