// The questions that training asks: one is drawn for each sample, so that a model does not depend on one wording.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Ways to ask, drawn from at random.</summary>
public sealed class QuestionTemplates
{
    const string Place = "{abnormality}";

    readonly IReadOnlyList<string> _questions;

    QuestionTemplates(IReadOnlyList<string> questions) => _questions = questions;

    /// <summary>Asks for a report: <see cref="Prompt.ReportQuestions"/>.</summary>
    public static QuestionTemplates Report { get; } = new(Prompt.ReportQuestions);

    /// <summary>Asks where an abnormality is; <c>{abnormality}</c> stands for its name.</summary>
    public static QuestionTemplates Location { get; } = new(
    [
        "Where in this scan is {abnormality} seen?",
        "In which anatomical region does {abnormality} show?",
        "Please name the location of {abnormality} in this CT.",
        "Which part of the chest is affected by {abnormality}?",
        "What is the anatomical site of {abnormality} here?",
        "This study shows {abnormality}. Which structure does it involve?",
        "Localize {abnormality} in the volume.",
        "Which region contains {abnormality}?",
    ]);

    /// <summary>How many there are.</summary>
    public int Count => _questions.Count;

    /// <summary>What a training asks unless it is given something else.</summary>
    public static QuestionTemplates Default(TrainingTask task) => task is TrainingTask.Vqa or TrainingTask.Language ? Location : Report;

    /// <summary>Reads templates: a text file with one on each line.</summary>
    /// <param name="file">The file; empty lines do not count.</param>
    /// <param name="task">For <see cref="TrainingTask.Vqa"/> and <see cref="TrainingTask.Language"/> each must hold
    /// <c>{abnormality}</c>, for others none may.</param>
    /// <exception cref="HseNetFileException">The file cannot be read, has no line, or a line does not fit.</exception>
    public static QuestionTemplates Read(string file, TrainingTask task)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        string[] lines = [.. JsonFile.ReadText(file).Split('\n').Select(line => line.Trim())];
        for (int i = 0; i < lines.Length; i++)
            if (lines[i].Length > 0 && lines[i].Contains(Place, StringComparison.Ordinal) != (Default(task) == Location))
                throw new HseNetFileException(file, $"line {i + 1} is {HseNetFileException.Quote(lines[i])}",
                    Default(task) == Location ? $"a question with {Place}" : $"a question without {Place}");
        string[] questions = [.. lines.Where(line => line.Length > 0)];
        return questions.Length > 0 ? new QuestionTemplates(questions)
            : throw new HseNetFileException(file, "has no question", "one on each line");
    }

    /// <summary>The question of a sample.</summary>
    internal string Draw(SeededDraws draws, string? abnormality) => At(draws.Below(_questions.Count), abnormality);

    /// <summary>A question by its number, which may be any: they take turns.</summary>
    internal string At(int number, string? abnormality) =>
        _questions[number % _questions.Count].Replace(Place, abnormality ?? "", StringComparison.Ordinal);
}
