// Visual question answering: is the answer right, is its organ right, and which of eleven organs does it name.

namespace HSENet.Evaluation;

/// <summary>Scores of an answer to a question about a location, such as <c>Lung/Right upper lobe</c>. Case and white space around do not
/// count.</summary>
public static class AnswerMetrics
{
    /// <summary>The classes of the report by organ; the last one takes what names none of the others.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["Lung", "Trachea and Bronchie", "Mediastinum", "Heart", "Esophagus", "Pleura", "Bone", "Thyroid", "Breast", "Abdomen", "Others"];

    /// <summary>Whether the prediction's text before <c>/</c> occurs in the answer. An empty prediction occurs in every answer, as in the
    /// reference.</summary>
    /// <param name="answer">What was wanted.</param>
    /// <param name="prediction">What was generated.</param>
    public static bool IsClassRight(string answer, string prediction)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(prediction);
        return answer.Contains(prediction.Trim().Split('/')[0], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether prediction and answer are the same text.</summary>
    /// <param name="answer">What was wanted.</param>
    /// <param name="prediction">What was generated.</param>
    public static bool IsTextRight(string answer, string prediction)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(prediction);
        return answer.Trim().Equals(prediction.Trim(), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The first of <see cref="Classes"/> whose name occurs in the text.</summary>
    /// <param name="text">An answer or a prediction.</param>
    public static string ClassOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Classes.FirstOrDefault(name => text.Contains(name, StringComparison.OrdinalIgnoreCase)) ?? Classes[^1];
    }
}
