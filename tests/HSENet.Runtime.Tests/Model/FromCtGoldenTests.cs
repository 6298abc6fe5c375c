// From a CT file to the report, every step against the reference: slice features, image embeddings, ids and text.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class FromCtGoldenTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var ct in GoldenFolder.Json("tiny/golden/from_ct.json").EnumerateObject())
                if (GoldenFolder.Has(File(ct.Name)))
                    foreach (var way in ct.Value.EnumerateObject().Where(way => way.Value.ValueKind == JsonValueKind.Object))
                        data.Add(ct.Name, way.Name);
            return data;
        }
    }

    [Fact]
    public void The_folder_has_a_case() => Assert.NotEmpty(Cases);

    [Theory, MemberData(nameof(Cases))]
    public void Features_embeddings_and_report_agree(string ct, string way)
    {
        var golden = GoldenFolder.Json("tiny/golden/from_ct.json").GetProperty(ct).GetProperty(way);
        var options = new CtStudyOptions
        {
            Preprocessing = new PreprocessingOptions { SliceJpeg = way == "jpeg", Orientation = ScanOrientation.Stored }
        };
        using var study = CtStudy.Open(GoldenFolder.At(File(ct)), options);
        Embeddings(study, ct, way);

        using var model = HseNetModel.Open(TinyModel.Folder, PartRun.Host);
        var result = model.Report(study).Complete();
        int[] ids = [.. golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        Assert.Equal(ids, result.Ids);
        Assert.Equal(golden.GetProperty("text").GetString(), result.Text);
    }

    static void Embeddings(CtStudy study, string ct, string way)
    {
        var tensors = GoldenFolder.Tensors("tiny/golden/from_ct.safetensors");
        var config = TinyModel.Config;
        int channels = config.Vision.HiddenSize;
        var plan = new MemoryPlan();
        var embedding = plan.Reserve("embedding", channels);
        var buffers = VisionModel.Reserve(plan, config);
        using var run = new PartRun(plan);
        using var weights = new WeightStore(run.Device, TensorSource.Open(TinyModel.Folder));
        var vision = new VisionModel(weights, config);
        using var prepared = study.Prepare(run.Device, config, default);
        var slices = vision.EncodeSlices(run.Pass, buffers, prepared.SlicePixels);
        Golden.Equal("slice features", run.Read(slices), tensors[$"{ct}_{way}_slice_features"].Singles());
        vision.Encode(run.Pass, buffers, prepared.Volume, slices, (stage, features) =>
        {
            new ContrastiveHead(weights, stage, channels).Image(run.Device, features, run.Pass[embedding]);
            Golden.Equal($"image{stage}", run.Read(run.Pass[embedding]),
                tensors[stage == 1 ? $"{ct}_image1" : $"{ct}_{way}_image2"].Singles());
        });
    }

    static string File(string ct) => $"data/{ct}.nii.gz";
}
