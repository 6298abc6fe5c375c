// Lists all files below a folder: each folder once however links lead to it, and nothing that is no file.
namespace HSENet.Runtime;

internal static class FolderWalk
{
    // As Linux has it.
    const int MostLinks = 40;

    static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>
    /// The files below a folder in the order of their names. Folders and files that links lead to belong to it, each once. Files without
    /// content are left out, and with them pipes, sockets and devices, which have no length: opening one might wait for ever. A link that
    /// leads nowhere is listed, so that whoever opens it says so.
    /// </summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    public static List<string> Files(string folder)
    {
        var files = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([folder]);
        while (open.TryPop(out string? next))
        {
            string real = Real(next);
            if (!seen.Add(real))
                continue;
            try
            {
                foreach (FileSystemInfo entry in new DirectoryInfo(next).EnumerateFileSystemInfos("*", Everything))
                    Take(Path.Combine(next, entry.Name), entry, Path.Combine(real, entry.Name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new HseNetFileException(next, $"cannot be listed ({e.Message})", "a folder that may be read", e);
            }
        }
        files.Sort(StringComparer.Ordinal);
        return files;

        void Take(string path, FileSystemInfo entry, string real)
        {
            if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
            {
                real = Real(path);
                entry = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            }
            if (entry is DirectoryInfo)
                open.Push(path);
            else if (!entry.Exists || ((FileInfo)entry).Length > 0 && seen.Add(real))
                files.Add(path);
        }
    }

    /// <summary>The path without links; one that ends in a circle keeps a link.</summary>
    static string Real(string path)
    {
        string full = Path.GetFullPath(path), root = Path.GetPathRoot(full)!, real = root;
        var parts = new Stack<string>(Parts(full[root.Length..]));
        for (int links = 0; parts.TryPop(out string? part);)
        {
            string next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target || links++ >= MostLinks)
            {
                real = next;
                continue;
            }
            string led = Path.GetFullPath(target, real);
            real = Path.GetPathRoot(led)!;
            foreach (string step in Parts(led[real.Length..]))
                parts.Push(step);
        }
        return real;

        static IEnumerable<string> Parts(string relative) =>
            relative.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse();
    }
}
