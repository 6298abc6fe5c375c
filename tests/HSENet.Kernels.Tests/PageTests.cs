// The operations' pages: every rung is on one, and every link leads somewhere.
using System.Globalization;
using System.Text.RegularExpressions;
using HSENet.Tests;

namespace HSENet.Kernels.Tests;

public sealed partial class PageTests
{
    static readonly string Folder = Path.Combine(GoldenFolder.RepositoryRoot(), "kernels");

    public static TheoryData<string> Pages =>
        [.. Directory.EnumerateFiles(Folder, "*.md", SearchOption.AllDirectories).Select(page => Path.GetRelativePath(Folder, page))];

    [Theory, MemberData(nameof(Pages))]
    public void Every_link_leads_to_a_file(string page)
    {
        string text = File.ReadAllText(Path.Combine(Folder, page)), folder = Path.GetDirectoryName(Path.Combine(Folder, page))!;
        foreach (string link in Link().Matches(text).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal)))
        {
            string path = Path.Combine(folder, link.Split('#')[0]);
            Assert.True(Path.Exists(path), $"kernels/{page}: {link} leads nowhere");
            if (link.Split('#') is [_, var title])
                Assert.Contains(title, Title().Matches(File.ReadAllText(path)).Select(match => Anchor(match.Groups[1].Value)));
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void Every_rung_of_a_folder_is_on_its_page(string page)
    {
        string text = File.ReadAllText(Path.Combine(Folder, page));
        string[] rungs = [.. Directory.EnumerateFiles(Path.GetDirectoryName(Path.Combine(Folder, page))!, "*.cs")
            .Select(file => Path.GetFileName(file)).Where(file => Rung().IsMatch(file))];
        Assert.All(rungs, rung => Assert.Contains($"]({rung})", text));
        string[] sections = rungs.Length == 0 ? [] : ["## Ladder", "## What the profiler says", "## Numerics", "## Try"];
        Assert.All(rungs.Any(rung => rung.Contains(".Backward.", StringComparison.Ordinal)) ? [.. sections, "## Backward"] : sections,
            section => Assert.Contains(section, text));
    }

    [Fact]
    public void The_first_page_names_every_operation()
    {
        string text = File.ReadAllText(Path.Combine(Folder, "README.md"));
        Assert.All(KernelCatalog.Operations, operation => Assert.Contains(operation.Name.Split('.')[0], text));
    }

    [Fact]
    public void No_launch_is_predicted_faster_than_its_bound()
    {
        int rows = 0;
        foreach (string page in Directory.EnumerateFiles(Folder, "README.md", SearchOption.AllDirectories))
            foreach (Match row in PredictedRow().Matches(File.ReadAllText(page)))
                foreach (var (time, bound) in new[] { (1, 2), (3, 4) }.Where(pair => double.TryParse(row.Groups[pair.Item1].Value, out _)))
                {
                    rows++;
                    Assert.True(Number(row, time) >= 0.99 * Number(row, bound), row.Value);
                }
        Assert.InRange(rows, 100, int.MaxValue);

        static double Number(Match row, int group) => double.Parse(row.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    // As GitHub makes them from titles.
    static string Anchor(string title) => NoWord().Replace(title.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Title();

    [GeneratedRegex(@"\.(Host|Reference|V\d+)\.")]
    private static partial Regex Rung();

    // | kernel | sizes | predicted | bound | limited by | predicted | bound | limited by |
    [GeneratedRegex(@"^\| `\w+` \| [^|]+ \| [~≥]? ?([\d.]+|–) \| ([\d.]+|–) \| [^|]+ \| [~≥]? ?([\d.]+|–) \| ([\d.]+|–) \| [^|]+ \|$",
        RegexOptions.Multiline)]
    private static partial Regex PredictedRow();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoWord();
}
