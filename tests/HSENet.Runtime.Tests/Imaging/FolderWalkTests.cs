// Folders with links, pipes and what cannot be opened.
using System.Diagnostics;
using System.Runtime.Versioning;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class FolderWalkTests
{
    [Fact]
    public void Each_folder_and_file_is_visited_once_however_links_lead()
    {
        using var folder = new TemporaryFolder();
        folder.Write("study/a/1.dcm", new DicomSeed().At(0).ToBytes());
        folder.Write("study/a/2.dcm", new DicomSeed().At(1).ToBytes());
        folder.Write("elsewhere/deep/3.dcm", new DicomSeed().At(2).ToBytes());
        Directory.CreateSymbolicLink(folder.At("study/self"), ".");
        Directory.CreateSymbolicLink(folder.At("study/a/up"), folder.At("study"));
        Directory.CreateSymbolicLink(folder.At("study/other"), "../elsewhere/deep");
        Directory.CreateSymbolicLink(folder.At("elsewhere/deep/back"), "../../study");
        Directory.CreateSymbolicLink(folder.At("study/again"), "other");
        File.CreateSymbolicLink(folder.At("study/z.dcm"), "a/1.dcm");
        Assert.Equal(["1.dcm", "2.dcm", "3.dcm"], Names(folder).Select(name => name == "z.dcm" ? "1.dcm" : name).Order());
        using VoxelVolume volume = VolumeFile.Read(folder.At("study"));
        Assert.Equal(3, volume.Size.Z);
        Assert.Empty(volume.Notes);
    }

    [UnixFact]
    public void Links_that_lead_nowhere_are_noted_and_special_files_are_skipped()
    {
        using var folder = new TemporaryFolder();
        folder.Write("study/1.dcm", new DicomSeed().At(0).ToBytes());
        folder.Write("study/2.dcm", new DicomSeed().At(1).ToBytes());
        folder.Write("study/empty", []);
        File.CreateSymbolicLink(folder.At("study/gone.dcm"), "nowhere");
        File.CreateSymbolicLink(folder.At("study/circle"), "circle");
        File.CreateSymbolicLink(folder.At("study/zero"), "/dev/zero");
        using (var pipe = Process.Start("mkfifo", folder.At("study/pipe")))
            pipe.WaitForExit();
        File.CreateSymbolicLink(folder.At("study/to_pipe"), "pipe");
        Assert.Equal(["1.dcm", "2.dcm", "circle", "gone.dcm"], Names(folder).Order(StringComparer.Ordinal));
        using VoxelVolume volume = VolumeFile.Read(folder.At("study"));
        Assert.Equal([$"2 files that cannot be read ({folder.At("study/circle")}, {folder.At("study/gone.dcm")}) left out"], volume.Notes);
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public void A_folder_that_cannot_be_listed_is_an_error()
    {
        using var folder = new TemporaryFolder();
        folder.Write("study/1.dcm", new DicomSeed().At(0).ToBytes());
        string closed = folder.At("study/closed");
        Directory.CreateDirectory(closed);
        File.SetUnixFileMode(closed, UnixFileMode.None);
        try
        {
            // Root reads everything.
            if (Environment.UserName == "root")
                Assert.Single(FolderWalk.Files(folder.At("study")));
            else
                Assert.Equal(closed, Assert.Throws<HseNetFileException>(() => FolderWalk.Files(folder.At("study"))).File);
        }
        finally
        {
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Assert.Throws<HseNetFileException>(() => FolderWalk.Files(folder.At("missing")));
    }

    [Fact]
    public void Folders_of_any_depth_are_read()
    {
        using var folder = new TemporaryFolder();
        string deep = string.Join('/', Enumerable.Repeat("d", 40));
        folder.Write($"study/{deep}/1.dcm", new DicomSeed().At(0).ToBytes());
        Assert.Equal(["1.dcm"], Names(folder));
    }

    static IEnumerable<string> Names(TemporaryFolder folder) => FolderWalk.Files(folder.At("study")).Select(path => Path.GetFileName(path));
}
