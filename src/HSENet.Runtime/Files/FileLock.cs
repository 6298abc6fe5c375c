// Keeps two programs from writing the same file: what the system itself does not everywhere.

namespace HSENet.Runtime;

static class FileLock
{
    /// <summary>Takes a file for this program until the result is disposed, by a file beside it that goes when it is.</summary>
    /// <param name="path">The file, which need not be there.</param>
    /// <exception cref="HseNetFileException">Another program has it, or its folder cannot be written.</exception>
    public static FileStream Take(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(path, $"cannot be written ({e.Message})",
                "a file in a folder that exists, which no other run writes", e);
        }
    }
}
