// What is found where a data file was meant to be, so that a message can say it: downloads that went wrong.
using System.Buffers;
using System.Text;

namespace HSENet.Runtime;

static class ForeignContent
{
    /// <summary>Bytes of a file's beginning that <see cref="Of"/> looks at, at most.</summary>
    public const int Looked = 256;

    /// <summary>What stands for a file that Git has elsewhere.</summary>
    public const string Pointer = "a Git LFS pointer, not the file ('git lfs pull' fetches it)";

    /// <summary>The error of a file that is of none of the formats that are expected.</summary>
    /// <param name="file">What messages call it.</param>
    /// <param name="start">How it begins; 16 bytes are enough.</param>
    /// <param name="expected">The formats.</param>
    public static HseNetFileException Refusal(string file, ReadOnlySpan<byte> start, string expected) =>
        new(file, Of(start) is { } foreign ? $"is {foreign}" : "is of no known format", expected);

    /// <summary>What a file is that cannot be data, in words; null if nothing is known of it.</summary>
    /// <param name="start">How the file begins.</param>
    public static string? Of(ReadOnlySpan<byte> start)
    {
        string text = Encoding.Latin1.GetString(start[..Math.Min(start.Length, Looked)])
            .TrimStart('\u00ef', '\u00bb', '\u00bf', ' ', '\t', '\r', '\n');
        if (text.StartsWith("version https://", StringComparison.Ordinal))
            return Pointer;
        return text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            ? "a web page, not the file"
            : text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase) ? "an XML text (an error message, say), not the file" : null;
    }

    /// <summary>Whether a file begins with printable ASCII and white space alone, as no binary format does.</summary>
    public static bool IsText(ReadOnlySpan<byte> start) =>
        start.Length > 0 && !start.ContainsAnyExcept(Printable);

    static readonly SearchValues<byte> Printable =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c), (byte)'\t', (byte)'\r', (byte)'\n']);
}
