// Every option of a chat is used or refused: an option that a later version of the interface brings fails here.
using System.Reflection;
using HSENet.Runtime;
using Microsoft.Extensions.AI;

namespace HSENet.Extensions.Tests;

public sealed class ChatSettingsTests
{
    static ReportOptions Of(ChatOptions? chat, bool isReport = false) => ChatSettings.For(chat, null!, isReport);

    /// <summary>Options that change something: the property, a chat that sets it, and what must come of it.</summary>
    static readonly Dictionary<string, (Action<ChatOptions> Set, Func<ReportOptions, bool> IsUsed)> Used = new()
    {
        [nameof(ChatOptions.Temperature)] = (chat => chat.Temperature = 0.5f, own => own.Sampling.Temperature == 0.5f),
        [nameof(ChatOptions.MaxOutputTokens)] = (chat => chat.MaxOutputTokens = 7, own => own.MaxTokens == 7),
        [nameof(ChatOptions.TopP)] = (chat => (chat.TopP, chat.Temperature) = (0.5f, 1), own => own.Sampling.TopP == 0.5f),
        [nameof(ChatOptions.TopK)] = (chat => (chat.TopK, chat.Temperature) = (5, 1), own => own.Sampling.TopK == 5),
        [nameof(ChatOptions.Seed)] = (chat => chat.Seed = -1, own => own.Sampling.Seed == ulong.MaxValue),
        [nameof(ChatOptions.StopSequences)] = (chat => chat.StopSequences = ["."], own => own.StopSequences is ["."]),
        [nameof(ChatOptions.ModelId)] = (chat => chat.ModelId = "vqa", own => own.Adapter == "vqa"),
        [nameof(ChatOptions.RawRepresentationFactory)] =
            (chat => chat.RawRepresentationFactory = _ => new ReportOptions { LogProbabilities = true }, own => own.LogProbabilities),
    };

    /// <summary>Options that the model cannot honour.</summary>
    static readonly Dictionary<string, Action<ChatOptions>> Refused = new()
    {
        [nameof(ChatOptions.ConversationId)] = chat => chat.ConversationId = "1",
        [nameof(ChatOptions.Instructions)] = chat => chat.Instructions = "Be brief.",
        [nameof(ChatOptions.FrequencyPenalty)] = chat => chat.FrequencyPenalty = 0.1f,
        [nameof(ChatOptions.PresencePenalty)] = chat => chat.PresencePenalty = -0.1f,
        [nameof(ChatOptions.Reasoning)] = chat => chat.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
        [nameof(ChatOptions.ResponseFormat)] = chat => chat.ResponseFormat = ChatResponseFormat.Json,
        [nameof(ChatOptions.Tools)] = chat => chat.Tools = [new HostedWebSearchTool()],
        [nameof(ChatOptions.ToolMode)] = chat => chat.ToolMode = ChatToolMode.RequireAny,
        [nameof(ChatOptions.AllowMultipleToolCalls)] = chat => chat.AllowMultipleToolCalls = true,
        [nameof(ChatOptions.AllowBackgroundResponses)] = chat => chat.AllowBackgroundResponses = true,
        [nameof(ChatOptions.ContinuationToken)] = chat => chat.ContinuationToken = ResponseContinuationToken.FromBytes(new byte[1]),
        [nameof(ChatOptions.AdditionalProperties)] = chat => chat.AdditionalProperties = new() { ["min_p"] = 0.1 },
    };

    [Fact]
    public void Every_property_is_used_or_refused_by_its_name()
    {
        foreach (var property in typeof(ChatOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var chat = new ChatOptions();
            if (Used.TryGetValue(property.Name, out var used))
            {
                Assert.False(used.IsUsed(Of(chat)), property.Name);
                used.Set(chat);
                Assert.True(used.IsUsed(Of(chat)), property.Name);
                continue;
            }
            Assert.True(Refused.TryGetValue(property.Name, out var set), $"ChatOptions.{property.Name} is neither used nor refused");
            set(chat);
            Assert.StartsWith($"ChatOptions.{property.Name} is set: expected ", Assert.Throws<HseNetException>(() => Of(chat)).Message);
        }
    }

    [Fact]
    public void What_asks_for_nothing_is_not_refused()
    {
        var own = Of(new ChatOptions
        {
            Instructions = "",
            FrequencyPenalty = 0,
            PresencePenalty = 0,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None },
            ResponseFormat = ChatResponseFormat.Text,
            Tools = [],
            ToolMode = ChatToolMode.Auto,
            AllowMultipleToolCalls = false,
            AllowBackgroundResponses = false,
            AdditionalProperties = [],
            ModelId = "hsenet",
            TopP = 1,
        });
        Assert.Equal(new ReportOptions { MaxTokens = ReportOptions.DefaultAnswerTokens }, own);
        Assert.Equal(ReportOptions.DefaultMaxTokens, Of(null, isReport: true).MaxTokens);
    }

    [Fact]
    public void A_filter_without_a_temperature_is_refused_and_the_models_own_options_are_the_base()
    {
        Assert.Contains("ChatOptions.Temperature", Assert.Throws<HseNetException>(() => Of(new ChatOptions { TopP = 0.9f })).Message);
        Assert.Contains("ChatOptions.Temperature", Assert.Throws<HseNetException>(() => Of(new ChatOptions { TopK = 4 })).Message);
        Assert.Contains("String", Assert.Throws<HseNetException>(() => Of(new() { RawRepresentationFactory = _ => "min_p" })).Message);
        var own = Of(new ChatOptions
        {
            TopK = 3,
            RawRepresentationFactory = _ =>
                new ReportOptions { MaxTokens = 5, Sampling = new() { Temperature = 2, MinP = 0.1f, TopK = 9 } },
        });
        Assert.Equal((5, 2f, 0.1f, 3), (own.MaxTokens, own.Sampling.Temperature, own.Sampling.MinP, own.Sampling.TopK));
    }
}
