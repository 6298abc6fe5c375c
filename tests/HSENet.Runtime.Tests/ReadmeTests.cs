// The README's program is the body of a test.
using System.Runtime.CompilerServices;
using HSENet.Kernels;

namespace HSENet.Runtime.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void An_embedder_needs_these_lines()
    {
        var written = new StringWriter();
        var console = Console.Out;
        Console.SetOut(written);
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = Repository();
        try
        {
            Example();
        }
        finally
        {
            Environment.CurrentDirectory = before;
            Console.SetOut(console);
        }
        Assert.Contains(" ", written.ToString().Trim(), StringComparison.Ordinal);
    }

    static void Example()
    {
        using var device = new HostDevice();
        using var model = HseNetModel.Open("weights/demo", device);
        using var study = CtStudy.Open("tests/golden/data/ct_sm.nii.gz");
        foreach (string piece in model.Report(study))
            Console.Write(piece);
    }

    [Fact]
    public void The_README_shows_them()
    {
        string source = File.ReadAllText(ThisFile());
        int start = source.IndexOf('{', source.IndexOf("static void Example()", StringComparison.Ordinal)) + 1;
        string body = source[start..source.IndexOf("\n    }", start, StringComparison.Ordinal)];
        string example = string.Join('\n', body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[8..]));
        Assert.Contains($"```csharp\n{example}\n```", File.ReadAllText(Path.Combine(Repository(), "README.md")), StringComparison.Ordinal);
    }

    static string Repository() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    static string ThisFile([CallerFilePath] string path = "") => path;
}
