// Reads findings out of a report by rules: what is there, where, how large, how many; what is denied is not there.
using System.Globalization;
using System.Text.RegularExpressions;

namespace HSENet.Evaluation;

/// <summary>Reads the findings of a report in English: at most one of each kind.</summary>
static partial class FindingParser
{
    sealed record Mention(FindingKind Kind, int From, int To);

    /// <summary>The findings that a report states, in the order of their kinds.</summary>
    public static IReadOnlyList<Finding> Parse(string report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var found = new SortedDictionary<FindingKind, Finding>();
        FindingKind? last = null;
        foreach (string sentence in Sentences(report))
        {
            var kinds = new List<FindingKind>();
            foreach (string statement in Statements(sentence))
                if (Mentions(statement).Count > 0)
                    Read(statement, found, kinds);
                else if (kinds.Count > 0 && FindingWords.GoesOn().IsMatch(statement))
                    found[kinds[^1]] = Filled(found[kinds[^1]], Attributes(kinds[^1], statement, statement));
            if (kinds.Count > 0)
                last = kinds[^1];
            else if (last is { } kind && found.TryGetValue(kind, out var before) && FindingWords.GoesOn().IsMatch(sentence)
                && Mentions(sentence).Count == 0)
                found[kind] = Filled(before, Attributes(kind, sentence, sentence));
            else if (Mentions(sentence).Count > 0)
                last = null;
        }
        return [.. found.Values];
    }

    static void Read(string statement, SortedDictionary<FindingKind, Finding> found, List<FindingKind> kinds)
    {
        var mentions = Mentions(statement);
        for (int i = 0; i < mentions.Count; i++)
        {
            if (IsDenied(statement, mentions, i))
                continue;
            var mention = mentions[i];
            var finding = Attributes(mention.Kind, Own(statement, mentions, i), statement);
            kinds.Add(mention.Kind);
            found[mention.Kind] = found.TryGetValue(mention.Kind, out var before) ? Joined(before, finding) : finding;
        }
    }

    static IEnumerable<string> Sentences(string report) =>
        SentenceEnd().Split(report.ToLowerInvariant().Replace('\n', ' ')).Where(sentence => !string.IsNullOrWhiteSpace(sentence));

    static IEnumerable<string> Statements(string sentence) => FindingWords.StatementEnd().Split(sentence);

    // The kinds that a statement names, in its order; names that lie in longer ones do not count.
    static List<Mention> Mentions(string statement)
    {
        var other = FindingWords.Other().Matches(statement);
        var all = FindingWords.Kinds.SelectMany(kind => kind.Names.Matches(statement)
            .Select(match => new Mention(kind.Kind, match.Index, match.Index + match.Length)))
            .Where(mention => !other.Any(match => match.Index <= mention.To && match.Index + match.Length >= mention.From))
            .OrderBy(mention => mention.From).ThenByDescending(mention => mention.To);
        var kept = new List<Mention>();
        foreach (var mention in all)
            if (kept.Count == 0 || mention.From >= kept[^1].To)
                kept.Add(mention);
        // "a nodule, which is calcified": one thing under two names.
        for (int i = kept.Count - 1; i > 0; i--)
            if (kept[i] is { Kind: FindingKind.Calcification } calcified && kept[i - 1].Kind == FindingKind.Nodule
                && StaysOne().IsMatch(statement[kept[i - 1].To..calcified.To]))
            {
                kept[i - 1] = new Mention(FindingKind.Calcification, kept[i - 1].From, calcified.To);
                kept.RemoveAt(i);
            }
        return kept;
    }

    static bool IsDenied(string statement, List<Mention> mentions, int i)
    {
        var mention = mentions[i];
        string own = statement[mention.From..mention.To];
        // "the heart is not enlarged" has its denial inside.
        if (FindingWords.DenialBefore().IsMatch(own))
            return true;
        string before = statement[..mention.From];
        if (FindingWords.DenialBefore().Matches(before).LastOrDefault() is { } denial)
        {
            // A denial reaches over a list, up to a part that gives a size or a count: that is there.
            string between = before[(denial.Index + denial.Length)..];
            int comma = between.LastIndexOf(',');
            string part = comma < 0 ? "" : between[comma..] + Own(statement, mentions, i);
            if (comma < 0 || !FindingWords.Size().IsMatch(part))
                return true;
        }
        int end = i + 1 < mentions.Count ? mentions[i + 1].From : statement.Length;
        // Behind a list of names the denial holds for all: "nodules, effusions and consolidations are absent".
        string behind = statement[mention.To..];
        bool list = i + 1 < mentions.Count && ListOnly().IsMatch(statement[mention.To..end]);
        return list ? IsDenied(statement, mentions, i + 1) && !HasDenialBefore(statement, mentions[i + 1], mention.To)
            : FindingWords.DenialBehind().IsMatch(statement[mention.To..end]) && !Without().IsMatch(behind[..(end - mention.To)]);
    }

