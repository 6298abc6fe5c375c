// Folders that hold more than one study, or more than images: what each verb makes of them.
using System.IO.Compression;
using System.Text.Json;
using HSENet.Runtime.Tests;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class StudyFolderTests
{
    [Fact]
    public void Batch_verbs_take_each_study_of_a_folder()
    {
        using var folder = new TemporaryFolder();
        WriteStudy(folder, "scans/first", "1.1");
        WriteStudy(folder, "scans/second/deeper", "1.2");
        // Two in one folder; and two patients whose studies were given one UID.
        WriteStudy(folder, "scans/both", "1.3", "a");
        WriteStudy(folder, "scans/both", "1.4", "b");
        WriteStudy(folder, "scans/x", "1.5", patient: "P1");
        WriteStudy(folder, "scans/y", "1.5", patient: "P2");
        var outcome = Hsenet.Run("preprocess", folder.At("scans"), "--out", folder.At("out"), "--size", "8,32,32", "--json", "--device",
            "cpu");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal(["1.3.npy", "1.4.npy", "first.npy", "second/deeper.npy", "x.npy", "y.npy"],
            Directory.GetFiles(folder.At("out"), "*.npy", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder.At("out"), file)).Order(StringComparer.Ordinal));
        Assert.Equal(6, outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("P1", outcome.Output + outcome.Error, StringComparison.Ordinal);

        File.WriteAllText(folder.At("list.jsonl"), """{"image": "scans"}""");
        var reports = Hsenet.Run("report", "--manifest", folder.At("list.jsonl"), "--out", folder.At("reports.jsonl"), "--weights",
            Hsenet.Demo,
            "--max-tokens", "1");
        Assert.True(reports.Code == 0, reports.Error);
        Assert.Equal(["scans (study 1.3)", "scans (study 1.4)", "scans/first", "scans/second/deeper", "scans/x", "scans/y"],
            File.ReadLines(folder.At("reports.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("image").GetString())
                .Order(StringComparer.Ordinal));

        var inspected = Hsenet.Run("inspect", folder.At("scans"));
        Assert.Equal(0, inspected.Code);
        Assert.Contains("one of 6 CT series of 6 studies taken", inspected.Error, StringComparison.Ordinal);
        Assert.Equal(6, inspected.Output.Split('\n').Count(line => line.StartsWith("series ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Batch_verbs_take_each_study_of_a_zip()
    {
        using var folder = new TemporaryFolder();
        WriteStudy(folder, "scans/first", "1.1");
        WriteStudy(folder, "scans/second", "1.2");
        ZipFile.CreateFromDirectory(folder.At("scans"), folder.At("scans.zip"));
        var outcome = Hsenet.Run("preprocess", folder.At("scans.zip"), "--out", folder.At("out"), "--size", "8,32,32", "--device", "cpu");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal([folder.At("out/scans/1.1.npy"), folder.At("out/scans/1.2.npy")],
            Directory.GetFiles(folder.At("out"), "*.npy", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Preprocess_takes_pairs_and_zips_of_a_folder()
    {
        using var folder = new TemporaryFolder();
        var (header, image) = VolumeSeeds.Pair(5, 4, 3);
        byte[] nifti = VolumeSeeds.Nifti(5, 4, 3);
        folder.Write("scans/pair.HDR.gz", VolumeSeeds.Gzip(header));
        folder.Write("scans/pair.img", image);
        folder.Write("scans/._pair.img", [0, 5, 0x16, 7]);
        folder.Write("scans/x/two.zip", ArchiveSeeds.Zip(("a.nii", nifti), ("deep/b.nii.gz", VolumeSeeds.Gzip(nifti))));
        folder.Write("scans/one.zip", ArchiveSeeds.Zip(("scan.nii", nifti)));
        folder.Write("scans/papers.zip", ArchiveSeeds.Zip(("read me.txt", nifti[100..200])));
        var outcome = Hsenet.Run("preprocess", folder.At("scans"), folder.At("scans/x/two.zip/a.nii"), "--out", folder.At("out"), "--size",
            "8,32,32", "--force", "--device", "cpu");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal(["one.npy", "pair.npy", "two/a.npy", "x/two/a.npy", "x/two/deep/b.npy"],
            Directory.GetFiles(folder.At("out"), "*.npy", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder.At("out"), file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Report_writes_one_for_each_study_of_a_folder()
    {
        using var folder = new TemporaryFolder();
        WriteStudy(folder, "scans/first", "1.1");
        WriteStudy(folder, "scans/second", "1.2");
        var outcome = Hsenet.Run("report", folder.At("scans"), "--weights", Hsenet.Demo, "--max-tokens", "1", "--json");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal([folder.At("scans/first"), folder.At("scans/second")],
            outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("input").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Other_files_do_not_make_a_DICOM_folder_something_else()
    {
        using var folder = new TemporaryFolder();
        foreach (string other in (string[])["viewer.bin", "model.safetensors", "a.hdr", "scan.nii"])
        {
            WriteStudy(folder, $"{other}-study", "1.1");
            folder.Write($"{other}-study/{other}", [1, 2, 3, 4]);
            var inspected = Hsenet.Run("inspect", folder.At($"{other}-study"));
            Assert.Contains("32 × 32 × 3", inspected.Output, StringComparison.Ordinal);
            var prepared = Hsenet.Run("preprocess", folder.At($"{other}-study"), "--out", folder.At("out"), "--size", "8,32,32", "--device",
                "cpu");
            Assert.True(prepared.Code == 0, prepared.Error);
            Assert.True(File.Exists(folder.At($"out/{other}-study.npy")));
        }
    }

    [Fact]
    public void A_study_beside_NIfTI_files_is_taken_with_them_and_links_end()
    {
        using var folder = new TemporaryFolder();
        WriteStudy(folder, "scans/dicom", "1.1");
        Directory.CreateDirectory(folder.At("scans/nifti"));
        File.Copy(Hsenet.Scan, folder.At("scans/nifti/ct.nii.gz"));
        // A note on a study in DICOM makes no study of its folder.
        folder.Write("scans/nifti/plan.dcm", new DicomSeed { Modality = "RTPLAN", Class = "1.2.840.10008.5.1.4.1.1.481.5" }.ToBytes());
        Directory.CreateSymbolicLink(folder.At("scans/nifti/up"), "..");
        Directory.CreateSymbolicLink(folder.At("scans/self"), ".");
        var outcome = Hsenet.Run("preprocess", folder.At("scans"), "--out", folder.At("out"), "--size", "8,32,32", "--device", "cpu");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal([folder.At("out/nifti/ct.npy"), folder.At("out/scans.npy")],
            Directory.GetFiles(folder.At("out"), "*.npy", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Batch_verbs_say_what_reading_says()
    {
        using var folder = new TemporaryFolder();
        WriteStudy(folder, "study", "1.1", "a", series: "5");
        WriteStudy(folder, "study", "1.1", "b", series: "6");
        const string Note = "one of 2 CT series taken";
        var prepared = Hsenet.Run("preprocess", folder.At("study"), "--out", folder.At("out"), "--size", "8,32,32", "--json", "--device",
            "cpu");
        Assert.Contains(Note, prepared.Error, StringComparison.Ordinal);
        Assert.Contains(Note, Notes(prepared.Output), StringComparison.Ordinal);
        var report = Hsenet.Run("report", folder.At("study"), "--weights", Hsenet.Demo, "--max-tokens", "1", "--json");
        Assert.Contains(Note, report.Error, StringComparison.Ordinal);
        Assert.Contains(Note, Notes(report.Output), StringComparison.Ordinal);
        File.WriteAllText(folder.At("list.jsonl"), """{"image": "study"}""");
        var listed = Hsenet.Run("report", "--manifest", folder.At("list.jsonl"), "--out", folder.At("reports.jsonl"), "--weights",
            Hsenet.Demo,
            "--max-tokens", "1");
        Assert.Contains(Note, listed.Error, StringComparison.Ordinal);
        Assert.Contains(Note, Notes(File.ReadAllText(folder.At("reports.jsonl"))), StringComparison.Ordinal);

        static string Notes(string json) => $"{JsonDocument.Parse(json).RootElement.GetProperty("notes")}";
    }

    static void WriteStudy(TemporaryFolder folder, string place, string study, string name = "", string? patient = null,
        string? series = null)
    {
        var seed = new DicomSeed
        {
            Class = "1.2.840.10008.5.1.4.1.1.2",
            Study = study,
            Series = series ?? $"{study}.1",
            Rows = 32,
            Columns = 32,
            More = patient is null ? [] : [(0x00100020, "LO", DicomSeed.Text(patient))],
        };
        foreach (int z in Enumerable.Range(0, 3))
            folder.Write($"{place}/{name}{z}.dcm", seed.At(2 * z, z).ToBytes());
    }

    [Fact]
    public void However_the_patient_lay_the_prepared_volume_is_the_same()
    {
        using var folder = new TemporaryFolder();
        // Axis of the columns, axis of the rows; the normal follows.
        foreach (var (name, axes) in ((string, double[])[])[("head-first-supine", [1, 0, 0, 0, 1, 0]),
            ("head-first-prone", [-1, 0, 0, 0, -1, 0]),
            ("feet-first-supine", [-1, 0, 0, 0, 1, 0]), ("feet-first-prone", [1, 0, 0, 0, -1, 0]), ("decubitus-right", [0, 1, 0, -1, 0, 0]),
            ("decubitus-left", [0, -1, 0, 1, 0, 0]), ("sagittal", [0, 1, 0, 0, 0, -1]), ("coronal", [1, 0, 0, 0, 0, -1])])
            WriteBody(folder, name, axes);
        var outcome = Hsenet.Run([ "preprocess", .. Directory.GetDirectories(folder.At("bodies")), "--out", folder.At("out"), "--size",
            "8,32,32",
            "--device", "cpu"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        byte[][] volumes = [.. Directory.GetFiles(folder.At("out"), "*.npy").Select(File.ReadAllBytes)];
        Assert.Equal(8, volumes.Length);
        Assert.All(volumes, volume => Assert.Equal(volumes[0], volume));
        Assert.Equal(7, outcome.Error.Split('\n').Count(line => line.Contains("turned from", StringComparison.Ordinal)));
    }

    // A body of voxels of 1.5 mm whose values differ everywhere, sliced along an orientation.
    static void WriteBody(TemporaryFolder folder, string name, double[] axes)
    {
        const int Side = 24;
        double[] x = axes[..3], y = axes[3..],
            z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
        // The corner from which all three axes lead into the body.
        double[] corner = [.. Enumerable.Range(0, 3).Select(i => x[i] + y[i] + z[i] > 0 ? 0.0 : Side - 1)];
        for (int k = 0; k < Side; k++)
        {
            double[] At(int column, int row) => [.. Enumerable.Range(0, 3).Select(i => corner[i] + column * x[i] + row * y[i] + k * z[i])];
            var seed = new DicomSeed
            {
                Class = "1.2.840.10008.5.1.4.1.1.2",
                Rows = Side,
                Columns = Side,
                Intercept = 0,
                PixelSpacing = "1.5\\1.5",
                Orientation = axes,
                Instance = $"1.{k}",
                Position = [.. At(0, 0).Select(value => 1.5 * value)],
                Pixels = [.. Enumerable.Range(0, Side * Side).Select(n => At(n % Side, n / Side)).Select(p => p.Min() < 2 ? -1000
                    : (int)(-400 + 3 * p[0] + 7 * p[1] + 11 * p[2] + p[0] * p[1] - p[1] * p[2]))],
            };
            folder.Write($"bodies/{name}/{k}.dcm", seed.ToBytes());
        }
    }
}
