// The prompt of the language model: the start token, a place for each visual token, the question.
namespace HSENet.Runtime;

/// <summary>Builds prompts as the reference does: <c>&lt;|endoftext|&gt;</c>, n × <c>&lt;im_patch&gt;</c> at the positions 1…n, the
/// question.</summary>
static class Prompt
{
    /// <summary>The question that a report answers when none is given.</summary>
    public const string DefaultQuestion = "Can you summarize with findings the images presented?";

    /// <summary>Ways to ask for a report, the default first. Fine-tuning draws from them so that a model does not depend on one
    /// wording.</summary>
    public static IReadOnlyList<string> ReportQuestions { get; } =
    [
        DefaultQuestion,
        "Please describe the findings of this CT scan.",
        "What does this chest CT show?",
        "Write the findings section of the report for this study.",
        "Which abnormalities are visible in this volume?",
        "Report everything of note in this examination.",
        "Give a radiology report of the scan.",
        "Summarize the observations for this CT volume.",
        "What are the findings in this study?",
        "Describe the lungs, the mediastinum and the upper abdomen in this scan.",
    ];

    /// <summary>The ids of a prompt. Visual tokens take the places 1 to <paramref name="visualTokens"/>.</summary>
    /// <param name="tokenizer">The language model's tokenizer.</param>
    /// <param name="visualTokens">How many visual tokens the packers give: 256 at full size with both encoders.</param>
    /// <param name="question">The question; it follows the visual tokens without a space.</param>
    /// <exception cref="ArgumentException">The question has no words.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of visual tokens is negative.</exception>
    /// <exception cref="HseNetException">The question cannot be encoded (<see cref="LanguageTokenizer.Encode"/>).</exception>
    public static int[] Build(LanguageTokenizer tokenizer, int visualTokens, string question = DefaultQuestion)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfNegative(visualTokens);
        ArgumentException.ThrowIfNullOrWhiteSpace(question);
        int[] words = tokenizer.Encode(question);
        var ids = new int[1 + visualTokens + words.Length];
        ids[0] = tokenizer.EndOfText;
        ids.AsSpan(1, visualTokens).Fill(tokenizer.ImagePatch);
        words.CopyTo(ids, 1 + visualTokens);
        return ids;
    }

    /// <summary>The ids of turns that were complete, as a model writes them: an answer stands between a space and an end token.</summary>
    /// <param name="tokenizer">The language model's tokenizer.</param>
    /// <param name="visualTokens">How many visual tokens the packers give.</param>
    /// <param name="turns">The turns; none gives no ids.</param>
    /// <exception cref="HseNetException">A question has no words, or a text cannot be encoded.</exception>
    public static int[] Build(LanguageTokenizer tokenizer, int visualTokens, IReadOnlyList<(string Question, string Answer)> turns)
    {
        var ids = new List<int>();
        foreach (var (question, answer) in turns)
        {
            if (string.IsNullOrWhiteSpace(question))
                throw new HseNetException("a question of an earlier turn is empty: expected words");
            ids.AddRange(ids.Count == 0 ? Build(tokenizer, visualTokens, question) : tokenizer.Encode(question));
            if (!string.IsNullOrWhiteSpace(answer))
                ids.AddRange(tokenizer.Encode($" {answer.Trim()}"));
            ids.Add(tokenizer.EndOfText);
        }
        return [.. ids];
    }
}
