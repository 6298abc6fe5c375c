// The first command of the README: the demo's report states what its phantom really has.
using System.Text.Json;
using HSENet.Evaluation;
using HSENet.Phantoms;

namespace HSENet.Cli.Tests;

public sealed class DemoTests
{
    static string Model { get; } = Path.Combine(Hsenet.Repository, "weights", "demo");

    static string Folder { get; } = Path.Combine(Model, "phantom");

    static PhantomTruth Truth { get; } = PhantomTruth.ReadAll(Folder).Single();

    static string Scan { get; } = Path.Combine(Folder, Truth.Image);

    [Fact]
    public void Every_finding_of_the_phantom_is_reported_and_no_other()
    {
        var outcome = Hsenet.Run("report", Scan, "--weights", Model);
        Assert.True(outcome.Code == 0, outcome.Error);
        var found = FindingParser.Parse(outcome.Output);
        Assert.Equal(Truth.Findings.Select(Where), found.Select(Where));
        foreach (var (wanted, written) in Truth.Findings.Zip(found))
            if (written.Millimetres is { } size)
                Assert.InRange(size, 0.75 * wanted.Millimetres!.Value, 1.25 * wanted.Millimetres.Value);
    }

    [Fact]
    public void What_is_there_and_what_is_not_is_answered()
    {
        PhantomQuestion[] asked = [.. Truth.Questions.Where(question => question.Type == "presence")];
        var outcome = Hsenet.Run(["ask", Scan, .. asked.Select(question => question.Question), "--weights", Model, "--json"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal(asked.Select(question => question.Answer), outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!.Trim().TrimEnd('.')));
    }

    [Fact]
    public void The_repositorys_phantom_is_small()
    {
        Assert.InRange(new FileInfo(Scan).Length, 1, 1_000_000);
    }

    static (FindingKind Kind, Side Side, Lobe Lobe) Where(Finding finding) => (finding.Kind, finding.Side, finding.Lobe);
}
