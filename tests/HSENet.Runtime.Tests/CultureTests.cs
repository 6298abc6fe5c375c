// A service may run in a culture of other numbers: it reads, keeps and answers the same.
using HSENet.Kernels;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class CultureTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new(2);

    static readonly ReportOptions Options = new() { MaxTokens = 3 };

    public static TheoryData<string> Scans =>
    [
        "formats/nifti1_float64.nii.gz", "formats/nifti1_slope.nii.gz", "formats/nifti2_int16.nii.gz", "formats/npy_i2_be.npy",
        "formats/pair_int16.hdr", "dicom/explicit", "dicom/rle", "ct_odd.nii.gz", "ct_rescale.nii.gz",
    ];

    [Theory, MemberData(nameof(Scans))]
    public void A_scan_is_read_the_same(string scan)
    {
        string path = GoldenFolder.At($"data/{scan}");
        string[] here = Facts(path);
        Assert.Equal(here, ElsewhereCulture.Run(() => Facts(path)));
    }

    [Fact]
    public void A_series_with_points_and_signs_in_its_numbers_is_read_the_same()
    {
        for (int z = 0; z < 4; z++)
            _folder.Write($"series/{z}", new DicomSeed { Slope = 1.5, Position = [-10.25, -20.5, 0] }.At(-7.5 + 2.5 * (z > 2 ? z + 1 : z))
                .ToBytes());
        string path = _folder.At("series");
        var gaps = new CtStudyOptions { Reading = new() { AllowGaps = true } };
        string[] here = Facts(path, gaps);
        Assert.Equal(here, ElsewhereCulture.Run(() => Facts(path, gaps)));
    }

    static string[] Facts(string path, CtStudyOptions? options = null)
    {
        using var study = CtStudy.Open(path, options);
        var values = new double[study.Volume.Count];
        study.Volume.ToDoubles(0, values);
        return [.. study.Notes, $"{study.Size}", .. new[] { study.Spacing.X, study.Spacing.Y, study.Spacing.Z }.Concat(values)
            .Select(value => Convert.ToHexString(BitConverter.GetBytes(value)))];
    }

    [Fact]
    public void Keys_of_what_is_kept_are_the_same()
    {
        string path = _folder.Write("scan.nii", VolumeSeeds.Nifti(4, 4, 3));
        string[] here = Keys();
        Assert.Equal(here, ElsewhereCulture.Run(Keys));

        string[] Keys()
        {
            var target = PreprocessingTarget.Of(ModelConfig.Read(EncodedStudyTests.Demo)) with
            {
                Own = new OwnPreset { GreyCurve = "-1050.5:0,-900:0.3137,200:1", InPlane = InPlane.Average },
            };
            var options = new CtStudyOptions
            {
                Metadata = new VolumeMetadata(1.5, -1024.5, (0.75, 0.75), 2.5),
                Preprocessing = new() { Rescale = (0.5, -0.5) },
            };
            return [StudyKey.Volume(path, target, options), StudyKey.Slices(path, target, options, "hash")];
        }
    }

    [Fact]
    public void A_table_of_a_collection_is_read_the_same()
    {
        var row = new VolumeMetadata(0.5, -1024.5, (0.75, 0.5), 2.5);
        Assert.Equal(row, ElsewhereCulture.Run(() => MetadataTable.Read(new StringReader(
            "VolumeName,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing\na.nii.gz,0.5,-1024.5,\"[0.75, 0.5]\",2.5\n"), "table.csv")
            .Get("a.nii.gz")));
    }

    // rslora: its scaling is no whole number.
    [Fact]
    public void A_model_answers_the_same_and_a_study_that_was_kept_elsewhere_is_the_model_s()
    {
        string model = _folder.At("model"), file = _folder.At("study.safetensors");
        ModelConverter.Convert(TinyModel.Options(model) with
        {
            Adapter = "",
            NamedAdapters = new Dictionary<string, string> { ["report"] = GoldenAdapter.WithProjectors("rslora", _folder.At("rslora")) },
        });
        var (there, bytes) = ElsewhereCulture.Run(() =>
        {
            using var opened = HseNetModel.Open(model, _device);
            using var study = FinishedStudy.Create(_folder, opened.Config, 1);
            using var encoded = opened.Encode(study);
            var result = encoded.Report(Options).Complete();
            encoded.Save(file);
            return (result, encoded.Bytes);
        });
        using var here = HseNetModel.Open(model, _device);
        using var loaded = here.LoadEncoded(file);
        Assert.Equal(bytes, loaded.Bytes);
        var again = loaded.Report(Options).Complete();
        Assert.Equal((there.Text, there.Weights), (again.Text, again.Weights));
        Assert.Equal(there.Ids, again.Ids);
    }

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }
}
