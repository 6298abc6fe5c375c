// What the checker found, kernels printed and kernels failed with: on stderr and stdout, and as JSON lines in a file that the caller names.
using System.Text;
using System.Text.Json;

namespace HSENet.Ptx.Driver;

static class Reports
{
    /// <summary>Where findings are added, one line of JSON each: HSENET_PTX_FINDINGS.</summary>
    static readonly string? Path = Environment.GetEnvironmentVariable("HSENET_PTX_FINDINGS");

    /// <summary>Races are looked for unless HSENET_PTX_RACES is 0.</summary>
    static readonly bool Races = Environment.GetEnvironmentVariable("HSENET_PTX_RACES") != "0";

    /// <summary>HSENET_PTX_STRICT is 1 where what is a note otherwise is a race.</summary>
    static readonly bool Strict = Environment.GetEnvironmentVariable("HSENET_PTX_STRICT") == "1";

    public static EmulatorOptions Options(bool cooperative) => new() { Races = Races, Strict = Strict, Cooperative = cooperative };

    /// <summary>A kernel that did not come to its end: a finding, too, whatever the program makes of the call's result.</summary>
    public static void Write(KernelWork launch, EmulatorException failure) =>
        Keep(new EmulatorFinding("failed", launch.Function.Kernel.Name, 0, default, default, 0, "", failure.Message));

    public static void Write(string kernel, EmulatorResult result)
    {
        Console.Out.Write(result.Printed);
        Console.Out.Flush();
        foreach (EmulatorFinding finding in result.Findings)
        {
            Console.Error.WriteLine($"hsenet: {finding}");
            Keep(finding);
        }
        foreach (EmulatorFinding note in result.Notes)
            Console.Error.WriteLine($"hsenet: note: {note}");
        if (result.FindingCount > result.Findings.Count)
            Console.Error.WriteLine($"hsenet: {kernel}: and {result.FindingCount - result.Findings.Count} more of the same");
    }

    static void Keep(EmulatorFinding finding)
    {
        if (Path != null)
            File.AppendAllText(Path, Line(finding) + "\n");
    }

    static string Line(EmulatorFinding finding)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", finding.Kind);
            writer.WriteString("kernel", finding.Kernel);
            writer.WriteNumber("line", finding.Line);
            writer.WriteString("block", finding.Block.ToString());
            writer.WriteString("thread", finding.Thread.ToString());
            writer.WriteString("message", finding.Message);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
