// Writes the report of a phantom: its findings in one of several wordings, with some of what is absent or normal.
using System.Globalization;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>Writes reports. The size is said in whole millimetres.</summary>
static class PhantomReport
{
    static readonly string[] Numbers = ["no", "one", "two", "three"];

    /// <summary>A report as a radiologist writes it: findings first, in any order.</summary>
    public static string Write(IReadOnlyList<Finding> findings, Draws draws)
    {
        var sentences = new List<string>();
        Finding[] order = [.. findings];
        draws.Shuffle<Finding>(order);
        foreach (var finding in order)
            sentences.Add(Sentence(finding, draws));
        if (order.Length == 0)
            sentences.Add(draws.OneOf([.. ReportSentences.Normal]));
        FindingKind[] absent = [.. Enum.GetValues<FindingKind>().Where(kind => order.All(finding => finding.Kind != kind))];
        draws.Shuffle<FindingKind>(absent);
        string[] rest = [.. absent.Take(1 + draws.Below(3)).Select(kind => draws.OneOf([.. ReportSentences.Without(kind)])),
            .. Some(ReportSentences.Always, draws.Below(3), draws)];
        draws.Shuffle<string>(rest);
        return string.Join(" ", sentences.Concat(rest));
    }

    /// <summary>One sentence for each kind, present or not, in the order of the kinds and always in the same words: what a contrastive
    /// training tells apart best.</summary>
    public static string WriteStructured(IReadOnlyList<Finding> findings) => string.Join(" ", Enum.GetValues<FindingKind>().Select(kind =>
        findings.FirstOrDefault(finding => finding.Kind == kind) is { } found ? Sentence(found, null)
            : ReportSentences.Without(kind)[0]));

    /// <summary>One finding as a sentence; without draws in its first wording.</summary>
    public static string Sentence(Finding finding, Draws? draws)
    {
        var wordings = finding.Side == Side.Both ? ReportSentences.OfBothSides(finding.Kind)
            : ReportSentences.Of(finding.Kind, finding.Number > 1);
        string number = Numbers[Math.Min(finding.Number, Numbers.Length - 1)], side = Word(finding.Side);
        return (draws is null ? wordings[0] : draws.OneOf([.. wordings]))
            .Replace("{size}", Millimetres(finding), StringComparison.Ordinal)
            .Replace("{lobe}", Word(finding.Lobe), StringComparison.Ordinal)
            .Replace("{side}", side, StringComparison.Ordinal).Replace("{Side}", Capital(side), StringComparison.Ordinal)
            .Replace("{number}", number, StringComparison.Ordinal).Replace("{Number}", Capital(number), StringComparison.Ordinal);
    }

    /// <summary>A side or a lobe as a word of a sentence.</summary>
    public static string Word(Enum value) => value.ToString().ToLowerInvariant();

    /// <summary>The size as reports say it.</summary>
    public static string Millimetres(Finding finding) =>
        Math.Round(finding.Millimetres ?? 0, MidpointRounding.AwayFromZero).ToString(CultureInfo.InvariantCulture);

    /// <summary>With a capital letter.</summary>
    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    static IEnumerable<string> Some(IReadOnlyList<string> sentences, int count, Draws draws)
    {
        string[] order = [.. sentences];
        draws.Shuffle<string>(order);
        return order.Take(count);
    }
}
