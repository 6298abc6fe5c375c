// Writes questions about a phantom and their answers, in the fields of the reference's data.
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>A question and its answer.</summary>
/// <param name="Type">presence, side, lobe, size, number or count.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Answer">The right answer.</param>
/// <param name="Abnormality">For a question of place, what it asks for: the reference's field.</param>
/// <param name="Anatomy">For a question of place, the answer as the reference has it: organ/part.</param>
sealed record PhantomQuestion(string Type, string Question, string Answer, string? Abnormality = null, string? Anatomy = null);

/// <summary>Writes questions.</summary>
static class QuestionWriter
{
    static readonly string[] Numbers = ["none", "one", "two", "three"];

    /// <summary>All that is asked of a phantom: presence of every kind that is there and of as many that are not, and what is to be known
    /// of each that is there.</summary>
    public static IReadOnlyList<PhantomQuestion> Write(IReadOnlyList<Finding> findings, Draws draws)
    {
        var questions = new List<PhantomQuestion>();
        FindingKind[] absent = [.. Enum.GetValues<FindingKind>().Where(kind => findings.All(finding => finding.Kind != kind))];
        draws.Shuffle<FindingKind>(absent);
        foreach (var kind in findings.Select(finding => finding.Kind))
            questions.Add(new("presence", Presence(kind, draws), "Yes"));
        foreach (var kind in absent.Take(Math.Max(1, findings.Count)))
            questions.Add(new("presence", Presence(kind, draws), "No"));
        questions.Add(new("count", draws.OneOf("How many kinds of abnormality are there?",
            "How many different findings does this scan show?"),
            PhantomReport.Capital(Numbers[findings.Count])));
        foreach (var finding in findings)
            AddDetails(questions, finding, draws);
        return questions;
    }

    static void AddDetails(List<PhantomQuestion> questions, Finding finding, Draws draws)
    {
        string name = Name(finding.Kind, several: false);
        if (finding.Side != Side.None)
            questions.Add(new("side", draws.OneOf($"On which side is the {name}?", $"Which side shows the {name}?"),
                PhantomReport.Capital(PhantomReport.Word(finding.Side))));
        if (finding.Lobe != Lobe.None)
            questions.Add(new("lobe", draws.OneOf($"In which lobe is the {name}?", $"Which lobe contains the {name}?"),
                PhantomReport.Capital($"{PhantomReport.Word(finding.Side)} {PhantomReport.Word(finding.Lobe)} "
                    + (finding.Side == Side.Both ? "lobes" : "lobe"))));
        if (finding.Millimetres is not null)
            questions.Add(new("size", Size(finding.Kind, name, draws), $"{PhantomReport.Millimetres(finding)} mm"));
        if (finding.Kind is FindingKind.Nodule or FindingKind.Calcification)
            questions.Add(new("number", $"How many {Name(finding.Kind, several: true)} are there?",
                PhantomReport.Capital(Numbers[Math.Min(finding.Number, 3)])));
        string anatomy = Anatomy(finding);
        questions.Add(new("place", $"Where is the {name}?", anatomy, Name(finding.Kind, several: false), anatomy));
    }

    static string Size(FindingKind kind, string name, Draws draws) => kind switch
    {
        FindingKind.Cardiomegaly => draws.OneOf("How wide is the heart?", "What is the transverse diameter of the heart?"),
        FindingKind.Emphysema => draws.OneOf("How large is the largest bulla?", "What is the size of the largest bulla?"),
        _ => draws.OneOf($"How large is the {name}?", $"What is the size of the {name}?"),
    };

    static string Presence(FindingKind kind, Draws draws)
    {
        string name = Name(kind, several: false), article = "aeio".Contains(name[0], StringComparison.Ordinal) ? "an" : "a";
        string noun = kind is FindingKind.Emphysema or FindingKind.Cardiomegaly ? name : $"{article} {name}";
        return draws.OneOf($"Is there {noun}?", $"Does this scan show {noun}?", $"Can {noun} be seen?");
    }

    /// <summary>What a kind is called in a question.</summary>
    public static string Name(FindingKind kind, bool several) => kind switch
    {
        FindingKind.Effusion => "pleural effusion",
        FindingKind.Nodule or FindingKind.Calcification => PhantomReport.Word(kind) + (several ? "s" : ""),
        _ => PhantomReport.Word(kind),
    };

    /// <summary>Where a finding is, as the reference's answers say it: one of its organs, a stroke, the part.</summary>
    static string Anatomy(Finding finding) => finding.Kind switch
    {
        FindingKind.Cardiomegaly => "Heart/Whole heart",
        FindingKind.Effusion or FindingKind.Pneumothorax => finding.Side == Side.Both ? "Pleura/Bilateral pleura"
            : $"Pleura/{finding.Side} pleura",
        _ => finding.Side == Side.Both ? $"Lung/Bilateral {PhantomReport.Word(finding.Lobe)} lobes"
            : $"Lung/{finding.Side} {PhantomReport.Word(finding.Lobe)} lobe",
    };
}
