// What is under a temporary name: left alone while its process lives, on whatever machine that is, and removed when it was killed.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class AtomicFileTests
{
    [Fact]
    public void Only_what_ended_processes_of_this_machine_left_is_removed()
    {
        using var folder = new TemporaryFolder();
        string killed = TemporaryName.For(folder.At("a.npy"), int.MaxValue);
        string[] kept =
        [
            TemporaryName.For(folder.At("a.npy")), // between closing a file and giving it its name
            TemporaryName.For(folder.At("b.npy"), int.MaxValue), // of another file
            folder.At($"a.npy.{~Convert.ToUInt32(Path.GetFileName(killed).Split('.')[2].Split('-')[0], 16):x8}"
                + killed[killed.IndexOf('-', folder.Path.Length + "/a.npy.".Length)..]), // of another machine
            folder.At("a.npy.1-0.tmp"), folder.At("a.npy.notes.tmp"), folder.At("a.npy"),
        ];
        foreach (string file in kept.Append(killed))
            File.WriteAllText(file, "");
        using (var open = new FileStream(TemporaryName.For(folder.At("a.npy"), int.MaxValue - 1), FileMode.CreateNew, FileAccess.Write,
            FileShare.Read))
        {
            AtomicFile.RemoveLeftovers(folder.Path, "a.npy");
            Assert.Equal(kept.Append(open.Name).Order(StringComparer.Ordinal),
                Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_file_is_whole_or_not_there()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.Write(folder.At("a"), "first"u8);
        using (var file = new AtomicFile(folder.At("a")))
            file.Write("second"u8, 0);
        Assert.Equal("first", File.ReadAllText(Assert.Single(Directory.GetFiles(folder.Path))));
    }
}
