// The options of reading a scan, which report, ask and inspect share.
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using HSENet.Runtime.Tests;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class StudyArgumentsTests
{
    [Fact]
    public void A_dicom_folder_and_the_same_files_in_a_zip_give_one_report()
    {
        using var folder = new TemporaryFolder();
        string series = WriteSeries(folder.At("series"), "1.2.3", [0, 2, 4, 6]);
        ZipFile.CreateFromDirectory(series, folder.At("series.zip"));
        var outcome = Hsenet.Run("report", series, "--weights", Hsenet.Demo, "--max-tokens", "4");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal("", outcome.Error);
        Assert.NotEqual("", outcome.Output.Trim());
        Assert.Equal(outcome.Output, Hsenet.Run("report", folder.At("series.zip"), "--weights", Hsenet.Demo, "--max-tokens", "4").Output);
    }

    [Fact]
    public void The_chosen_series_is_noted_and_another_can_be_asked_for()
    {
        using var folder = new TemporaryFolder();
        WriteSeries(folder.At("a"), "1.2.3", [0, 2, 4]);
        WriteSeries(folder.At("b"), "1.2.4", [0, 3]);
        var largest = Hsenet.Run("inspect", folder.Path, "--json");
        Assert.Equal([32, 32, 3], Sizes(largest));
        var asked = Hsenet.Run("inspect", folder.Path, "--series", "1.2.4");
        Assert.Contains("32 × 32 × 2", asked.Output, StringComparison.Ordinal);
        Assert.Equal("", asked.Error);
        Assert.Contains("one of 2 CT series taken: 1.2.3",
            Hsenet.Run("report", folder.Path, "--weights", Hsenet.Demo, "--max-tokens", "1").Error,
            StringComparison.Ordinal);
        Hsenet.Run("inspect", folder.Path, "--series", "9.9").IsRefused("9.9", "1.2.3", "1.2.4");
    }

    [Fact]
    public void Missing_slices_are_refused_unless_gaps_are_allowed()
    {
        using var folder = new TemporaryFolder();
        string series = WriteSeries(folder.At("series"), "1.2.3", [0, 2, 4, 8]);
        Hsenet.Run("report", series, "--weights", Hsenet.Demo).IsRefused("1 slice missing", "gaps");
        var outcome = Hsenet.Run("inspect", series, "--allow-gaps");
        Assert.Contains("32 × 32 × 4", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("1 slice missing", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scan_with_voxels_that_are_no_numbers_is_inspected()
    {
        using var folder = new TemporaryFolder();
        byte[] nifti = [.. VolumeSeeds.Nifti(2, 2, 2)[..352], .. new byte[32]];
        (nifti[70], nifti[72]) = (16, 32); // f32
        VolumeSeeds.Put(nifti, 352, float.NaN, -3, 4, float.PositiveInfinity, 1, 2, 3, float.NaN);
        var outcome = Hsenet.Run("inspect", folder.Write("scan.nii", nifti), "--json");
        Assert.True(outcome.Code == 0, outcome.Error);
        JsonElement facts = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal((-3, 4), (facts.GetProperty("minimum").GetDouble(), facts.GetProperty("maximum").GetDouble()));
        Assert.Contains("not finite", facts.GetProperty("refused").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_gives_spacing_and_a_scaling_that_follows_the_file_s_own()
    {
        using var folder = new TemporaryFolder();
        byte[] scan = ReportTests.Nifti(8, 8, 8, i => (short)i);
        BitConverter.TryWriteBytes(scan.AsSpan(112), 2f);
        BitConverter.TryWriteBytes(scan.AsSpan(116), 10f);
        string path = folder.Write("a.nii", scan);
        File.WriteAllText(folder.At("table.csv"),
            "VolumeName,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing\na.nii.gz,0.5,-1024,\"[0.5, 0.6]\",2.5\n");
        JsonElement facts = Json(Hsenet.Run("inspect", path, "--metadata", folder.At("table.csv"), "--json"));
        Assert.Equal([0.5, 0.6, 2.5], facts.GetProperty("spacing").EnumerateArray().Select(e => e.GetDouble()));
        Assert.Equal(0.5 * 10 - 1024, facts.GetProperty("minimum").GetDouble());
        Assert.Equal(0.5 * (2 * 511 + 10) - 1024, facts.GetProperty("maximum").GetDouble());
        // Without the table nothing is below −500.
        Hsenet.Run("report", path, "--weights", Hsenet.Demo).IsRefused("Hounsfield");
        var report = Hsenet.Run("report", path, "--weights", Hsenet.Demo, "--metadata", folder.At("table.csv"), "--max-tokens", "2");
        Assert.True(report.Code == 0, report.Error);
        string rescaled = Hsenet.Run("report", path, "--weights", Hsenet.Demo, "--metadata", folder.At("table.csv"), "--rescale", "1,-1024")
            .Error;
        Assert.Contains("one of them", rescaled, StringComparison.Ordinal);
        Hsenet.Run("inspect", folder.Write("b.nii", scan), "--metadata", folder.At("table.csv")).IsRefused("table.csv", "'b'");
        string series = WriteSeries(folder.At("a"), "1.2.3", [0, 2]);
        Hsenet.Run("inspect", series, "--metadata", folder.At("table.csv")).IsRefused("DICOM");
    }

    [Theory]
    [InlineData("700kB", "739320 bytes")]
    [InlineData("1MiB", "resampling")]
    [InlineData("1300kB", "to turn them")]
    [InlineData("0", "--max-memory")]
    [InlineData("3 bags", "--max-memory")]
    public void A_volume_beyond_the_memory_is_refused_with_its_size(string limit, string word) =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--max-memory", limit).IsRefused(word);

    // The program that the tests run is the default build.
    [Fact]
    public void What_needs_fo_dicom_names_the_switch()
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--sr", folder.At("sr.dcm")).IsRefused("--sr", "-p:UseFoDicom=true");
        Hsenet.Run("dicom", "listen", "--port", "11112", "--out", folder.At("in")).IsRefused("-p:UseFoDicom=true");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    internal static string WriteSeries(string folder, string uid, double[] positions)
    {
        Directory.CreateDirectory(folder);
        var seed = new DicomSeed { Series = uid, Rows = 32, Columns = 32 };
        foreach (double z in positions)
            File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{z}.dcm")), seed.At(z, (int)z).ToBytes());
        return folder;
    }

    static JsonElement Json(Outcome outcome) =>
        outcome.Code == 0 ? JsonDocument.Parse(outcome.Output).RootElement : throw new InvalidOperationException(outcome.Error);

    static int[] Sizes(Outcome outcome) => [.. Json(outcome).GetProperty("size").EnumerateArray().Select(e => e.GetInt32())];
}
