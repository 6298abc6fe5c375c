// The folders that runs keep their results in.
using HSENet.Runtime;

namespace HSENet.Cli;

static class RunFolders
{
    /// <summary>Makes a folder unless it is there, and removes what killed runs left half-written in it.</summary>
    /// <exception cref="HseNetFileException">It cannot be made.</exception>
    public static void Create(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            AtomicFile.RemoveLeftovers(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(folder, $"cannot be created ({e.Message})", AtomicFile.Writable, e);
        }
    }
}
