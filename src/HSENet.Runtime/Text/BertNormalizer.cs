// What BERT does to a text before it looks words up: clean, space out, lower the case, drop accents.
using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace HSENet.Runtime;

/// <summary>BERT's basic tokenization (reference: transformers' BasicTokenizer, uncased); words come out separated by spaces.</summary>
internal sealed class BertNormalizer : Normalizer
{
    public override string Normalize(ReadOnlySpan<char> original) => Normalize(original.ToString());

    public override string Normalize(string original)
    {
        var text = new StringBuilder(original.Length + 16);
        var folded = new StringBuilder(4);
        foreach (Rune rune in original.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (rune.Value is '\t' or '\n' or '\r' || category == UnicodeCategory.SpaceSeparator)
                text.Append(' ');
            else if (rune == Rune.ReplacementChar || IsOther(category))
                continue;
            else
            {
                // .NET leaves U+0130 as it is; the reference makes it i and a dot that is dropped with the accents.
                AccentFolding.Append(folded.Clear(), rune.Value == 0x130 ? new Rune('i') : Rune.ToLowerInvariant(rune));
                bool ideograph = IsIdeograph(rune.Value);
                text.Append(ideograph ? " " : "");
                foreach (Rune part in folded.ToString().EnumerateRunes())
                    _ = IsPunctuation(part) ? text.Append(' ').Append(part).Append(' ') : text.Append(part);
                text.Append(ideograph ? " " : "");
            }
        }
        return text.ToString();
    }

    static bool IsOther(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    // ASCII signs count although some are symbols and not punctuation to Unicode.
    static bool IsPunctuation(Rune rune) =>
        rune.Value is >= 33 and <= 47 or >= 58 and <= 64 or >= 91 and <= 96 or >= 123 and <= 126 || Rune.IsPunctuation(rune);

    static bool IsIdeograph(int codePoint) => codePoint is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF
        or >= 0x2A700 and <= 0x2B73F or >= 0x2B740 and <= 0x2B81F or >= 0x2B820 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800
            and <= 0x2FA1F;
}
