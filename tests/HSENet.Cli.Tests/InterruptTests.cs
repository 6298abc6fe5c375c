// Ctrl-C: the program ends at once, and what was generated is printed.
using System.Diagnostics;
using System.Text.Json;

namespace HSENet.Cli.Tests;

public sealed class InterruptTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_interrupt_during_generation_ends_within_a_second_with_what_exists(bool json)
    {
        if (OperatingSystem.IsWindows())
            return; // has no SIGINT to send
        string[] scans = [.. Enumerable.Repeat(Hsenet.Scan, 200)];
        string[] form = json ? ["--json"] : [];
        using var process = Hsenet.Start(["report", .. scans, "--weights", Hsenet.Demo, "--temperature", "3", .. form]);
        var first = new char[1];
        Assert.Equal(1, await process.StandardOutput.ReadAsync(first.AsMemory()));
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        var clock = Stopwatch.StartNew();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 1);
        Assert.Equal(130, process.ExitCode);
        string all = first[0] + await output;
        Assert.EndsWith("\n", all, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", await error, StringComparison.Ordinal);
        if (json)
            foreach (string line in all.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Assert.Equal(JsonValueKind.String, JsonDocument.Parse(line).RootElement.GetProperty("text").ValueKind);
    }
}
