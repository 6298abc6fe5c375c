// A conversation is one growing prompt: each turn has the ids of the whole prompt read at once, and reads what is new.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ConversationTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new(2);
    readonly HseNetModel _model;
    readonly CtStudy _study;
    readonly EncodedStudy _encoded;

    public ConversationTests()
    {
        _model = HseNetModel.Open(EncodedStudyTests.Demo, _device);
        _study = FinishedStudy.Create(_folder, _model.Config, 2);
        _encoded = _model.Encode(_study);
    }

    static ReportOptions Options(int tokens) =>
        new() { MaxTokens = tokens, Sampling = new SamplingOptions { Temperature = 5, Seed = 3 } };

    // The whole prompt at once, without anything that was kept.
    int[] AtOnce(int[] prompt, ReportOptions options)
    {
        var config = _model.Config;
        var plan = InferencePlan.For(config, prompt.Length, prompt.Length + options.MaxTokens);
        using var arena = new Arena(_device, plan.Memory);
        var pass = new Pass(_device, arena);
        var generator = new Generator(_model.Language, config.LanguageModel, plan);
        generator.Begin(pass, prompt.Length);
        return [.. generator.Generate(pass, prompt, _encoded.Adapted[0].VisualTokens, 0, new TokenChoice(options.Sampling),
            options.MaxTokens, default)];
    }

    [Fact]
    public void A_turn_has_the_ids_of_the_whole_prompt_and_reads_what_is_new()
    {
        using var chat = _encoded.Chat();
        int[] said = [];
        string[] questions = ["What is seen?", "Where?", "Is it large?"];
        foreach (string question in questions)
        {
            int[] words = _model.Tokenizer.Encode(question);
            var turn = chat.Ask(question, Options(8)).Complete();
            int[] prompt = said.Length == 0 ? Prompt.Build(_model.Tokenizer, _model.VisualTokens, question) : [.. said, .. words];
            Assert.Equal(AtOnce(prompt, Options(8)), turn.Ids);
            Assert.Equal(prompt.Length, turn.PromptTokens);
            // The last token of an answer was chosen, not read.
            Assert.Equal(said.Length == 0 ? prompt.Length : 1 + words.Length, turn.ReadTokens);
            said = [.. prompt, .. turn.Ids];
            Assert.Equal(said.Length, chat.Tokens);
        }
        Assert.Equal(questions, chat.Turns.Select(turn => turn.Question));
    }

    [Fact]
    public void A_conversation_goes_on_from_the_text_of_its_turns()
    {
        // Answers that end by themselves, as the model learned them.
        var report = new ReportOptions { Question = Prompt.DefaultQuestion };
        using var chat = _encoded.Chat();
        var first = chat.Ask(Prompt.DefaultQuestion, report).Complete();
        Assert.True(first.Ended);
        chat.Ask("Where?", Options(6)).Complete();
        using var again = _encoded.Chat(turns: [.. chat.Turns.Take(1)]);
        Assert.Equal(first.PromptTokens + first.Ids.Count, again.Tokens);
        var second = again.Ask("Where?", Options(6)).Complete();
        Assert.Equal(chat.Turns, again.Turns);
        Assert.Equal(chat.Tokens, again.Tokens);
        // The prefix was kept: the words of both turns are read.
        Assert.Equal(second.PromptTokens - _model.Config.PrefixTokens, second.ReadTokens);
        Assert.Throws<HseNetException>(() => _encoded.Chat(turns: [(" ", "Nothing.")]));
    }

    [Fact]
    public void A_turn_that_crosses_the_original_length_reads_all_of_it_with_the_long_factors()
    {
        int border = _model.Config.LanguageModel.OriginalMaxPositionEmbeddings;
        using var chat = _encoded.Chat();
        var first = chat.Ask("What is seen?", Options(8)).Complete();
        int[] said = [.. Prompt.Build(_model.Tokenizer, _model.VisualTokens, "What is seen?"), .. first.Ids];
        int[] prompt = [.. said, .. _model.Tokenizer.Encode(EncodedStudyTests.LongQuestion)];
        var crossing = chat.Ask(EncodedStudyTests.LongQuestion, Options(8)).Complete();
        Assert.True(first.PromptTokens <= border && crossing.PromptTokens > border);
        Assert.Equal(AtOnce(prompt, Options(8)), crossing.Ids);
        Assert.Equal(prompt.Length, crossing.ReadTokens);

        var after = chat.Ask("Where?", Options(8)).Complete();
        Assert.Equal(1 + _model.Tokenizer.Encode("Where?").Length, after.ReadTokens);
        Assert.Equal(AtOnce([.. prompt, .. crossing.Ids, .. _model.Tokenizer.Encode("Where?")], Options(8)), after.Ids);
    }

    [Fact]
    public void Other_requests_between_turns_change_nothing()
    {
        using var chat = _encoded.Chat();
        using var other = _encoded.Chat();
        int[][] undisturbed = [.. Turns(chat)];
        using var disturbed = _encoded.Chat();
        var turns = Turns(disturbed).GetEnumerator();
        for (int i = 0; turns.MoveNext(); i++)
        {
            Assert.Equal(undisturbed[i], turns.Current);
            other.Ask("Is there a nodule?", Options(5)).Complete();
            _model.Report(_study, Options(3)).Complete();
        }

        static IEnumerable<int[]> Turns(Conversation chat) =>
            ((string[])["What is seen?", "Where?", "Since when?"])
                .Select(question => chat.Ask(question, Options(6)).Complete().Ids.ToArray());
    }

    [Fact]
    public void A_turn_that_is_cancelled_leaves_the_conversation_as_it_was()
    {
        using var chat = _encoded.Chat();
        using var same = _encoded.Chat();
        chat.Ask("What is seen?", Options(6)).Complete();
        same.Ask("What is seen?", Options(6)).Complete();
        int tokens = chat.Tokens;
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => chat.Ask("Where?", Options(6), cancelled.Token).Complete());
        Assert.Equal((tokens, 1), (chat.Tokens, chat.Turns.Count));
        Assert.Equal(same.Ask("Where?", Options(6)).Complete().Ids, chat.Ask("Where?", Options(6)).Complete().Ids);
    }

    [Fact]
    public void A_conversation_is_bounded()
    {
        int first = Prompt.Build(_model.Tokenizer, _model.VisualTokens, "What is seen?").Length;
        using var chat = _encoded.Chat(maxTokens: first + 4);
        Assert.InRange(chat.Ask("What is seen?", Options(100)).Complete().Ids.Count, 1, 4);
        var error = Assert.Throws<HseNetException>(() => chat.Ask("And the mediastinum, the heart and the vessels?").Complete());
        Assert.Contains($"expected fewer than {first + 4}", error.Message, StringComparison.Ordinal);
        Assert.Single(chat.Turns);
    }

    [Fact]
    public void What_is_disposed_is_named()
    {
        var chat = _encoded.Chat();
        chat.Ask("What is seen?", Options(2)).Complete();
        chat.Dispose();
        chat.Dispose();
        Assert.Equal(typeof(Conversation).FullName, Assert.Throws<ObjectDisposedException>(() => chat.Ask("Where?")).ObjectName);
        using var other = _encoded.Chat();
        _encoded.Dispose();
        Assert.Equal(typeof(EncodedStudy).FullName, Assert.Throws<ObjectDisposedException>(() => other.Ask("Where?")).ObjectName);
        Assert.Throws<ObjectDisposedException>(() => _encoded.Chat());
    }

    public void Dispose()
    {
        _encoded.Dispose();
        _study.Dispose();
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }
}
