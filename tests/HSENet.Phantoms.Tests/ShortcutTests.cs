// What a model could learn instead of the findings: nothing about a scan but its picture tells what the patient has.
using HSENet.Evaluation;

namespace HSENet.Phantoms.Tests;

public sealed class ShortcutTests
{
    const int Count = 360;
    static readonly Lazy<Phantom[]> Phantoms = new(() => [.. Enumerable.Range(0, Count).Select(index =>
        new Phantom(10, index, null, (32, 32, 16)))]);
    static readonly Lazy<double[][]> Features = new(() => [.. Phantoms.Value.Select(Shortcuts)]);

    [Fact]
    public void A_classifier_on_shortcuts_stays_at_chance()
    {
        foreach (var kind in Enum.GetValues<FindingKind>())
        {
            double area = AreaUnderCurve(Features.Value, kind);
            Assert.True(area is > 0.36 and < 0.64, $"{kind} is told by shortcuts: area under the curve {area:F2}");
        }
    }

    [Fact]
    public void The_classifier_finds_a_shortcut_where_there_is_one()
    {
        double[][] features = [.. Phantoms.Value.Select(phantom => (double[])[.. Features.Value[phantom.Index],
            phantom.Scan.Noise.Strength + (Has(phantom, FindingKind.Nodule) ? 40 : 0)])];
        Assert.True(AreaUnderCurve(features, FindingKind.Nodule) > 0.9);
    }

    // Field of view, spacing, thickness, noise, orientation, border, and how well the file compresses.
    static double[] Shortcuts(Phantom phantom)
    {
        var scan = phantom.Scan;
        float[] values = phantom.Draw().Values;
        var (width, height, depth) = scan.Size;
        double border = 0, top = 0;
        for (int z = 0; z < depth; z++)
            for (int x = 0; x < width; x++)
                border += values[z * width * height + x] / (width * depth);
        for (int i = 0; i < width * height; i++)
            top += values[^(i + 1)] / (width * height);
        using var folder = new HSENet.Tests.TemporaryFolder();
        NiftiWriter.Write(folder.At("a.nii.gz"), StoredVolume<short>.Of(scan, Array.ConvertAll(values, value => (short)value)));
        double size = new FileInfo(folder.At("a.nii.gz")).Length / (double)(width * height * depth);
        return [scan.Spacing.X * width, scan.Spacing.X, scan.Spacing.Z * depth, scan.Spacing.Z, scan.Thickness, scan.Noise.Strength,
            scan.Noise.Grain, scan.Offset, scan.Round ? 1 : 0, .. "LPS RAS LAS LPI".Split(' ').Select(code => scan.Orientation == code ? 1.0
            : 0), scan.Pose.Shift.X, scan.Pose.Shift.Y, scan.Pose.Turn, scan.Pose.Scale, phantom.Contrast, border, top, size];
    }

    static bool Has(Phantom phantom, FindingKind kind) => phantom.Findings.Any(finding => finding.Kind == kind);

    // Ridge regression, each half judged by what the other half taught.
    static double AreaUnderCurve(double[][] features, FindingKind kind)
    {
        bool[] truth = [.. Phantoms.Value.Select(phantom => Has(phantom, kind))];
        int columns = features[0].Length;
        double[] mean = [.. Enumerable.Range(0, columns).Select(c => features.Average(row => row[c]))];
        double[] spread = [.. Enumerable.Range(0, columns)
            .Select(c => Math.Sqrt(features.Average(row => Math.Pow(row[c] - mean[c], 2))) + 1e-9)];
        double[][] rows = [.. features.Select(row => (double[])[1, .. row.Select((value, c) => (value - mean[c]) / spread[c])])];
        double total = 0;
        for (int half = 0; half < 2; half++)
        {
            double[] weights = Ridge([.. rows.Where((_, i) => i % 2 == half)],
                [.. truth.Where((_, i) => i % 2 == half).Select(there => there ? 1.0 : 0)], 20);
            (double Score, bool There)[] judged = [.. Enumerable.Range(0, rows.Length).Where(i => i % 2 != half)
                .Select(i => (rows[i].Zip(weights, (a, b) => a * b).Sum(), truth[i]))];
            var there = judged.Where(pair => pair.There).ToArray();
            var not = judged.Where(pair => !pair.There).ToArray();
            total += there.Average(a => not.Average(b => a.Score > b.Score ? 1.0 : a.Score == b.Score ? 0.5 : 0)) / 2;
        }
        return total;
    }

    static double[] Ridge(double[][] rows, double[] wanted, double penalty)
    {
        int n = rows[0].Length;
        double[,] matrix = new double[n, n + 1];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
                matrix[i, j] = rows.Sum(row => row[i] * row[j]) + (i == j ? penalty : 0);
            matrix[i, n] = rows.Select((row, k) => row[i] * wanted[k]).Sum();
        }
        for (int i = 0; i < n; i++) // Gauss, on a matrix that is positive definite
            for (int k = 0; k < n; k++)
                if (k != i)
                {
                    double factor = matrix[k, i] / matrix[i, i];
                    for (int j = i; j <= n; j++)
                        matrix[k, j] -= factor * matrix[i, j];
                }
        return [.. Enumerable.Range(0, n).Select(i => matrix[i, n] / matrix[i, i])];
    }
}
