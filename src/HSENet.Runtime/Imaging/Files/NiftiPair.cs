// The names of a NIfTI volume in two files: NAME.hdr and NAME.img, in any case, each of them compressed (.gz) or not.
using System.IO.Compression;

namespace HSENet.Runtime;

static class NiftiPair
{
    /// <summary>Whether a file has the name of a pair's image.</summary>
    public static bool IsImage(string name) => Parts(name).Ending.Equals(".img", StringComparison.OrdinalIgnoreCase);

    /// <summary>The other member of the pair that a file belongs to by its name; null if it has no such name or there is none.</summary>
    /// <param name="name">Name of the header or of the image.</param>
    /// <param name="names">Files that may be it, with the same folder before their names.</param>
    public static string? Partner(string name, IEnumerable<string> names)
    {
        if (Wanted(name) is not { } wanted)
            return null;
        string stem = Parts(name).Stem;
        // Where names differ in their case alone, the equal one is meant; a plain file comes before a compressed one.
        return names.Where(other => Parts(other) is var parts && parts.Ending.Equals(wanted, StringComparison.OrdinalIgnoreCase)
                && parts.Stem.Equals(stem, StringComparison.OrdinalIgnoreCase))
            .OrderBy(other => Parts(other).Stem != stem).ThenBy(other => other.Length).ThenBy(other => other, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    /// <summary>The other member in the file's folder; null as for <see cref="Partner"/>.</summary>
    public static string? PartnerOf(string path)
    {
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } stated ? stated : ".";
        if (Wanted(path) is null || !Directory.Exists(folder))
            return null;
        try
        {
            return Partner(Path.GetFileName(path), Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)))
                is { } partner ? Path.Combine(Path.GetDirectoryName(path)!, partner) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(folder, $"cannot be listed ({e.Message})", "a folder that may be read", e);
        }
    }

    /// <summary>The header of a pair's image, if it is there; any other path as it is.</summary>
    public static string HeaderOf(string path) => IsImage(path) && PartnerOf(path) is { } header ? header : path;

    /// <summary>Opens the image of a header.</summary>
    /// <exception cref="HseNetFileException">It is not there or cannot be opened.</exception>
    public static Stream OpenImage(string header)
    {
        string image = PartnerOf(header) ?? throw Missing(header);
        try
        {
            return Opened(image, File.OpenRead(image));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(image, e);
        }
    }

    /// <summary>The voxels of an image that was opened.</summary>
    public static Stream Opened(string name, Stream image) =>
        name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(image, CompressionMode.Decompress) : image;

    /// <summary>The error for a header without its image.</summary>
    public static HseNetFileException Missing(string header) =>
        new(Parts(header).Stem + ".img", "no such file", "the image of a NIfTI header beside it");

    static string? Wanted(string name) => IsImage(name) ? ".hdr"
        : Parts(name).Ending.Equals(".hdr", StringComparison.OrdinalIgnoreCase) ? ".img" : null;

    static (string Stem, string Ending) Parts(string name)
    {
        string plain = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        string ending = Path.GetExtension(plain);
        return (plain[..^ending.Length], ending);
    }
}
