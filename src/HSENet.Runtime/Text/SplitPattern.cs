// Cuts a text into the pieces that byte-pair encoding works on: a regular expression over whole characters.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace HSENet.Runtime;

/// <summary>
/// .NET matches UTF-16 units, the reference matches characters: a letter outside the first plane is two units and no letter here.
/// So the pattern runs over a text of the same length in characters, where each of these is replaced by one of its category.
/// </summary>
internal sealed partial class SplitPattern(Regex pattern, bool keepsUnmatched) : PreTokenizer
{
    // Merging takes time in the square of a piece's length: this many characters take about a second.
    const int MaximumPieceLength = 32_768;

    // For a whole text; a single match has the limit of the pattern itself.
    static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(20);

    /// <summary>GPT-2's pattern: contractions, words, numbers, other signs, white space. Its matching takes linear time.</summary>
    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    public static partial Regex Gpt2();

    /// <summary>Refuses a pattern that fails to finish on texts of a few hundred characters.</summary>
    public static void Probe(string file, Regex pattern)
    {
        try
        {
            foreach (string unit in (string[])["a", "A", "0", " ", "\n", ".", "/", "aA", "a1", "é", "a "])
                pattern.Count(string.Concat(Enumerable.Repeat(unit, 200)) + "\t!");
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new HseNetFileException(file, "the split pattern takes exponential time",
                "a pattern that reads a text of 200 characters at once", e);
        }
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        string characters = text;
        int[]? offsets = null;
        if (text.Any(char.IsSurrogate))
            (characters, offsets) = OneUnitPerCharacter(text);
        var pieces = new List<(int, int)>();
        int end = 0;
        long start = Stopwatch.GetTimestamp();
        foreach (ValueMatch match in pattern.EnumerateMatches(characters))
        {
            if (match.Length == 0)
                continue;
            if (keepsUnmatched)
                Add(end, match.Index);
            end = match.Index + match.Length;
            Add(match.Index, end);
            if (Stopwatch.GetElapsedTime(start) > TotalTimeout)
                throw new RegexMatchTimeoutException(text, pattern.ToString(), TotalTimeout);
        }
        if (keepsUnmatched)
            Add(end, characters.Length);
        return pieces;

        void Add(int from, int to)
        {
            if (to - from > MaximumPieceLength)
                throw new HseNetException($"the text has {to - from} characters without a break; expected at most {MaximumPieceLength}");
            if (to > from)
                pieces.Add(offsets is null ? (from, to - from) : (offsets[from], offsets[to] - offsets[from]));
        }
    }

    static (string Characters, int[] Offsets) OneUnitPerCharacter(string text)
    {
        var characters = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        int offset = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            characters.Append(rune.IsBmp ? (char)rune.Value : Representative(Rune.GetUnicodeCategory(rune)));
            offsets.Add(offset);
            offset += rune.Utf16SequenceLength;
        }
        offsets.Add(offset);
        return (characters.ToString(), [.. offsets]);
    }

    // Rare characters without upper and lower case, so that no letter or sign that a pattern spells out is hit.
    static char Representative(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u03D2',
        UnicodeCategory.LowercaseLetter => '\u0138',
        UnicodeCategory.TitlecaseLetter => '\u1F88',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u01BB',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u3007',
        UnicodeCategory.OtherNumber => '\u2460',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u2012',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.InitialQuotePunctuation => '\u201B',
        UnicodeCategory.FinalQuotePunctuation => '\u203A',
        UnicodeCategory.OtherPunctuation => '\u203C',
        UnicodeCategory.MathSymbol => '\u2200',
        UnicodeCategory.CurrencySymbol => '\u20A0',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2100',
        UnicodeCategory.Format => '\u00AD',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\u0378', // not assigned
    };
}
