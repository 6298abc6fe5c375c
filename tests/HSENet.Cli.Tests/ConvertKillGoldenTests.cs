// hsenet convert, killed at many moments: nothing that looks finished is left, and the next run works.
using System.Diagnostics;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ConvertKillGoldenTests
{
    [Fact]
    public void A_killed_conversion_leaves_nothing_that_looks_finished_and_can_be_run_again()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("model");
        // From the first thing that appears on the disk to the last, and between them.
        (string Pattern, int Wait)[] moments =
            [("*.tmp", 0), ("*.tmp/*", 0), ("*.tmp/*", 10), ("*.tmp/*.safetensors*", 0), ("*.tmp/*.safetensors*", 5),
            ("*.tmp/*.safetensors*", 15), ("*.tmp/*.safetensors*", 40), ("*.tmp/model.safetensors", 0)];
        int unfinished = 0;
        foreach (var (pattern, wait) in moments)
        {
            var old = Leftovers(folder.Path).ToHashSet();
            Kill(folder.Path, output, pattern, wait);
            if (Directory.Exists(output)) // the kill came too late: then it must be whole
            {
                Assert.Equal(0, Hsenet.Run("inspect", output, "--verify").Code);
                Directory.Delete(output, recursive: true);
                continue;
            }
            string[] leftovers = Leftovers(folder.Path);
            unfinished += leftovers.Count(leftover => !old.Contains(leftover));
            foreach (string leftover in leftovers.Where(leftover => !File.Exists(Path.Combine(leftover, "config.json"))))
                Hsenet.Run("report", Hsenet.Scan, "--weights", leftover).IsRefused("config.json");
        }
        Assert.True(unfinished > 0, "no conversion was killed in the middle");

        var again = Hsenet.Run(ConvertGoldenTests.Arguments(output));
        Assert.True(again.Code == 0, again.Error);
        Assert.Equal(0, Hsenet.Run("inspect", output, "--verify").Code);
        Assert.Empty(Leftovers(folder.Path));
    }

    static string[] Leftovers(string folder) => Directory.GetDirectories(folder, "*.tmp");

    // SIGKILL as soon as something of the pattern, "folder" or "folder/file", that was not there before has appeared, and a moment has
    // passed.
    static void Kill(string folder, string output, string pattern, int wait)
    {
        string[] parts = pattern.Split('/');
        var old = Leftovers(folder).ToHashSet();
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hsenet.dll"), .. ConvertGoldenTests.Arguments(output)])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        while (!process.HasExited && !Appeared())
            Thread.SpinWait(50);
        Thread.Sleep(wait);
        process.Kill();
        process.WaitForExit();

        bool Appeared()
        {
            try
            {
                return Directory.EnumerateDirectories(folder, parts[0])
                    .Any(found => !old.Contains(found) && (parts.Length == 1 || Directory.EnumerateFiles(found, parts[1]).Any()));
            }
            catch (DirectoryNotFoundException)
            {
                return true; // it has just got its name
            }
        }
    }
}
