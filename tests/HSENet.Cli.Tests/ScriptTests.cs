// The repository's shell scripts: no reader that stops early where a writer's broken pipe ends the script.
using System.Text.RegularExpressions;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed partial class ScriptTests
{
    static readonly string Root = GoldenFolder.RepositoryRoot();

    // What is built or cloned beside the sources is not the repository's.
    static IEnumerable<string> Scripts() => new[] { ".ci", "bench", "kernels", "src", "tests", "weights" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
        .Where(file => Path.GetExtension(file) is "" or ".sh" && IsScript(file));

    static bool IsScript(string file)
    {
        using var reader = new StreamReader(file);
        var first = new char[64];
        return Shell().IsMatch(new string(first, 0, reader.ReadBlock(first)));
    }

    // Lines that a backslash or a pipe continues are one.
    static IEnumerable<string> EarlyEnds(string script) => !Pipefail().IsMatch(script) ? []
        : Continued().Replace(Comment().Replace(script, ""), " ").Split('\n').Select(line => line.Trim())
            .Where(line => EarlyEnd().IsMatch(line));

    [Fact]
    public void No_pipe_of_a_script_ends_before_its_writer()
    {
        string[] scripts = [.. Scripts()];
        Assert.True(scripts.Length >= 15, $"{scripts.Length} scripts were found");
        Assert.Empty(scripts.SelectMany(file =>
            EarlyEnds(File.ReadAllText(file)).Select(line => $"{Path.GetRelativePath(Root, file)}: {line}")));
    }

    [Theory]
    [InlineData("unzip -l a | grep -q b")]
    [InlineData("unzip -l a | grep -qE 'b$' || exit 1")]
    [InlineData("unzip -l a |\n  grep -Fq b")]
    [InlineData("unzip -l a \\\n  | grep --quiet b")]
    [InlineData("x=$(ls | head -1)")]
    [InlineData("ls |& head -n 1")]
    [InlineData("ls | sort | grep -m1 b")]
    [InlineData("ls | sed 3q")]
    [InlineData("ls | sed -n '3{p;q}'")]
    [InlineData("ls | awk '{ print; exit }'")]
    public void A_reader_that_stops_early_is_found(string line)
    {
        Assert.NotEmpty(EarlyEnds($"#!/usr/bin/env bash\nset -euo pipefail\n{line}\n"));
        Assert.Empty(EarlyEnds($"#!/usr/bin/env bash\nset -eu\n{line}\n"));
    }

    [Theory]
    [InlineData("grep -q a file || exit 1")]
    [InlineData("a || grep -q b file")]
    [InlineData("ls | grep . || true # | head -1")]
    [InlineData("ls | sort -V | tail -1")]
    [InlineData("ls | sed -n '6s/a/b/p'")]
    [InlineData("ls | awk '{ sum += $1 } END { print sum }'")]
    public void A_reader_that_reads_all_is_left(string line) => Assert.Empty(EarlyEnds($"set -o pipefail\n{line}\n"));

    [GeneratedRegex(@"^#!\S*(/| )(ba|z|k|da)?sh\b")]
    private static partial Regex Shell();

    [GeneratedRegex(@"^\s*set\s[^\n#]*\bpipefail\b", RegexOptions.Multiline)]
    private static partial Regex Pipefail();

    [GeneratedRegex(@"(?<=^|\s)#[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\\n|(?<=\|)[ \t]*\n")]
    private static partial Regex Continued();

    // A pipe, no "or", into head, a grep that is quiet or counts to a limit, a sed that quits, an awk that exits.
    [GeneratedRegex("""
        (?<!\|)\|(?!\|)&?\s*
        (head\b
        |[ef]?grep\b(\s+(-\w+|--\w[\w-]*(=\S+)?))*?\s+(-\w*[qm]|--quiet|--silent|--max-count)
        |sed\b[^|]*?([;{\d]\s*q\b|\s["']?q\b)
        |awk\b[^|]*\bexit\b)
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex EarlyEnd();
}
