// Manifests: the three forms, what a row must have, and what is said of a broken one.
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class ManifestTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public ManifestTests()
    {
        foreach (string name in (string[])["a.npy", "b.npy", "a.slices.npy"])
            _folder.Write(name, [1]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_lines_with_paths_relative_to_the_file()
    {
        var rows = Read("m.jsonl", """
            {"image": "a.npy", "biomedclip_features": "a.slices.npy", "text": "Clear.", "anatomy": "lung", "abnormality": "nodule", "a": 1}

            {"image": "b.npy", "text": "Effusion.", "RescaleSlope": 2, "RescaleIntercept": -1024, "XYSpacing": [0.5, 0.25], "ZSpacing": 3}
            """).Train;
        Assert.Equal(new ManifestRow
        {
            Line = 1,
            Image = _folder.At("a.npy"),
            SliceFeatures = _folder.At("a.slices.npy"),
            Text = "Clear.",
            Anatomy = "lung",
            Abnormality = "nodule",
        }, rows[0]);
        Assert.Equal(new ManifestRow
        {
            Line = 3,
            Image = _folder.At("b.npy"),
            Text = "Effusion.",
            Metadata = new VolumeMetadata(2, -1024, (0.5, 0.25), 3)
        }, rows[1]);
    }

    [Fact]
    public void Reads_the_reference_s_object_and_arrays()
    {
        var manifest = Read("m.json", """
            {
              "train": [
                {"image": "a.npy", "text": "one"},
                {
                  "image": "b.npy", "text": "two"
                }
              ],
              "test": [{"x": 1}],
              "validation": [{"image": "a.npy", "text": "three"}]
            }
            """);
        Assert.Equal([3, 4], manifest.Train.Select(row => row.Line));
        Assert.Equal((9, "three"), (manifest.Validation[0].Line, manifest.Validation[0].Text));
        Assert.Equal(["one", "two"], Read("m.json",
            "[{\"image\": \"a.npy\", \"text\": \"one\"},\n {\"image\": \"b.npy\", \"text\": \"two\"}]").Train.Select(row => row.Text));
        Assert.Equal(["one", "two"], Read("m.json", "{\"image\": \"a.npy\", \"text\": \"one\"}\n{\"image\": \"b.npy\", \"text\": \"two\"}")
            .Train.Select(row => row.Text));
    }

    [Theory]
    [InlineData(nameof(RowContent.Report), """{"image": "a.npy"}""", "\"text\"")]
    [InlineData(nameof(RowContent.Report), """{"image": "a.npy", "text": "  "}""", "empty \"text\"")]
    [InlineData(nameof(RowContent.Report), """{"text": "x"}""", "no \"image\"")]
    [InlineData(nameof(RowContent.Report), """{"image": "c.npy", "text": "x"}""", "c.npy")]
    [InlineData(nameof(RowContent.Report), """{"image": 7, "text": "x"}""", "a number as \"image\"")]
    [InlineData(nameof(RowContent.Report), """["a.npy", "x"]""", "an array")]
    [InlineData(nameof(RowContent.Report), """{"image": "a.npy", "text": "x" """, "not JSON")]
    [InlineData(nameof(RowContent.Report), """{"image": "a.npy", "text": "x", "ZSpacing": -1}""", "spacing")]
    [InlineData(nameof(RowContent.Answer), """{"image": "a.npy", "text": "x"}""", "\"question\"")]
    [InlineData(nameof(RowContent.Answer), """{"image": "a.npy", "question": "x", "anatomy": "y"}""", "\"answer\"")]
    public void A_broken_row_is_refused_by_its_line_or_skipped_and_counted(string content, string row, string word)
    {
        var needed = Enum.Parse<RowContent>(content);
        const string good = """{"image": "a.npy", "text": "x", "abnormality": "x", "anatomy": "y"}""";
        var e = Assert.Throws<HseNetFileException>(() => Read("m.jsonl", $"{good}\n{row}\n", needed));
        Assert.Contains("m.jsonl: line 2 ", e.Message, StringComparison.Ordinal);
        Assert.Contains(word, e.Message, StringComparison.Ordinal);
        var skipping = Read("m.jsonl", $"{good}\n{row}\n{good}", needed, skipBad: true);
        Assert.Equal([1, 3], skipping.Train.Select(r => r.Line));
        Assert.Equal(e.Message, Assert.Single(skipping.Skipped));
        Assert.Contains("1 were skipped", Assert.Throws<HseNetFileException>(() => Read("m.jsonl", row, needed, skipBad: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_another_kind_or_size_are_refused_by_their_headers()
    {
        var recipe = new StudyRecipe("w", new PreprocessingTarget(2, 4, 4, 8, 3), 5, new CtStudyOptions());
        NumpyFile.Write(_folder.At("v.npy"), new float[32], 1, 2, 4, 4);
        NumpyFile.Write(_folder.At("small.npy"), new float[16], 1, 1, 4, 4);
        NumpyFile.Write(_folder.At("f.npy"), new float[15], 3, 5);
        byte[] whole = File.ReadAllBytes(_folder.At("v.npy"));
        _folder.Write("cut.npy", whole[..^1]);
        _folder.Write("text.nii", "no scan"u8.ToArray());
        File.Copy(Path.Combine(GoldenFolder.RepositoryRoot(), "tests", "golden", "data", "ct_sm.nii.gz"), _folder.At("scan.nii.gz"));
        Directory.CreateDirectory(_folder.At("series"));
        foreach (string row in (string[])["""{"image": "v.npy", "biomedclip_features": "f.npy", "text": "x"}""",
            """{"image": "scan.nii.gz", "text": "x"}""", """{"image": "series", "text": "x"}"""])
            Assert.Single(Check(row).Train);
        foreach (var (row, word) in ((string, string)[])[
            ("""{"image": "small.npy", "biomedclip_features": "f.npy", "text": "x"}""", "(1, 1, 4, 4); expected the model's (1, 2, 4, 4)"),
            ("""{"image": "cut.npy", "biomedclip_features": "f.npy", "text": "x"}""", "ends before"),
            ("""{"image": "v.npy", "text": "x"}""", "biomedclip_features"),
            ("""{"image": "v.npy", "biomedclip_features": "v.npy", "text": "x"}""", "3 × 5"),
            ("""{"image": "v.npy", "biomedclip_features": "scan.nii.gz", "text": "x"}""", "3 × 5"),
            ("""{"image": "text.nii", "text": "x"}""", "no known format")])
        {
            string message = Assert.Throws<HseNetFileException>(() => Check(row)).Message;
            Assert.Contains("m.jsonl: line 1 cannot be used: ", message, StringComparison.Ordinal);
            Assert.Contains(word, message, StringComparison.Ordinal);
        }

        Manifest Check(string row)
        {
            _folder.Write("m.jsonl", System.Text.Encoding.UTF8.GetBytes(row));
            return Manifest.Read(_folder.At("m.jsonl"), RowContent.Report, skipBad: false, r => RowFiles.Check(r, recipe));
        }
    }

    [Fact]
    public void Makes_a_manifest_of_ct_rate()
    {
        Directory.CreateDirectory(_folder.At("volumes/train_1"));
        foreach (string name in (string[])["train_1/train_1_a_1.nii.gz", "train_2_a_1.nii.gz", "train_2_a_1.npy",
            "train_2_a_1.slice_features.npy", "valid_1_a_1.nii.gz", "train_3_a_1.nii.gz"])
            _folder.Write($"volumes/{name}", [1]);
        _folder.Write("metadata.csv", """
            VolumeName,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing
            train_1_a_1.nii.gz,1,-8192,"[0.7, 0.7]",1.5
            train_2_a_1.nii.gz,1,0,"[0.7, 0.7]",1.5
            train_3_a_1.nii.gz,1,0,"[0.7, 0.7]",1.5
            train_4_a_1.nii.gz,1,0,"[0.7, 0.7]",1.5
            valid_1_a_1.nii.gz,1,0,"[0.5, 0.5]",2
            """u8.ToArray());
        _folder.Write("reports.csv", """
            VolumeName,ClinicalInformation_EN,Findings_EN,Impressions_EN
            train_1_a_1.nii.gz,,"Trachea, open. ""Normal"".",none
            train_2_a_1.nii.gz,,Emphysema.,none
            train_3_a_1.nii.gz,,,none
            train_4_a_1.nii.gz,,Nodule.,none
            valid_1_a_1.nii.gz,,Effusion.,none
            """u8.ToArray());
        var counts = CtRateManifest.Write(_folder.At("metadata.csv"), _folder.At("reports.csv"), _folder.At("volumes"),
            _folder.At("m.json"));
        Assert.Equal(new CtRateManifest.Counts(2, 1, 1, 1), counts);
        var manifest = Manifest.Read(_folder.At("m.json"), RowContent.Report);
        Assert.Equal(new ManifestRow
        {
            Line = 2,
            Image = _folder.At("volumes/train_1/train_1_a_1.nii.gz"),
            Text = "Trachea, open. \"Normal\".",
            Metadata = new VolumeMetadata(1, -8192, (0.7, 0.7), 1.5),
        }, manifest.Train[0]);
        Assert.Equal(new ManifestRow
        {
            Line = 3,
            Image = _folder.At("volumes/train_2_a_1.npy"),
            SliceFeatures = _folder.At("volumes/train_2_a_1.slice_features.npy"),
            Text = "Emphysema.",
        }, manifest.Train[1]);
        Assert.Equal("Effusion.", Assert.Single(manifest.Validation).Text);
    }

    Manifest Read(string name, string content, RowContent needed = RowContent.Report, bool skipBad = false)
    {
        _folder.Write(name, System.Text.Encoding.UTF8.GetBytes(content));
        return Manifest.Read(_folder.At(name), needed, skipBad);
    }
}
