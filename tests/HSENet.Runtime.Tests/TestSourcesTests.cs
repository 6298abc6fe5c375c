// What no test of this repository does: return where it should show as skipped, hold the machine's clock to a limit, change what all
// tests of a process share.
using System.Text.RegularExpressions;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed partial class TestSourcesTests
{
    [Fact]
    public void A_test_that_cannot_run_shows_as_skipped() => None(Returns());

    [Fact]
    public void No_test_holds_the_time_on_the_wall_to_a_limit() => None(WallClocks());

    [Fact]
    public void No_test_changes_what_the_process_shares() => None(SharedState());

    [Fact]
    public void The_patterns_find_what_they_are_for()
    {
        Assert.Matches(Returns(), "if (OperatingSystem.IsWindows())\n            return;");
        Assert.Matches(Returns(), "if (!GoldenFolder.LongChecks)\n            return; // long");
        Assert.Matches(WallClocks(), "Assert.InRange(clock.Elapsed.TotalSeconds, 0, 1);");
        Assert.Matches(WallClocks(), "Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20));");
        Assert.Matches(SharedState(), "Console.SetOut(written);");
        Assert.Matches(SharedState(), "Environment.CurrentDirectory = folder;");
    }

    static void None(Regex pattern)
    {
        string folder = Path.Combine(GoldenFolder.RepositoryRoot(), "tests");
        Assert.Empty(Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetFileName(file).StartsWith("TestSources", StringComparison.Ordinal))
            .SelectMany(file => pattern.Matches(File.ReadAllText(file)).Select(found => $"{Path.GetFileName(file)}: {found.Value}")));
    }

    [GeneratedRegex(@"if \([^\n]*(OperatingSystem|LongChecks|CudaDevice\.Count|File\.Exists)[^\n]*\)\s*\{?\s*return;")]
    private static partial Regex Returns();

    [GeneratedRegex(@"Assert\.[^;]*(\.Elapsed\b|GetElapsedTime)")]
    private static partial Regex WallClocks();

    [GeneratedRegex(@"Console\.Set(Out|Error|In)\(|Environment\.CurrentDirectory = |SetEnvironmentVariable\(|DefaultThreadCurrent\w*Culture = ")]
    private static partial Regex SharedState();
}
