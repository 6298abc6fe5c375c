// Comparison with golden tensors, and the table of worst errors that HSENET_GOLDEN_ERRORS=FILE asks for.
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using HSENet.Kernels;

namespace HSENet.Tests;

/// <summary>Comparison with golden tensors.</summary>
static class Golden
{
    /// <summary>The share of a right f32 implementation is below 1e-6; typical mistakes begin at 2e-5 (golden README).</summary>
    public const double Tolerance = 1e-5;

    /// <summary>
    /// What is allowed of a tensor behind as many roundings one after the other as <paramref name="roundings"/> says, where activations are
    /// bf16: each moves a tensor by less than 2⁻⁸ of its length, in a direction of its own, so that squares add up; norms pass relative
    /// errors on as they are, products and sums do so but for what cancels. In f32 the tolerance of all.
    /// </summary>
    public static double Allowed(ActivationType type, int roundings) => type == ActivationType.F32 ? Tolerance : Math.Sqrt(roundings) / 256;

    /// <summary>The device of the part that this thread ran last: the table's second column.</summary>
    [ThreadStatic] static string? LastDevice;

    static readonly ConcurrentDictionary<string, (int Count, double Worst, string Name)> Groups = new();

    static Golden()
    {
        if (Environment.GetEnvironmentVariable("HSENET_GOLDEN_ERRORS") is { Length: > 0 } file)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => File.WriteAllText(file, Table(RowsOfOthers(file)));
    }

    public static void Equal(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance = Tolerance,
        [CallerFilePath] string test = "")
    {
        double error = GoldenFolder.RelativeL2(actual, expected);
        string group = $"{Path.GetFileNameWithoutExtension(test).Replace("GoldenTests", "", StringComparison.Ordinal)} | "
            + $"{LastDevice ?? "host"}";
        Groups.AddOrUpdate(group, (1, error, name), (_, seen) =>
            (seen.Count + 1, Math.Max(seen.Worst, error), error > seen.Worst ? name : seen.Name));
        Assert.True(error <= tolerance, $"{name}: relative L2 error {error:E2}, allowed {tolerance:E0}");
    }

    /// <summary>Notes the device on which the tensors that follow are computed.</summary>
    public static void On(string device) => LastDevice = device;

    public static float[] Minus(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x - y)];

    // Inference and training are tested by different programs: each replaces its own rows.
    static IEnumerable<(string Group, string Row)> RowsOfOthers(string file) => !File.Exists(file) ? []
        : File.ReadLines(file).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)
            .Select(line => (Group: string.Join(" | ", line.Split(" | ").Take(2))[2..], Row: line + "\n"))
            .Where(row => !Groups.ContainsKey(row.Group));

    static string Table(IEnumerable<(string Group, string Row)> others)
    {
        var text = new StringBuilder("""
            # Errors against the reference implementation

            Relative L2 error of every compared tensor of the small golden model, f32 weights; 1e-5 is allowed, 1e-4 for gradients
            and trained weights, 2⁻⁸·√n behind n roundings where activations are bf16. Made by
            `HSENET_GOLDEN_ERRORS=$PWD/bench/results/golden.md dotnet test -c Release tests/HSENet.Runtime.Tests
            --filter FullyQualifiedName~GoldenTests`, and the same with tests/HSENet.Training.Tests.

            | group | device | tensors | worst error | of |
            |---|---|---:|---:|---|

            """);
        var rows = Groups.Select(entry => (Group: entry.Key, Row: string.Create(CultureInfo.InvariantCulture,
            $"| {entry.Key} | {entry.Value.Count} | {entry.Value.Worst:E1} | {entry.Value.Name} |\n")));
        foreach (var (_, row) in rows.Concat(others.ToArray()).OrderBy(row => row.Group, StringComparer.Ordinal))
            text.Append(row);
        return text.ToString();
    }
}
