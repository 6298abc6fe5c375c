// The driver's page lists its functions; this writes the list from the exports.
using System.Text.RegularExpressions;

namespace HSENet.Cli.Tests;

public partial class DriverPageTests
{
    const string Start = "<!-- DriverPageTests writes this table -->\n", End = "\n\n";

    static readonly string Folder = Path.Combine(Hsenet.Repository, "src", "HSENet.Ptx.Driver");

    [Fact]
    public void The_page_lists_every_function_that_is_exported()
    {
        string path = Path.Combine(Folder, "README.md"), page = File.ReadAllText(path).ReplaceLineEndings("\n");
        int start = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length, end = page.IndexOf(End, start, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("HSENET_APPROVE") == "1")
            File.WriteAllText(path, page[..start] + Table() + page[end..]);
        else
            Assert.True(page[start..end] == Table(), $"{path} has another table. If the change is meant: HSENET_APPROVE=1 dotnet test "
                + "tests/HSENet.Cli.Tests --filter DriverPageTests, and look at the difference");
    }

    [Fact]
    public void Every_name_is_exported_once_and_every_other_name_is_one_of_a_function()
    {
        string[] functions = [.. Sources().SelectMany(Exports)], missing = Lines("Missing.txt");
        string[] others = Lines("OtherNames.txt"), names = [.. functions, .. missing, .. others.Select(line => line.Split('=')[0])];
        Assert.Equal(names.Distinct(), names);
        Assert.All(others, line => Assert.Contains(line.Split('=')[1], functions));
    }

    static string Table() => "| what | functions |\n|---|---|\n" + string.Join('\n', Sources().Select(source =>
        $"| {File.ReadLines(source).First()[3..].TrimEnd('.')} | {Names(Exports(source))} |"))
        + $"\n| **not supported**: the call says so by its name | {Names(Lines("Missing.txt"))} |";

    // A version of a function that only has other arguments is not listed beside it.
    static string Names(IEnumerable<string> names) => string.Join(", ",
        names.Select(name => VersionSuffix().Replace(name, "")).Distinct().Select(name => $"`{name}`"));

    static IEnumerable<string> Sources() =>
        Directory.GetFiles(Path.Combine(Folder, "Exports"), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    static IEnumerable<string> Exports(string source) =>
        EntryPoint().Matches(File.ReadAllText(source)).Select(match => match.Groups[1].Value);

    static string[] Lines(string name) => [.. File.ReadLines(Path.Combine(Folder, name)).Where(line => line.Length > 0)];

    [GeneratedRegex("""EntryPoint = "(\w+)"\)""")]
    private static partial Regex EntryPoint();

    [GeneratedRegex(@"_v\d$")]
    private static partial Regex VersionSuffix();
}