    static bool HasDenialBefore(string statement, Mention next, int from) =>
        FindingWords.DenialBefore().IsMatch(statement[from..next.From]);

    // The part of a statement that speaks of one of its findings.
    static string Own(string statement, List<Mention> mentions, int i)
    {
        int from = i == 0 ? 0 : Border(statement, mentions[i - 1].To, mentions[i].From);
        int to = i + 1 == mentions.Count ? statement.Length : Border(statement, mentions[i].To, mentions[i + 1].From);
        return statement[from..to];
    }

    static int Border(string statement, int from, int to)
    {
        var separators = FindingWords.Separator().Matches(statement[from..to]);
        return separators.Count == 0 ? to : from + separators[^1].Index + separators[^1].Length;
    }

    static Finding Attributes(FindingKind kind, string own, string statement)
    {
        if (kind == FindingKind.Cardiomegaly)
            return new Finding(kind, Millimetres: SizeIn(own));
        var side = SideIn(own);
        var lobe = LobeIn(own);
        if (side == Side.None)
            side = SideIn(statement);
        bool hasLobe = Finding.IsLocal(kind) || kind == FindingKind.Emphysema;
        if (lobe == Lobe.None && side == SideIn(statement))
            lobe = LobeIn(statement);
        return new Finding(kind, side, hasLobe ? lobe : Lobe.None, SizeIn(own), CountIn(own));
    }

    static Side SideIn(string text) => FindingWords.BothSides().IsMatch(text) ? Side.Both
        : (FindingWords.Right().IsMatch(text), FindingWords.Left().IsMatch(text)) switch
        {
            (true, true) => FindingWords.Right().Match(text).Index < FindingWords.Left().Match(text).Index ? Side.Right : Side.Left,
            (true, false) => Side.Right,
            (false, true) => Side.Left,
            _ => Side.None,
        };

    static Lobe LobeIn(string text) => FindingWords.LobeName().Match(text) is not { Success: true } match ? Lobe.None
        : match.Groups["lobe"].Value switch
        {
            "upper" or "superior" or "rul" or "lul" => Lobe.Upper,
            "middle" or "mid" or "rml" => Lobe.Middle,
            "lower" or "inferior" or "rll" or "lll" => Lobe.Lower,
            _ => Lobe.Upper, // the lingula
        };

    static double? SizeIn(string text)
    {
        double? largest = null;
        foreach (Match match in FindingWords.Size().Matches(text))
            foreach (Capture capture in match.Groups["first"].Captures.Concat(match.Groups["next"].Captures))
            {
                double number = double.Parse(capture.ValueSpan.ToString().Replace(',', '.'), CultureInfo.InvariantCulture);
                number *= match.Groups["unit"].Value.StartsWith('c') ? 10 : 1;
                largest = Math.Max(largest ?? 0, number);
            }
        return largest;
    }

    static int CountIn(string text) => FindingWords.Count().Matches(text).Select(match => match.Groups["count"].Value switch
    {
        "two" or "2" or "pair" or "couple" or "twin" => 2,
        "three" or "3" or "multiple" or "several" => 3,
        "four" or "4" => 4,
        "five" or "5" => 5,
        _ => 1,
    }).DefaultIfEmpty(1).Max();

    // A later sentence adds what the first left open.
    static Finding Filled(Finding first, Finding more) => first with
    {
        Side = first.Side == Side.None ? more.Side : first.Side,
        Lobe = first.Lobe == Lobe.None ? more.Lobe : first.Lobe,
        Millimetres = first.Millimetres is { } a && more.Millimetres is { } b ? Math.Max(a, b) : first.Millimetres ?? more.Millimetres,
        Number = Math.Max(first.Number, more.Number),
    };

    // One kind that is named twice: of both sides, or the same once more.
    static Finding Joined(Finding first, Finding again)
    {
        var joined = Filled(first, again);
        bool opposite = (first.Side, again.Side) is (Side.Right, Side.Left) or (Side.Left, Side.Right);
        return opposite || again.Side == Side.Both ? joined with { Side = Side.Both } : joined;
    }

    [GeneratedRegex(@"(?<!\d)[.!?](?=\s|$)|(?<=\d)[.!?](?=\s|$)|[•\r]")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"^\W*(?:,? ?(?:that|which)?(?: is| are| appears?)?(?: \w+ly)? ?)?calcif")]
    private static partial Regex StaysOne();

    [GeneratedRegex(@"^(?:, (?:and |or )?| and | or |/)(?:\w+ ){0,2}$")]
    private static partial Regex ListOnly();

    [GeneratedRegex(@"\b(?:without|no)\b")]
    private static partial Regex Without();
}
