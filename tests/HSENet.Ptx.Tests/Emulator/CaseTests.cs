// Programs with known results and faults: each is launched as its description says, every check on.
using System.Text.Json;

namespace HSENet.Ptx.Tests;

public class CaseTests
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Cases");

    static readonly JsonElement Cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "cases.json"))).RootElement;

    public static TheoryData<string> Names => [.. Cases.EnumerateObject().Select(property => property.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_program_gives_its_results_and_only_the_kinds_of_findings_that_it_deserves(string name)
    {
        JsonElement expected = Cases.GetProperty(name);
        string[] kinds = [.. expected.GetProperty("findings").EnumerateArray().Select(kind => kind.GetString()!)];
        PtxLaunchResult result;
        try
        {
            result = Run(name);
        }
        catch (Exception fault) when (fault is EmulatorException or PtxException or PtxLaunchException)
        {
            Assert.True(kinds.Contains("error"), fault.Message);
            return;
        }
        Assert.NotEqual(["error"], kinds);
        Assert.Equal(kinds.Length > 0, result.Execution.FindingCount > 0);
        Assert.All(result.Execution.Findings, finding => Assert.Contains(finding.Kind, kinds));
        if (!expected.TryGetProperty("outputs", out JsonElement outputs))
            return;
        using JsonDocument found = JsonDocument.Parse(result.ToJson());
        foreach (JsonProperty output in outputs.EnumerateObject())
            Assert.Equal(output.Value.EnumerateArray().Select(value => value.GetInt64()),
                found.RootElement.GetProperty("outputs").GetProperty(output.Name).EnumerateArray().Select(value => value.GetInt64()));
    }

    [Theory]
    [InlineData("k6_flag_later_block")]
    [InlineData("w1_grid_barrier")]
    public void Blocks_that_wait_for_each_other_come_through_when_they_run_together(string name)
    {
        string reason = Assert.Throws<EmulatorException>(() => Run(name)).Message;
        Assert.Contains("k: no progress: block (0, 0, 0) thread (0, 0, 0) at line", reason);
        Assert.Contains("unless the launch is cooperative", reason);

        // The blocks behind the grid's barrier write the same word, which is a fault of its own.
        Assert.All(Run(name, new EmulatorOptions { Races = true, Cooperative = true }).Execution.Findings,
            finding => Assert.EndsWith("both write the same value", finding.Message));
    }

    [Fact]
    public void The_last_block_of_the_guide_is_noted_and_a_race_when_strict()
    {
        const string Name = "d2_lastblock_guide_ok";
        EmulatorFinding note = Run(Name).Execution.Notes[0];
        Assert.Equal((FindingKind.UnfencedTicket, 36, "part"), (note.Kind, note.Line, note.Allocation));
        Assert.All(Run(Name, new EmulatorOptions { Races = true, Strict = true }).Execution.Findings,
            finding => Assert.Equal(FindingKind.Race, finding.Kind));
        Assert.Empty(Run("d1_lastblock_fences_ok").Execution.Notes);
    }

    [Fact]
    public void Two_writes_of_one_value_are_said_to_be_equal() =>
        Assert.All(Run("o1_same_value_write").Execution.Findings,
            finding => Assert.EndsWith("both write the same value", finding.Message));

    [Fact]
    public void A_cooperative_launch_has_to_fit_the_gpu()
    {
        using Kernel kernel = Kernel.Of("mov.u32 %r1, %tid.x;", 0);
        EmulatorOptions options = new() { Cooperative = true };
        Assert.Empty(kernel.Launch(132, 1024, options).Findings);
        Assert.Contains("a cooperative launch of 265 blocks: 264 blocks live on",
            Assert.Throws<EmulatorException>(() => kernel.Launch(265, 1024, options)).Message);
    }

    static PtxLaunchResult Run(string name, EmulatorOptions? options = null) => PtxLaunch.Run(
        File.ReadAllText(Path.Combine(Folder, name + ".ptx")),
        PtxLaunchFile.Parse(Cases.GetProperty(name).GetProperty("launch").GetRawText(), Folder),
        options ?? new EmulatorOptions { Races = true, MaxInstructions = 20_000_000 });
}
