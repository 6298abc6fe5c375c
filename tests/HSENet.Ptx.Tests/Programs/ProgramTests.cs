// Programs written to be hard, with the findings and values that are right: each is launched with every check on.
namespace HSENet.Ptx.Tests;

public class ProgramTests
{
    const string Clean = "clean", Note = "note", Error = "error";

    static readonly Dictionary<string, TestProgram> Programs = TestProgram.ReadAll(Path.Combine(AppContext.BaseDirectory, "Programs"));

    public static TheoryData<string> Names => [.. Programs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_program_gives_its_values_and_only_the_kinds_of_findings_that_it_deserves(string name)
    {
        TestProgram program = Programs[name];
        PtxLaunchResult result;
        try
        {
            result = PtxLaunch.Run(program.Ptx, PtxLaunchFile.Parse(program.Launch, "."),
                new EmulatorOptions { Races = true, MaxInstructions = 20_000_000 });
        }
        catch (Exception fault) when (fault is EmulatorException or PtxException or PtxLaunchException)
        {
            Assert.True(program.Expected.Contains(Error), fault.Message);
            Assert.Contains(program.Message, fault.Message);
            return;
        }
        string[] kinds = [.. result.Execution.Findings.Select(finding => finding.Kind).Distinct()];
        kinds = kinds.Length > 0 ? kinds : result.Execution.Notes.Count > 0 ? [Note] : [Clean];
        Assert.All(kinds, kind => Assert.True(program.Expected.Contains(kind), $"{kind}: {result.Execution.Findings.FirstOrDefault()}"));
        if (program.Message.Length > 0)
            Assert.Contains(result.Execution.Findings.Select(finding => finding.Message).Append(result.Execution.Printed),
                message => message.Contains(program.Message, StringComparison.Ordinal));
        using System.Text.Json.JsonDocument found = System.Text.Json.JsonDocument.Parse(result.ToJson());
        foreach ((string output, string values) in program.Outputs)
            Assert.Equal(values, string.Join(',', found.RootElement.GetProperty("outputs").GetProperty(output).EnumerateArray()));
    }
}
