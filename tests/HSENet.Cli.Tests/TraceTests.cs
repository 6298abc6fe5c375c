// The tour in data order is what the demo model launches.
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class TraceTests
{
    [Fact]
    public void The_tour_is_what_the_demo_model_launches()
    {
        using var folder = new TemporaryFolder();
        string page = folder.At("tour.md");
        var outcome = Hsenet.Run("trace", Hsenet.Scan, "--weights", Hsenet.Demo, "--device", "cpu", "--markdown", page);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal(File.ReadAllText(Path.Combine(Hsenet.Repository, "kernels", "TOUR.md")), File.ReadAllText(page));
    }

    [Fact]
    public void Every_link_of_the_tour_leads_to_a_page()
    {
        string kernels = Path.Combine(Hsenet.Repository, "kernels");
        var links = System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(Path.Combine(kernels, "TOUR.md")), @"\]\(([^)]+)/\)")
            .Select(match => match.Groups[1].Value).Distinct().ToArray();
        Assert.NotEmpty(links);
        Assert.All(links, folder => Assert.True(File.Exists(Path.Combine(kernels, folder, "README.md")), folder));
    }
}
