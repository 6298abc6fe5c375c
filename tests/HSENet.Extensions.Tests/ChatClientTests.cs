// The chat client gives the model's own answers, and what it cannot do is an error that names it.
using HSENet.Kernels;
using HSENet.Runtime;
using Microsoft.Extensions.AI;

namespace HSENet.Extensions.Tests;

public sealed class ChatClientTests : IClassFixture<DemoModel>, IDisposable
{
    readonly HseNetModel _model;
    readonly StudyStore _store;
    readonly HseNetChatClient _client;
    readonly Logged<StudyStore> _stored = new();
    readonly Logged<HseNetChatClient> _asked = new();

    public ChatClientTests(DemoModel demo)
    {
        _model = demo.Model;
        _store = new StudyStore(_model, 2, _stored);
        _client = new HseNetChatClient(_model, _store, logger: _asked);
    }

    public void Dispose() => _store.Dispose();

    static ChatMessage Data(string? question = null) => new(ChatRole.User,
        [new DataContent(DemoModel.File(), "application/gzip") { Name = "Miller_Anna.nii.gz" }, .. Text(question)]);

    static IEnumerable<AIContent> Text(string? text) => text is null ? [] : [new TextContent(text)];

    static ChatMessage Message(CtStudy study, string? question = null) => new(ChatRole.User, [new StudyContent(study), .. Text(question)]);

    [Fact]
    public async Task A_study_without_words_gets_its_report_with_the_tokens_used()
    {
        using var study = CtStudy.Read(new MemoryStream(DemoModel.File()), "scan");
        var expected = _model.Report(study).Complete();
        var response = await _client.GetResponseAsync([Data()]);
        Assert.Equal(expected.Text.TrimStart(), response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(HseNetChatClient.ModelId, response.ModelId);
        var usage = Assert.IsType<UsageDetails>(response.Usage);
        Assert.Equal((expected.PromptTokens, expected.Ids.Count), (usage.InputTokenCount!.Value, usage.OutputTokenCount!.Value));
        Assert.Equal(expected.PromptTokens + expected.Ids.Count, usage.TotalTokenCount);
        Assert.Equal(0, usage.CachedInputTokenCount);
        Assert.Equal(expected.Ids, Assert.IsType<ReportResult>(response.RawRepresentation).Ids);
        Assert.Equal(study.Notes, Assert.IsType<string[]>(response.AdditionalProperties![HseNetChatClient.NotesKey]));
    }

    [Fact]
    public async Task Updates_are_pieces_of_the_answer_and_the_last_has_the_result()
    {
        using var study = DemoModel.Scan();
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in _client.GetStreamingResponseAsync([Message(study, "Where?")], new ChatOptions { MaxOutputTokens = 6 }))
            updates.Add(update);
        Assert.True(updates.Count > 3);
        Assert.All(updates[..^1], update => Assert.IsType<TextContent>(Assert.Single(update.Contents)));
        var result = Assert.IsType<ReportResult>(updates[^1].RawRepresentation);
        Assert.Equal(result.Text.TrimStart(), string.Concat(updates.Select(update => update.Text)));
        Assert.Equal((6, ChatFinishReason.Length), (result.Ids.Count, updates[^1].FinishReason));
        Assert.Single(updates.Select(update => update.ResponseId).Distinct());
        Assert.Equal((await _client.GetResponseAsync([Message(study, "Where?")], new ChatOptions { MaxOutputTokens = 6 })).Text,
            result.Text.TrimStart());
    }

    [Fact]
    public async Task A_study_is_encoded_once_by_its_bytes_or_its_object_and_stays_its_owners()
    {
        await _client.GetResponseAsync([Data("Where?")]);
        var second = await _client.GetResponseAsync([Data("What is seen?")]);
        Assert.Equal(1, _stored.Count(3));
        Assert.True(second.Usage!.CachedInputTokenCount > _model.VisualTokens);

        using var study = DemoModel.Scan();
        await _client.GetResponseAsync([Message(study, "Where?")]);
        await _client.GetResponseAsync([Message(study, "What is seen?")]);
        Assert.Equal(2, _stored.Count(3));
        using var encoded = _model.Encode(study);
        var own = await _client.GetResponseAsync([new(ChatRole.User, [new StudyContent(encoded), new TextContent("Where?")])]);
        Assert.Equal(2, _stored.Count(3));
        Assert.Equal(encoded.Ask("Where?").Complete().Text.TrimStart(), own.Text);
        Assert.True(encoded.Bytes > 0);
    }

