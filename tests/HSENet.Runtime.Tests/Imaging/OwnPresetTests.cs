// Models with a preset of their own: scans are prepared as it says, and what was prepared in another way is refused by its name.
using System.Text.Json.Nodes;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class OwnPresetTests
{
    const string Curve = "-1050:0,-900:0.3,-500:0.5,250:0.9,1000:1";
    static readonly HostDevice Device = new(1);
    static readonly OwnPreset Own = new() { GreyCurve = Curve, InPlane = InPlane.Average };

    [Theory]
    [InlineData(24, 16, 18, 8, 6, 4)] // whole numbers of voxels
    [InlineData(23, 17, 7, 5, 6, 4)] // fractions of them
    [InlineData(6, 5, 4, 7, 9, 8)] // more voxels than the scan has
    public void Voxels_are_means_over_their_area_in_sampled_slices_of_what_is_above_the_curve(int x, int y, int z, int height, int width,
        int depth)
    {
        var random = new Random(x);
        short[] voxels = new short[x * y * z];
        foreach (ref short voxel in voxels.AsSpan())
            voxel = (short)random.Next(-1040, 1400);
        // What lies below the curve's beginning is left out: the first column and the last two slices.
        for (int i = 0; i < voxels.Length; i++)
            if (i % x == 0 || i / (x * y) >= z - 2)
                voxels[i] = -2000;
        using var scan = VoxelVolume.FromVoxels<short>(voxels, (x, y, z), (1.7, 2.1, 3.3));
        var target = new PreprocessingTarget(depth, height, width, Slices: 0, Own: Own);
        using var study = Preprocessing.Prepare(Device, scan, target, new PreprocessingOptions { Force = true });
        Assert.Equal(new VoxelSize(0, 1, 0), study.CropStart);
        Assert.Equal(new VoxelSize(z - 2, x, y), study.CropEnd);
        var curve = GreyCurve.Parse(Curve);
        double[,,] box = new double[z - 2, x - 1, y];
        for (int k = 0; k < z - 2; k++)
            for (int i = 1; i < x; i++)
                for (int j = 0; j < y; j++)
                    box[k, i - 1, j] = voxels[(k * y + j) * x + i];
        int at = 0;
        for (int k = 0; k < depth; k++)
            for (int i = 0; i < height; i++)
                for (int j = 0; j < width; j++, at++)
                    Assert.Equal(curve.At((float)Mean(box, (k + 0.5) * (z - 2) / depth - 0.5, Part(i, height, x - 1), Part(j, width, y))),
                        study.Volume.AsSpan()[at], 2e-5f);
        Assert.Equal("average(-1050:0,-900:0.3,-500:0.5,250:0.9,1000:1)-3", study.Preprocessing);
    }

    [Fact]
    public void A_curve_is_one_name_however_it_is_written()
    {
        Assert.Equal(Own.Name, (Own with { GreyCurve = "-1050:0.0,-9E2:0.30,-500:0.5,250:.9,1000:1.0" }).Name);
        Assert.NotEqual(Own.Name, (Own with { GreyCurve = "-1050:0,1000:1" }).Name);
        Assert.True(Preprocessing.IsCurrent(Preprocessing.NameOf(new(), Own), Own));
        Assert.False(Preprocessing.IsCurrent(Preprocessing.NameOf(new(), Own), own: null));
        Assert.False(Preprocessing.IsCurrent(Preprocessing.NameOf(new()), Own));
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("scan"), "");
        Assert.NotEqual(Key(Own), Key(null));

        string Key(OwnPreset? own) => StudyKey.Volume(folder.At("scan"), new PreprocessingTarget(2, 3, 4, Own: own), new CtStudyOptions());
    }

    [Theory]
    [InlineData("-1000:0", "has 1 point; expected two or more, at most 16")]
    [InlineData("-1000:0,200", "cannot be used")]
    [InlineData("-1000:0,-1000:1", "cannot be used")] // units do not grow
    [InlineData("-1000:0.5,200:0.4", "cannot be used")] // greys fall
    [InlineData("-1000:0,200:1.1", "cannot be used")]
    [InlineData("-1000:0,1e9:1", "cannot be used")]
    [InlineData("-1000:NaN,200:1", "cannot be used")]
    [InlineData("0:0,1:0,2:0,3:0,4:0,5:0,6:0,7:0,8:0,9:0,10:0,11:0,12:0,13:0,14:0,15:0,16:1", "has 17 points")]
    public void A_curve_that_is_none_is_refused_with_file_and_field(string curve, string problem)
    {
        string message = Refused(preset => preset["grey_curve"] = curve);
        Assert.Contains("config.json: preprocessing.grey_curve: the grey curve ", message);
        Assert.Contains(problem, message);
    }

    [Fact]
    public void Samples_and_presets_without_a_field_are_refused()
    {
        Assert.Contains("preprocessing.in_plane is Sample; expected average", Refused(preset => preset["in_plane"] = "sample"));
        Assert.Contains("config.json", Refused(preset => preset["in_plane"] = "largest"));
        Assert.Contains("grey_curve", Refused(preset => preset.Remove("grey_curve")));
        Assert.Contains("in_plane", Refused(preset => preset.Remove("in_plane")));
    }

    [Fact]
    public void Another_of_the_released_presets_is_refused_beside_it()
    {
        using var scan = VoxelVolume.FromVoxels<short>(new short[8], (2, 2, 2), (1, 1, 1));
        var failure = Assert.Throws<HseNetException>(() => Preprocessing.Prepare(Device, scan, new PreprocessingTarget(2, 2, 2, Own: Own),
            new PreprocessingOptions { Preset = PreprocessingPreset.BimcvR }));
        Assert.StartsWith("PreprocessingOptions.Preset is BimcvR; expected Standard beside a model that has a preset of its own",
            failure.Message);
    }

    [Fact]
    public void A_finished_volume_of_another_preset_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var other = Own with { GreyCurve = GreyCurve.Standard };
        Assert.Equal("was prepared as 'average(-1000:0,200:1)'; expected the model's " + Own.Name, Refusal(other.Name, Own));
        Assert.Equal("was prepared as 'standard'; expected the model's " + Own.Name, Refusal("standard", Own));
        Assert.StartsWith($"was prepared as '{Own.Name}'; expected a volume of the released models' preprocessing",
            Refusal(Own.Name, null));
        Assert.Null(Refusal(Own.Name, Own));
        Assert.Null(Refusal("standard", null));
        Assert.Null(Refusal("bimcv_r", null));
        // Whoever gives a volume that says nothing answers for it.
        Assert.Null(Refusal(null, Own));
        Assert.Null(Refusal(null, null));

        string? Refusal(string? name, OwnPreset? model)
        {
            string path = folder.At("volume.npy");
            NumpyFile.Write(path, new float[24], name, 1, 2, 3, 4);
            using var volume = VolumeFile.Read(path);
            Assert.Equal(name, volume.PreparedAs);
            try
            {
                using var study = Preprocessing.UseFinished(Device, volume, null, new PreprocessingTarget(2, 3, 4, Slices: 0, Own: model));
                Assert.All(study.Volume.AsSpan().ToArray(), value => Assert.Equal(0, value));
                return null;
            }
            catch (HseNetFileException e)
            {
                return e.Message[(path.Length + 2)..];
            }
        }
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } # someone else's\n", null)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }      \n", null)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } # hsenet: a(b)   \n", "a(b)")]
    public void A_comment_behind_the_dictionary_is_read_as_Python_reads_it(string header, string? name) =>
        Assert.Equal(name, NumpyHeader.Parse(header, "x.npy").PreparedAs);

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x\n")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } # a\nb\n")]
    [InlineData("{'descr': '<f4', # 'fortran_order': False, 'shape': (1,), }\n")]
    public void What_Python_would_not_read_is_refused(string header) =>
        Assert.Throws<HseNetFileException>(() => NumpyHeader.Parse(header, "x.npy"));

    static string Refused(Action<JsonObject> change)
    {
        string file = Path.Combine(GoldenFolder.Toy, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        config["preprocessing"] = new JsonObject { ["grey_curve"] = Curve, ["in_plane"] = "average" };
        Assert.Equal(Own.Name, Parse().Preprocessing!.Name);
        change(config["preprocessing"]!.AsObject());
        return Assert.ThrowsAny<HseNetException>(Parse).Message;

        ModelConfig Parse() => ModelConfig.Parse(System.Text.Encoding.UTF8.GetBytes(config.ToJsonString()), "config.json");
    }

    // Beginning and end of a new voxel in old ones, at least as long as one of these.
    static (double From, double To) Part(int index, int count, int old)
    {
        double middle = (index + 0.5) * old / count, half = Math.Max(1, (double)old / count) / 2;
        return (Math.Max(0, middle - half), Math.Min(old, middle + half));
    }

    static double Mean(double[,,] box, double slice, (double From, double To) rows, (double From, double To) columns)
    {
        slice = Math.Max(0, slice);
        int below = (int)slice, above = Math.Min(below + 1, box.GetLength(0) - 1);
        double sum = 0, weights = 0;
        for (int i = 0; i < box.GetLength(1); i++)
            for (int j = 0; j < box.GetLength(2); j++)
            {
                double weight = Overlap(i, rows) * Overlap(j, columns);
                sum += weight * (box[below, i, j] + (slice - below) * (box[above, i, j] - box[below, i, j]));
                weights += weight;
            }
        return sum / weights;
    }

    static double Overlap(int voxel, (double From, double To) part) =>
        Math.Max(0, Math.Min(part.To, voxel + 1) - Math.Max(part.From, voxel));
}
