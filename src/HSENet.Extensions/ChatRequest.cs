// What messages ask: one study, what was said before, the question. What the model cannot take is refused by its name.
using HSENet.Runtime;
using Microsoft.Extensions.AI;

namespace HSENet.Extensions;

/// <summary>A conversation about one study, of which the last question is to be answered.</summary>
sealed class ChatRequest
{
    ChatRequest(AIContent study, IReadOnlyList<(string Question, string Answer)> turns, string? question) =>
        (Study, Turns, Question) = (study, turns, question);

    /// <summary>A <see cref="StudyContent"/> or a <see cref="DataContent"/>.</summary>
    public AIContent Study { get; }

    /// <summary>What was said before.</summary>
    public IReadOnlyList<(string Question, string Answer)> Turns { get; }

    /// <summary>The question; null where the study came without words: a report is asked for.</summary>
    public string? Question { get; }

    /// <exception cref="HseNetException">Something in the messages has no place in the model's prompt.</exception>
    public static ChatRequest Read(IEnumerable<ChatMessage> messages)
    {
        AIContent? study = null;
        var turns = new List<(string Question, string Answer)>();
        string? asked = null;
        bool isAsking = false;
        foreach (var message in messages)
        {
            string? text = Text(message);
            if (message.Role == ChatRole.User)
            {
                // Several of a user's messages in a row are one.
                asked = asked is null ? text : text is null ? asked : $"{asked} {text}";
                isAsking = true;
            }
            else if (message.Role != ChatRole.Assistant)
                throw new HseNetException(
                    $"a message has the role {message.Role}: expected user and assistant, the model has no place for others");
            else if (!isAsking)
                throw new HseNetException("an assistant's message follows none of a user: expected them in turns");
            else
            {
                turns.Add((asked ?? ReportQuestion, text ?? ""));
                (asked, isAsking) = (null, false);
            }
            foreach (var content in message.Contents.Where(IsStudy))
            {
                if (turns.Count > 0 || message.Role != ChatRole.User)
                    throw new HseNetException(
                        "a study comes after the first question: expected it with that, as the model's prompt begins with it");
                if (study is not null && !IsSame(study, content))
                    throw new HseNetException("the messages hold two studies: expected one");
                study = content;
            }
        }
        if (!isAsking)
            throw new HseNetException(turns.Count == 0 ? "there is no message: expected a study and a question"
                : "the last message is the assistant's: expected a question after it");
        if (study is null)
            throw new HseNetException("no message holds a study: expected a DataContent or a StudyContent with the first question");
        return new ChatRequest(study, turns, asked ?? (turns.Count == 0 ? null : ReportQuestion));
    }

    static string ReportQuestion => new ReportOptions().Question;

    static bool IsStudy(AIContent content) => content is StudyContent or DataContent;

    static bool IsSame(AIContent one, AIContent other) => (one, other) switch
    {
        (StudyContent a, StudyContent b) => a.Study == b.Study && a.Encoded == b.Encoded,
        (DataContent a, DataContent b) => a.Data.Span.SequenceEqual(b.Data.Span),
        _ => false,
    };

    // The words of a message; null where it has none.
    static string? Text(ChatMessage message)
    {
        var words = new List<string>();
        foreach (var content in message.Contents)
            switch (content)
            {
                case TextContent text:
                    words.Add(text.Text.Trim());
                    break;
                case DataContent data:
                    CheckMediaType(data.MediaType);
                    break;
                case StudyContent:
                    break;
                case UriContent:
                    throw new HseNetException("a message holds the address of a file: expected its bytes in a DataContent");
                default:
                    throw new HseNetException($"a message holds {content.GetType().Name}: expected text and a study");
            }
        string all = string.Join(' ', words.Where(word => word.Length > 0));
        return all.Length == 0 ? null : all;
    }

    // Volumes have no media type that everybody uses; their content says what they are.
    static void CheckMediaType(string type)
    {
        if (!type.StartsWith("application/", StringComparison.OrdinalIgnoreCase))
            throw new HseNetException($"a message holds {type}: expected a NIfTI file or a zip of DICOM files as application/…, "
                + "such as application/gzip, application/zip or application/octet-stream");
    }
}
