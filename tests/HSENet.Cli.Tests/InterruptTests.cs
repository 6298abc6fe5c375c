// Ctrl-C: the program ends at once, whatever it does, and what was generated is printed.
using System.Diagnostics;
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class InterruptTests
{
    [UnixTheory] // Windows has no SIGINT to send
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_interrupt_during_generation_ends_it_with_what_exists(bool json)
    {
        string[] scans = [.. Enumerable.Repeat(Hsenet.Scan, 200)];
        string[] form = json ? ["--json"] : [];
        using var process = Hsenet.Start(["report", .. scans, "--weights", Hsenet.Demo, "--temperature", "3", .. form]);
        var first = new char[1];
        Assert.Equal(1, await process.StandardOutput.ReadAsync(first.AsMemory()));
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        string all = first[0] + await output;
        Assert.EndsWith("\n", all, StringComparison.Ordinal);
        // However slowly the machine hands the signal on, most of the reports are not begun any more.
        Assert.InRange(all.Count(c => c == '\n'), 1, scans.Length / 2);
        Assert.DoesNotContain("   at ", await error, StringComparison.Ordinal);
        if (json)
            foreach (string line in all.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Assert.Equal(JsonValueKind.String, JsonDocument.Parse(line).RootElement.GetProperty("text").ValueKind);
    }

    // From the start of the process over opening the model into reading, preparing and encoding, which the emulator does for seconds.
    [UnixTheory, InlineData(150), InlineData(600), InlineData(1500)]
    public async Task An_interrupt_at_any_moment_ends_it_without_an_error(int milliseconds)
    {
        string[] scans = [.. Enumerable.Repeat(Hsenet.Scan, 20)];
        using var process = Hsenet.Start(["report", .. scans, "--weights", Hsenet.Demo, "--device", "emulator"]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await Task.Delay(milliseconds);
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        // What a user should know of the scan may stand there too.
        Assert.DoesNotMatch("(?m)^hsenet: (?!interrupted)|^ +at |Exception", await error);
        Assert.InRange((await output).Count(c => c == '\n'), 0, scans.Length / 2);
    }
}
