// What is found where a data file was meant to be, so that a message can say it: downloads that went wrong, and other formats.
using System.Buffers;
using System.Text;

namespace HSENet.Runtime;

static class ForeignContent
{
    /// <summary>Bytes of a file's beginning that <see cref="Of"/> looks at, at most.</summary>
    public const int Looked = 264;

    const int TarMark = 257;

    /// <summary>What stands for a file that Git has elsewhere.</summary>
    public const string Pointer = "a Git LFS pointer, not the file ('git lfs pull' fetches it)";

    /// <summary>The error of a file that is of none of the formats that are expected.</summary>
    /// <param name="file">What messages call it.</param>
    /// <param name="start">How it begins.</param>
    /// <param name="expected">The formats.</param>
    public static HseNetFileException Refusal(string file, ReadOnlySpan<byte> start, string expected) =>
        new(file, Of(start) is { } foreign ? $"is {foreign}" : "is of no known format", expected);

    // How other formats begin that images and weights are kept in, or that are taken for them.
    static readonly (string Start, string Name)[] Formats =
    [
        ("version https://", Pointer), ("<!doctype html", "a web page, not the file"), ("<html", "a web page, not the file"),
        ("<?xml", "an XML text (an error message, say), not the file"),
        ("NRRD0", "an NRRD volume"), ("ObjectType = Image", "a MetaImage header"), ("\u0089HDF", "an HDF5 file"),
        ("7z\u00bc\u00af", "a 7-Zip archive"), ("Rar!", "a RAR archive"), ("BZh", "compressed by bzip2"),
        ("\u00fd7zXZ", "compressed by xz"), ("(\u00b5/\u00fd", "compressed by zstd"), ("%PDF", "a PDF document"),
        ("\u0089PNG", "a PNG picture"), ("\u00ff\u00d8\u00ff", "a JPEG picture"), ("II*\0", "a TIFF picture"), ("MM\0*", "a TIFF picture"),
    ];

    /// <summary>What a file is that is not read, in words; null if nothing is known of it.</summary>
    /// <param name="start">How the file begins.</param>
    public static string? Of(ReadOnlySpan<byte> start)
    {
        string raw = Encoding.Latin1.GetString(start[..Math.Min(start.Length, Looked)]);
        string text = raw.TrimStart('\u00ef', '\u00bb', '\u00bf', ' ', '\t', '\r', '\n');
        return Array.Find(Formats, format => text.StartsWith(format.Start, StringComparison.OrdinalIgnoreCase)).Name
            ?? (raw.Length >= TarMark + 5 && raw[TarMark..(TarMark + 5)] == "ustar" ? "a tar archive" : null);
    }

    /// <summary>Whether a file begins with printable ASCII and white space alone, as no binary format does.</summary>
    public static bool IsText(ReadOnlySpan<byte> start) =>
        start.Length > 0 && !start.ContainsAnyExcept(Printable);

    static readonly SearchValues<byte> Printable =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c), (byte)'\t', (byte)'\r', (byte)'\n']);
}
