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

    static readonly ConcurrentDictionary<string, (int Count, double Share, double Error, double Theirs, string Name)> Parts = new();

    static readonly Lock Saving = new();

    // After every tensor, not when the program ends: a test host that takes its time to end is killed. The table's file is whole at any time.
    static void Save()
    {
        if (Environment.GetEnvironmentVariable("HSENET_GOLDEN_ERRORS") is not { Length: > 0 } file)
            return;
        lock (Saving)
        {
            File.WriteAllText($"{file}.tmp", Table(RowsOfOthers(file)));
            File.Move($"{file}.tmp", file, overwrite: true);
        }
    }

    public static void Equal(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance = Tolerance,
        [CallerFilePath] string test = "")
    {
        double error = GoldenFolder.RelativeL2(actual, expected);
        string group = $"{Path.GetFileNameWithoutExtension(test).Replace("GoldenTests", "", StringComparison.Ordinal)} | "
            + $"{LastDevice ?? "host"}";
        Groups.AddOrUpdate(group, (1, error, name), (_, seen) =>
            (seen.Count + 1, Math.Max(seen.Worst, error), error > seen.Worst ? name : seen.Name));
        Save();
        Assert.True(error <= tolerance, $"{name}: relative L2 error {error:E2}, allowed {tolerance:E0}");
    }

    /// <summary>Holds a tensor computed in bf16 to the error that the reference framework's own bf16 run has there.</summary>
    public static void NoWorse(string part, string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double theirs)
    {
        double error = GoldenFolder.RelativeL2(actual, expected), share = error / theirs;
        Parts.AddOrUpdate($"{part} | {LastDevice}", (1, share, error, theirs, name), (_, seen) =>
            share > seen.Share ? (seen.Count + 1, share, error, theirs, name) : seen with { Count = seen.Count + 1 });
        Save();
        Assert.True(error <= theirs, $"{part}.{name}: relative L2 error {error:E2} in bf16, that of the reference's own run {theirs:E2}");
    }

    /// <summary>Notes the device on which the tensors that follow are computed.</summary>
    public static void On(string device) => LastDevice = device;

    public static float[] Minus(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x - y)];

    // Inference, training and each long check are programs of their own: each replaces its own rows.
    static IEnumerable<string> RowsOfOthers(string file) => !File.Exists(file) ? []
        : File.ReadLines(file).Where(line => line.StartsWith("| ", StringComparison.Ordinal)
            && !line.StartsWith("| group", StringComparison.Ordinal) && !line.StartsWith("| part", StringComparison.Ordinal))
            .Where(line => string.Join(" | ", line[2..].Split(" | ").Take(2)) is var key
                && !Groups.ContainsKey(key) && !Parts.ContainsKey(key));

    static string Table(IEnumerable<string> others)
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
        string[] kept = [.. others];
        Append(Rows(5, Groups.Select(entry => string.Create(CultureInfo.InvariantCulture,
            $"| {entry.Key} | {entry.Value.Count} | {entry.Value.Worst:E1} | {entry.Value.Name} |"))));
        string[] parts = Rows(7, Parts.Select(entry => string.Create(CultureInfo.InvariantCulture, $"| {entry.Key} | {entry.Value.Count} | "
            + $"{100 * entry.Value.Share:F0} % | {entry.Value.Error:E1} | {entry.Value.Theirs:E1} | {entry.Value.Name} |")));
        if (parts.Length == 0)
            return text.ToString();
        text.Append("""

            ## The full-size model in bf16

            Weights and what products read are bf16. No tensor may err more than in the bf16 run of the reference's framework on the same
            weights (`full/full.json`); of each part the tensor that comes nearest to that. Made by the command above with
            `HSENET_LONG=1` and `--filter FullyQualifiedName~reference_s_own_run`, which takes hours.

            | part | device | tensors | of the reference's error | error | reference's | of |
            |---|---|---:|---:|---:|---:|---|

            """);
        Append(parts);
        return text.ToString();

        string[] Rows(int cells, IEnumerable<string> rows) =>
            [.. rows.Concat(kept.Where(row => row.Count(c => c == '|') == cells + 1)).Order(StringComparer.Ordinal)];

        void Append(string[] rows)
        {
            foreach (string row in rows)
                text.Append(row).Append('\n');
        }
    }
}
