// Text that never stands half under its name.
using System.Text;
using HSENet.Runtime;

namespace HSENet.Cli;

static class TextFile
{
    /// <summary>Writes under a temporary name, then in place of what was there.</summary>
    /// <exception cref="HseNetFileException">The folder does not exist or cannot be written.</exception>
    public static void Write(string path, string text)
    {
        using AtomicFile file = new(path);
        file.Write(Encoding.UTF8.GetBytes(text), 0);
        file.Commit();
    }
}
