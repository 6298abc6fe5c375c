// How the metrics of text generation cut a text into words: each has a convention of its own, and scores depend on it.
using System.Text.RegularExpressions;

namespace HSENet.Evaluation;

internal static partial class MetricTokens
{
    /// <summary>WMT's convention 13a, which BLEU counts: case is kept, marks stand alone unless they are part of a number.</summary>
    public static string[] ForBleu(string text)
    {
        string line = text.Replace("<skipped>", "").Replace("-\n", "").Replace('\n', ' ')
            .Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        line = BleuMark().Replace($" {line} ", " $1 ");
        line = PointAfterNonDigit().Replace(line, "$1 $2 ");
        line = PointBeforeNonDigit().Replace(line, " $1 $2");
        return Words(DashAfterDigit().Replace(line, "$1 $2 "));
    }

    /// <summary>ROUGE's convention: lower case, only <c>a-z</c> and <c>0-9</c> make words.</summary>
    public static string[] ForRouge(string text) => [.. AlphaNumeric().Matches(text.ToLowerInvariant()).Select(m => m.Value)];

    /// <summary>
    /// The Penn Treebank's convention, which METEOR counts: marks and contractions stand alone, a point only at the end of the text.
    /// </summary>
    public static string[] ForMeteor(string text)
    {
        string line = OpeningQuote().Replace(text, " $1 ");
        line = QuoteAtStart().Replace(line, "``");
        line = line.Replace("``", " `` ");
        line = QuoteAfterBracket().Replace(line, "$1 `` ");
        line = LastPoint().Replace(line, "$1 $2 $3 ");
        line = MarkBeforeNonDigit().Replace(line, " $1 $2");
        line = MarkAtEnd().Replace(line, " $1 ");
        line = SingleMark().Replace(line, " $0 ");
        line = LoneApostrophe().Replace(line, "$1 ' ");
        line = $" {line.Replace("--", " -- ")} ";
        line = ClosingQuote().Replace(line, " $0 ").Replace("''", " '' ").Replace("\"", " '' ");
        line = ShortContraction().Replace(line, "$1 $2 ");
        line = LongContraction().Replace(line, "$1 $2 ");
        return Words(JoinedWords().Replace(line, " $1 $2 "));
    }

    static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"([{-~\[-` -&(-+:-@/])")]
    private static partial Regex BleuMark();

    [GeneratedRegex("([^0-9])([.,])")]
    private static partial Regex PointAfterNonDigit();

    [GeneratedRegex("([.,])([^0-9])")]
    private static partial Regex PointBeforeNonDigit();

    [GeneratedRegex("([0-9])(-)")]
    private static partial Regex DashAfterDigit();

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex AlphaNumeric();

    [GeneratedRegex("([«“‘„]|`+)")]
    private static partial Regex OpeningQuote();

    [GeneratedRegex("^\"")]
    private static partial Regex QuoteAtStart();

    [GeneratedRegex("""([ ([{<])("|'{2})""")]
    private static partial Regex QuoteAfterBracket();

    [GeneratedRegex("""([^.])(\.)([\])}>"'»”’ ]*)\s*$""")]
    private static partial Regex LastPoint();

    [GeneratedRegex(@"([:,])([^\d])")]
    private static partial Regex MarkBeforeNonDigit();

    [GeneratedRegex("([:,])$")]
    private static partial Regex MarkAtEnd();

    [GeneratedRegex(@"\.{2,}|[;@#$%&?!*\[\](){}<>]")]
    private static partial Regex SingleMark();

    [GeneratedRegex("([^'])' ")]
    private static partial Regex LoneApostrophe();

    [GeneratedRegex("[»”’]")]
    private static partial Regex ClosingQuote();

    [GeneratedRegex("([^' ])('[sSmMdD]|') ")]
    private static partial Regex ShortContraction();

    [GeneratedRegex("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ")]
    private static partial Regex LongContraction();

    [GeneratedRegex(@"\b(can|gim|gon|got|lem|wan)((?<=can)not|(?<=gim|lem)me|(?<=gon|wan)na|(?<=got)ta)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex JoinedWords();
}
