// The table of the page says what the emulator executes, checks and refuses.
namespace HSENet.Ptx.Tests;

public class InstructionFamilyTests
{
    const string Start = "<!-- InstructionFamilyTests writes this table -->\n", End = "\n\n";

    [Fact]
    public void The_table_of_instruction_families_is_what_runs()
    {
        string root = HSENet.Tests.GoldenFolder.RepositoryRoot(), path = Path.Combine(root, "src", "HSENet.Ptx", "README.md");
        string table = "| chapter of the manual | executed | checked for | refused, by name |\n|---|---|---|---|\n"
            + string.Join('\n', InstructionFamily.All.Select(family => family.Row()));
        string page = File.ReadAllText(path).ReplaceLineEndings("\n");
        int start = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length, end = page.IndexOf(End, start, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("HSENET_APPROVE") == "1")
            File.WriteAllText(path, page[..start] + table + page[end..]);
        else
            Assert.True(page[start..end] == table, $"{path} has another table. If the change is meant: HSENET_APPROVE=1 dotnet test "
                + "tests/HSENet.Ptx.Tests --filter InstructionFamilyTests, and look at the difference");
    }
}
