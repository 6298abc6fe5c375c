// Sets of phantoms on the disk: the same bits in any order, readable by what trains and reports, the same scan in every form.
using System.Text.Json;
using HSENet.Evaluation;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Phantoms.Tests;

public sealed class PhantomFilesTests
{
    static readonly PhantomSetOptions Small = new() { Count = 12, Seed = 3, Matrix = (48, 48, 24), Labels = true, Dicom = true };

    [Fact]
    public void A_phantom_has_the_same_bits_whatever_the_count_the_order_and_the_workers()
    {
        using var folder = new TemporaryFolder();
        string one = Directory.CreateDirectory(folder.At("one")).FullName, other = Directory.CreateDirectory(folder.At("other")).FullName;
        var few = new PhantomFiles(Small with { Count = 3 }, one);
        for (int index = 0; index < 3; index++)
            few.Write(index);
        var many = new PhantomFiles(Small, other);
        Parallel.For(0, 6, new ParallelOptions { MaxDegreeOfParallelism = 4 }, index => many.Write(5 - index));
        string[] files = [.. Directory.EnumerateFiles(one, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(one, file))];
        Assert.True(files.Length > 3 * (3 + 20));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(one, file)), File.ReadAllBytes(Path.Combine(other, file))));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(one, "000000.nii.gz")), File.ReadAllBytes(Path.Combine(one, "000001.nii.gz")));
    }

    [Fact]
    public void What_is_there_is_skipped_and_what_changed_is_made_anew()
    {
        using var folder = new TemporaryFolder();
        var files = new PhantomFiles(Small with { Dicom = false }, folder.Path);
        Assert.False(files.Write(1).Skipped);
        Assert.True(files.Write(1).Skipped);
        File.Delete(folder.At("000001.labels.nii.gz"));
        Assert.False(files.Write(1).Skipped);
        Assert.False(new PhantomFiles(Small with { Dicom = false, Seed = 4 }, folder.Path).Write(1).Skipped);
    }

    [Fact]
    public void Dicom_and_NIfTI_hold_the_same_scan_in_every_orientation()
    {
        using var folder = new TemporaryFolder();
        using var device = new HostDevice(1);
        var files = new PhantomFiles(Small, folder.Path);
        var orientations = new HashSet<string>();
        for (int index = 0; index < Small.Count; index++)
        {
            var phantom = new Phantom(Small.Seed, index, null, Small.Matrix);
            if (!orientations.Add(phantom.Scan.Orientation))
                continue;
            files.Write(index);
            string name = PhantomFiles.NameOf(index);
            using (var stored = CtStudy.Open(folder.At(name + ".nii.gz")))
            {
                Assert.Equal(phantom.Scan.Orientation, stored.Volume.Orientation!.Code);
                Assert.Equal(phantom.Scan.Spacing.Z, stored.Spacing.Z, 1e-4);
            }
            float[] nifti = Prepared(folder.At(name + ".nii.gz"), device), dicom = Prepared(folder.At(name), device);
            Assert.Equal(nifti, dicom);
        }
        Assert.Equal(["LAS", "LPI", "LPS", "RAS"], orientations.Order());
    }

    [Fact]
    public void The_volume_that_is_drawn_straight_is_what_preprocessing_makes_of_the_scan()
    {
        using var folder = new TemporaryFolder();
        using var device = new HostDevice(1);
        for (int index = 0; index < 2; index++)
        {
            var options = new PhantomSetOptions { Count = 2, Seed = 4 };
            new PhantomFiles(options, folder.Path).Write(index);
            string scan = folder.At(PhantomFiles.NameOf(index) + ".nii.gz");
            float[] made = Prepared(scan, device, 24, 48, 48);
            File.Delete(folder.At(PhantomFiles.NameOf(index) + ".json"));
            new PhantomFiles(options with { Prepared = (24, 48, 48) }, folder.Path).Write(index);
            using var study = CtStudy.Open(folder.At(PhantomFiles.NameOf(index) + ".npy"));
            float[] drawn = FloatArrays.Finite(study.Volume);
            Assert.Equal(made.Length, drawn.Length);
            double difference = made.Zip(drawn, (a, b) => (double)(a - b)).Average(), spread = Deviation(made, drawn);
            Assert.True(Math.Abs(difference) < 0.01 && Correlation(made, drawn) > 0.985,
                $"phantom {index}: mean difference {difference:F3}, deviation {spread:F3}, correlation {Correlation(made, drawn):F4}");
        }
    }

    [Fact]
    public void The_volume_that_is_drawn_for_a_model_with_a_preset_of_its_own_is_what_preprocessing_makes_of_the_scan()
    {
        using var folder = new TemporaryFolder();
        using var device = new HostDevice(1);
        var own = new OwnPreset { GreyCurve = "-1050:0,-900:0.3137,-500:0.4902,-150:0.5686,250:0.8431,1000:1", InPlane = InPlane.Average };
        for (int index = 0; index < 3; index++)
        {
            var options = new PhantomSetOptions { Count = 3, Seed = 4 };
            new PhantomFiles(options, folder.Path).Write(index);
            string name = folder.At(PhantomFiles.NameOf(index));
            float[] made = Prepared(name + ".nii.gz", device, 32, 64, 64, own);
            var files = new PhantomFiles(options with { Prepared = (32, 64, 64), Curve = own.GreyCurve, Average = true }, folder.Path);
            files.Write(index);
            using var study = CtStudy.Open(name + ".npy");
            Assert.Equal(own.Name, study.Volume.PreparedAs);
            float[] drawn = FloatArrays.Finite(study.Volume);
            double difference = made.Zip(drawn, (a, b) => (double)(a - b)).Average();
            Assert.True(Math.Abs(difference) < 0.002 && Deviation(made, drawn) < 0.035 && Correlation(made, drawn) > 0.99,
                $"phantom {index}: mean {difference:F4}, deviation {Deviation(made, drawn):F4}, correlation {Correlation(made, drawn):F4}");
        }
    }

    [Fact]
    public void Manifests_are_read_by_training_and_by_reports()
    {
        using var folder = new TemporaryFolder();
        var files = new PhantomFiles(Small with { Count = 30 }, folder.Path);
        for (int index = 0; index < 30; index++)
            File.WriteAllText(folder.At(PhantomFiles.NameOf(index) + ".nii.gz"), ""); // manifests are checked for names alone
        var written = files.WriteManifests();
        Assert.Equal(["reports.json", "reports.test.jsonl", "structured.json", "structured.test.jsonl", "questions.json",
            "questions.test.jsonl"], written.Select(manifest => manifest.File));
        var reports = Manifest.Read(folder.At("reports.json"), RowContent.Report);
        Assert.Equal((24, 2), (reports.Train.Count, reports.Validation.Count));
        var test = Manifest.ReadStudies(folder.At("reports.test.jsonl"), out var broken);
        Assert.Equal((4, 0), (test.Count, broken.Count));
        Assert.Equal(30, reports.Train.Concat(reports.Validation).Concat(test).Select(row => row.Image).Distinct().Count());
        var questions = Manifest.Read(folder.At("questions.json"), RowContent.Answer);
        Assert.Contains(questions.Train, row => row is { Question: not null, Answer: not null });
        Assert.Contains(questions.Train, row => row is { Question: null, Abnormality: not null, Anatomy: not null });
    }

    [Fact]
    public void The_truth_names_the_voxel_of_the_stored_file()
    {
        using var folder = new TemporaryFolder();
        var options = Small with { Kinds = [FindingKind.Calcification], Matrix = (96, 96, 48), Dicom = false };
        var files = new PhantomFiles(options, folder.Path);
        var orientations = new HashSet<string>();
        for (int index = 0; index < 12; index++)
        {
            files.Write(index);
            string name = folder.At(PhantomFiles.NameOf(index));
            using var truth = JsonDocument.Parse(File.ReadAllBytes(name + ".json"));
            orientations.Add(truth.RootElement.GetProperty("orientation").GetString()!);
            using var labels = VolumeFile.Read(name + ".labels.nii.gz", new VolumeReadOptions());
            foreach (var place in truth.RootElement.GetProperty("findings")[0].GetProperty("places").EnumerateArray())
            {
                int[] voxel = [.. place.GetProperty("centre_voxel").EnumerateArray().Select(value => (int)Math.Round(value.GetDouble()))];
                Assert.Equal((byte)Label.Calcification, At(labels, voxel));
            }
        }
        Assert.Equal(4, orientations.Count);
    }

    static unsafe byte At(VoxelVolume volume, int[] voxel) =>
        volume.Pointer[(voxel[2] * volume.Size.Y + voxel[1]) * volume.Size.X + voxel[0]];

    static float[] Prepared(string path, HostDevice device, int depth = 16, int height = 32, int width = 32,
        OwnPreset? own = null)
    {
        using var scan = CtStudy.Open(path);
        using var study = scan.PrepareScan(device, new PreprocessingTarget(depth, height, width, Slices: 0, Own: own),
            CancellationToken.None);
        float[] volume = new float[study.Volume.Length];
        device.Download<float>(study.Volume, volume);
        return volume;
    }

    static double Deviation(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Average());

    static double Correlation(float[] a, float[] b)
    {
        double meanA = a.Average(), meanB = b.Average();
        double both = a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum();
        return both / Math.Sqrt(a.Sum(x => Math.Pow(x - meanA, 2)) * b.Sum(y => Math.Pow(y - meanB, 2)));
    }
}