    [Fact]
    public async Task A_question_after_an_answer_follows_it_as_in_a_conversation()
    {
        using var study = DemoModel.Scan();
        using var encoded = _model.Encode(study);
        var options = new ReportOptions { MaxTokens = 5, Sampling = new() { Temperature = 5, Seed = 9 } };
        var chat = new ChatOptions { MaxOutputTokens = 5, Temperature = 5, Seed = 9 };
        (string, string)[] said = [("What is seen?", "The lungs are clear."), ("Where?", "Left.")];
        using var conversation = encoded.Chat(turns: said);
        var expected = conversation.Ask("Is it large?", options).Complete();

        // Words and study may come in messages of their own.
        var response = await _client.GetResponseAsync([
            new(ChatRole.User, [new StudyContent(study)]), new(ChatRole.User, said[0].Item1), new(ChatRole.Assistant, said[0].Item2),
            new(ChatRole.User, said[1].Item1), new(ChatRole.Assistant, said[1].Item2), new(ChatRole.User, "Is it large?")], chat);
        Assert.Equal(expected.Text.TrimStart(), response.Text);
        Assert.Equal(expected.PromptTokens, response.Usage!.InputTokenCount);

        // What this client answered goes back into it.
        List<ChatMessage> history = [Message(study)];
        history.AddMessages(await _client.GetResponseAsync(history));
        history.Add(new(ChatRole.User, "Where?"));
        string report = history[1].Text;
        using var same = encoded.Chat(turns: [(new ReportOptions().Question, report)]);
        Assert.Equal(same.Ask("Where?", options).Complete().Text.TrimStart(), (await _client.GetResponseAsync(history, chat)).Text);
    }

    [Fact]
    public async Task Messages_that_have_no_place_in_the_prompt_are_refused_by_name()
    {
        using var study = DemoModel.Scan();
        using var other = DemoModel.Scan(1);
        ChatMessage user = Message(study, "Where?"), assistant = new(ChatRole.Assistant, "Left.");
        (ChatMessage[] Messages, string Says)[] cases =
        [
            ([], "there is no message"),
            ([new(ChatRole.User, "Where?")], "no message holds a study"),
            ([new(ChatRole.System, "Be brief."), user], "the role system"),
            ([user, new(ChatRole.Tool, "4")], "the role tool"),
            ([user, assistant], "the last message is the assistant's"),
            ([assistant, user], "follows none of a user"),
            ([user, assistant, assistant, user], "follows none of a user"),
            ([new(ChatRole.User, "Hello."), assistant, user], "after the first question"),
            ([user, new(ChatRole.Assistant, [new StudyContent(study)]), user], "after the first question"),
            ([user, Message(other)], "two studies"),
            ([user, new(ChatRole.User, [new UriContent("https://example.org/scan.nii.gz", "application/gzip")])], "the address of a file"),
            ([user, new(ChatRole.User, [new DataContent(new byte[4], "image/png")])], "holds image/png"),
            ([user, new(ChatRole.User, [new FunctionCallContent("1", "f")])], "holds FunctionCallContent"),
            ([new(ChatRole.User, [new DataContent(new byte[400], "application/zip")])], "the study: "),
        ];
        foreach (var (messages, says) in cases)
            Assert.Contains(says, (await Assert.ThrowsAnyAsync<HseNetException>(() => _client.GetResponseAsync(messages))).Message);
        Assert.Equal(0, _model.Requests);
    }

    [Fact]
    public async Task A_caller_that_stops_reading_or_cancels_frees_the_model()
    {
        using var study = DemoModel.Scan();
        await foreach (var _ in _client.GetStreamingResponseAsync([Message(study)]))
            break;
        Assert.Equal(0, _model.Requests);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in _client.GetStreamingResponseAsync([Message(study)], cancellationToken: stop.Token))
                stop.Cancel();
        });
        Assert.Equal(0, _model.Requests);
        Assert.Equal(2, _asked.Count(8));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.GetResponseAsync([Message(study)], null, stop.Token));
    }

    [Fact]
    public async Task What_is_logged_has_no_words_and_no_names()
    {
        await _client.GetResponseAsync([Data("Has Anna a nodule?")]);
        await Assert.ThrowsAnyAsync<HseNetException>(() => _client.GetResponseAsync([Data(new string('a', 100_000))]));
        string[] lines = [.. _asked.Lines.Concat(_stored.Lines).Select(line => line.Text)];
        Assert.Equal((1, 1), (_asked.Count(7), _asked.Count(9)));
        Assert.DoesNotContain("Anna", string.Concat(lines));
        Assert.DoesNotContain("nodule", string.Concat(lines));
        Assert.DoesNotContain("aaaa", string.Concat(lines));
    }

    [Fact]
    public void It_gives_its_model_and_metadata_as_services()
    {
        IChatClient client = _client;
        Assert.Same(_model, client.GetService<HseNetModel>());
        Assert.Same(_client, client.GetService<IChatClient>());
        Assert.Equal("hsenet", client.GetService<ChatClientMetadata>()!.DefaultModelId);
        Assert.Null(client.GetService(typeof(IChatClient), "other"));
        Assert.Null(client.GetService<Device>());
    }
}
