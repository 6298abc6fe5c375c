// A folder for one test, removed with everything in it.
namespace HSENet.Tests;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hsenet-test-").FullName;

    /// <summary>Path of a file in the folder.</summary>
    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, in folders that are made for it, and returns its path.</summary>
    public string Write(string name, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        // Not File.WriteAllBytes: it cuts the file to nothing first, new or not, and closing such a file waits for the disk (ext4).
        File.Delete(At(name));
        using var file = File.OpenHandle(At(name), FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, content, 0);
        return At(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
