// Keeps two programs from writing the same file: what the system itself does not everywhere.

namespace HSENet.Runtime;

/// <summary>A file that this program has for itself, by a file beside it that goes when it is disposed.</summary>
sealed class FileLock : IDisposable
{
    readonly string _path;
    readonly FileStream _file;

    FileLock(string path, FileStream file) => (_path, _file) = (path, file);

    /// <summary>Takes a file for this program until the result is disposed.</summary>
    /// <param name="path">The file, which need not be there.</param>
    /// <exception cref="HseNetFileException">Another program has it, or its folder cannot be written.</exception>
    public static FileLock Take(string path)
    {
        string beside = path + ".lock";
        try
        {
            while (true)
            {
                // Windows removes it with its last handle, and lets nobody open it before; elsewhere a name can go while it is opened.
                var file = new FileStream(beside, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                    OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
                try
                {
                    if (OperatingSystem.IsWindows() || IsNamed(file, beside))
                        return new FileLock(beside, file);
                }
                catch
                {
                    file.Dispose();
                    throw;
                }
                // Its name went as it was opened: what is locked is a file that nobody else will find.
                file.Dispose();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(path, $"cannot be written ({e.Message})",
                "a file in a folder that exists, which no other run writes", e);
        }
    }

    // Whether the open file is the one that has the name: only it has the time that is set now. (Opening it again to look is refused.)
    static bool IsNamed(FileStream file, string path)
    {
        File.SetLastWriteTimeUtc(file.SafeFileHandle, DateTime.UnixEpoch.AddSeconds(Random.Shared.Next()));
        return File.GetLastWriteTimeUtc(file.SafeFileHandle) == File.GetLastWriteTimeUtc(path);
    }

    /// <summary>Lets others have the file.</summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && !_file.SafeFileHandle.IsClosed)
            // While it is locked: nobody else has this name.
            File.Delete(_path);
        _file.Dispose();
    }
}
