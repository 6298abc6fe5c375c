// Who a patient is appears nowhere: not in reports, facts, notes or errors, whatever the files say.
using System.Text;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class PrivacyTests
{
    // What the DICOM seeds and the header below carry.
    static readonly string[] Names = ["Secret", "Patient", "Mueller"];

    [Fact]
    public void Names_in_dicom_files_appear_nowhere()
    {
        using var folder = new TemporaryFolder();
        string series = StudyArgumentsTests.WriteSeries(folder.At("series"), "1.2.3", [0, 2, 4, 6]);
        Assert.Contains("Secret^Patient", Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(series, "0.dcm"))),
            StringComparison.Ordinal);
        Check(folder, series, succeeds: true);
        string damaged = Path.Combine(series, "0.dcm");
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^1500]);
        Check(folder, series, succeeds: false);
    }

    [Fact]
    public void Names_in_a_nifti_header_appear_nowhere()
    {
        using var folder = new TemporaryFolder();
        byte[] scan = ReportTests.Nifti(16, 16, 8, i => (short)(i - 1000));
        // data_type and db_name, descrip, aux_file, intent_name.
        foreach (int field in (int[])[4, 14, 148, 228, 328])
            "Mueller"u8.CopyTo(scan.AsSpan(field));
        Check(folder, folder.Write("scan.nii", scan), succeeds: true);
        Check(folder, folder.Write("short.nii", scan[..^100]), succeeds: false);
    }

    static void Check(TemporaryFolder folder, string input, bool succeeds)
    {
        string[] before = [.. Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)];
        foreach (var outcome in (Outcome[])
        [
            Hsenet.Run("report", input, "--weights", Hsenet.Demo, "--max-tokens", "3", "--json", "--stats", "--verbose"),
            Hsenet.Run("inspect", input, "--verbose"),
            Hsenet.Run("inspect", input, "--json"),
        ])
        {
            Assert.True(outcome.Code == (succeeds ? 0 : 2), outcome.Error);
            foreach (string name in Names)
                Assert.DoesNotContain(name, outcome.Output + outcome.Error, StringComparison.OrdinalIgnoreCase);
        }
        Assert.Equal(before.Order(), Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Order());
    }
}
