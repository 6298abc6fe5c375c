// The README's program is the body of a test.
using System.Runtime.CompilerServices;
using HSENet.Kernels;

namespace HSENet.Runtime.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void An_embedder_needs_these_lines()
    {
        Example();
        Assert.Contains(" ", Console.Written.ToString().Trim(), StringComparison.Ordinal);
    }

    static void Example()
    {
        using var device = new HostDevice();
        using var model = HseNetModel.Open("weights/demo", device);
        using var study = CtStudy.Open("src/HSENet.Phantoms/example/000032.nii.gz");
        foreach (string piece in model.Report(study))
            Console.Write(piece);
    }

    // What the lines take from the process, its output and working folder, is the test's own here: other tests run beside it.
    static class Console
    {
        public static StringWriter Written { get; } = new();

        public static void Write(string text) => Written.Write(text);
    }

    static class HseNetModel
    {
        public static Runtime.HseNetModel Open(string folder, Device device) => Runtime.HseNetModel.Open(At(folder), device);
    }

    static class CtStudy
    {
        public static Runtime.CtStudy Open(string path) => Runtime.CtStudy.Open(At(path));
    }

    static string At(string path) => Path.Combine(Repository(), path);

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
