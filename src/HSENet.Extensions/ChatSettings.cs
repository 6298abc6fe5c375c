// A chat's options as the model's own. Every property is used, or refused by its name where it asks for what the model cannot do.
using HSENet.Runtime;
using Microsoft.Extensions.AI;

namespace HSENet.Extensions;

static class ChatSettings
{
    /// <summary>Options of a report or an answer.</summary>
    /// <param name="chat">What the caller asks for; null for the defaults.</param>
    /// <param name="client">For <see cref="ChatOptions.RawRepresentationFactory"/>.</param>
    /// <param name="isReport">Whether the default length is that of a report.</param>
    /// <exception cref="HseNetException">It asks for something that the model cannot do.</exception>
    public static ReportOptions For(ChatOptions? chat, IChatClient client, bool isReport)
    {
        int tokens = isReport ? ReportOptions.DefaultMaxTokens : ReportOptions.DefaultAnswerTokens;
        if (chat is null)
            return new ReportOptions { MaxTokens = tokens };
        Refuse(chat);
        var own = chat.RawRepresentationFactory?.Invoke(client) switch
        {
            null => new ReportOptions { MaxTokens = tokens },
            ReportOptions given => given,
            var other => throw new HseNetException(
                $"ChatOptions.RawRepresentationFactory gives {other.GetType().Name}: expected HSENet.Runtime.ReportOptions"),
        };
        var sampling = own.Sampling;
        sampling = sampling with
        {
            Temperature = chat.Temperature ?? sampling.Temperature,
            TopP = chat.TopP ?? sampling.TopP,
            TopK = chat.TopK ?? sampling.TopK,
            Seed = chat.Seed is { } seed ? unchecked((ulong)seed) : sampling.Seed,
        };
        if (sampling.Temperature == 0 && chat.Temperature is null && (chat.TopP is < 1 || chat.TopK is > 0))
            throw new HseNetException("ChatOptions.TopP or TopK without a temperature: expected ChatOptions.Temperature too, "
                + "without which the most likely token is taken");
        return own with
        {
            MaxTokens = chat.MaxOutputTokens ?? own.MaxTokens,
            StopSequences = chat.StopSequences is { } stops ? [.. stops] : own.StopSequences,
            Adapter = chat.ModelId is null or HseNetChatClient.ModelId ? own.Adapter : chat.ModelId,
            Sampling = sampling,
        };
    }

    static void Refuse(ChatOptions chat)
    {
        Refuse(chat.ConversationId is not null, nameof(chat.ConversationId),
            "all messages with each call, as nothing is kept between calls");
        Refuse(!string.IsNullOrEmpty(chat.Instructions), nameof(chat.Instructions), "none: the model has no place for them");
        Refuse(chat.FrequencyPenalty is not (null or 0), nameof(chat.FrequencyPenalty), RepetitionInstead);
        Refuse(chat.PresencePenalty is not (null or 0), nameof(chat.PresencePenalty), RepetitionInstead);
        Refuse(chat.Reasoning is { Effort: not (null or ReasoningEffort.None) } or { Output: not (null or ReasoningOutput.None) },
            nameof(chat.Reasoning), "none: the model does not reason in words");
        Refuse(chat.ResponseFormat is not (null or ChatResponseFormatText), nameof(chat.ResponseFormat), "text");
        Refuse(chat.Tools is { Count: > 0 }, nameof(chat.Tools), "none: the model calls no tools");
        Refuse(chat.ToolMode is RequiredChatToolMode, nameof(chat.ToolMode), "none: the model calls no tools");
        Refuse(chat.AllowMultipleToolCalls is true, nameof(chat.AllowMultipleToolCalls), "none: the model calls no tools");
        Refuse(chat.AllowBackgroundResponses is true, nameof(chat.AllowBackgroundResponses), "a caller that reads the answer");
        Refuse(chat.ContinuationToken is not null, nameof(chat.ContinuationToken), "none: an answer is not continued");
        Refuse(chat.AdditionalProperties is { Count: > 0 }, nameof(chat.AdditionalProperties),
            "none; further options of the model come by ChatOptions.RawRepresentationFactory");
    }

    const string RepetitionInstead = "none; SamplingOptions.RepetitionPenalty comes by ChatOptions.RawRepresentationFactory";

    static void Refuse(bool isAsked, string property, string expected)
    {
        if (isAsked)
            throw new HseNetException($"ChatOptions.{property} is set: expected {expected}");
    }
}
