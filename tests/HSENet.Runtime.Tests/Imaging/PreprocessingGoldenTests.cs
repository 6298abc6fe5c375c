// Every case of golden/preprocess: sizes, crop boxes and bytes equal, volumes and pixels within what float32 allows.
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Tests;
using Xunit.Abstractions;

namespace HSENet.Runtime.Tests;

public sealed class PreprocessingGoldenTests(ITestOutputHelper output)
{
    static readonly HostDevice Device = new();

    static readonly JsonElement Cases = GoldenFolder.Json("preprocess/preprocess.json");

    public static TheoryData<string> Names =>
        [.. Cases.EnumerateObject().Select(c => c.Name)
            .Where(n => GoldenFolder.Has(ScanOf(n)) && GoldenFolder.Has($"preprocess/{n}.safetensors"))];

    static string ScanOf(string name) =>
        $"data/{(Cases.GetProperty(name).TryGetProperty("file", out var file) ? file.GetString() : name)}.nii.gz";

    [Theory, MemberData(nameof(Names))]
    public void Volumes_agree(string name)
    {
        JsonElement @case = Cases.GetProperty(name);
        var expected = GoldenFolder.Tensors($"preprocess/{name}.safetensors");
        int[] tiny = [.. GoldenFolder.Json("tiny/setup.json").GetProperty("vision").GetProperty("image").EnumerateArray()
            .Select(v => v.GetInt32())];
        foreach (var (size, key) in new[] { (tiny, "volume_tiny"), ([32, 256, 256], "volume_full") })
        {
            using PreparedStudy study = Prepare(name, new PreprocessingTarget(size[0], size[1], size[2]), jpeg: false, null);
            if (@case.TryGetProperty("resampled_shape_zxy", out var resampled))
                Assert.Equal(Size(resampled), study.Resampled);
            Assert.Equal(Size(@case.GetProperty("crop_start")), study.CropStart);
            Assert.Equal(Size(@case.GetProperty("crop_end")), study.CropEnd);

            float[] volume = Download(study.Volume);
            double worst = expected.TryGetValue(key, out var whole) ? WorstError(volume, whole.Singles(), 1)
                : WorstError(volume, expected[key + "_sample"].Singles(), @case.GetProperty(key + "_stride").GetInt32());
            output.WriteLine($"{name} {key}: worst error {worst:G3}");
            Assert.InRange(worst, 0, 1e-5);
            if (@case.TryGetProperty(key, out var whole3))
            {
                Assert.Equal(whole3.GetProperty("mean").GetDouble(), volume.Average(v => (double)v), 1e-5);
                Assert.Equal(whole3.GetProperty("max").GetDouble(), volume.Max(), 1e-5);
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Slices_agree(string name)
    {
        var expected = GoldenFolder.Tensors($"preprocess/{name}.safetensors");
        JsonElement @case = Cases.GetProperty(name);
        // Where the reference took the wrong axis, what it would have done with the right one is stored beside it.
        string prefix = expected.ContainsKey("axial_slice0_uint8") ? "axial_" : "";
        foreach (bool jpeg in new[] { false, true })
        {
            int images = 0;
            using PreparedStudy study = Prepare(name, new PreprocessingTarget(16, 32, 32), jpeg, (bytes, rows, columns) =>
            {
                foreach (string key in expected.Keys.Where(k =>
                    k.StartsWith(prefix + "slice", StringComparison.Ordinal)
                    && k.EndsWith(jpeg ? "_after_jpeg" : "_uint8", StringComparison.Ordinal)))
                {
                    int slice = int.Parse(key[(prefix + "slice")
                        .Length..key.LastIndexOf(jpeg ? "_after" : "_uint8", StringComparison.Ordinal)]);
                    byte[] image = bytes[(slice * rows * columns)..((slice + 1) * rows * columns)];
                    Assert.Equal(expected[key].Shape, jpeg ? [rows, columns] : [columns, rows]);
                    Assert.Equal(0, Differences(jpeg ? image : TurnedBack(image, rows, columns, counterClockwise: name == "bimcv_r"),
                        expected[key].Bytes));
                    images++;
                }
            });
            Assert.True(images > 0, "no slice to compare with");
            JsonElement indices = @case.GetProperty(prefix + "slice_indices");
            Assert.Equal(indices.ValueKind == JsonValueKind.Null ? null : indices.EnumerateArray().Select(i => i.GetInt32()),
                study.SliceIndices);

            string kind = jpeg ? "via_jpeg" : "no_jpeg";
            float[] pixels = Download(study.SlicePixels);
            int side = 3 * 224 * 224;
            foreach (var (key, tensor) in expected.Where(e =>
                e.Key.StartsWith(prefix + "pixels", StringComparison.Ordinal) && e.Key.Contains(kind)))
            {
                bool sample = key.EndsWith("_sample", StringComparison.Ordinal);
                int start = sample ? 0 : int.Parse(key[(prefix + "pixels").Length..key.IndexOf("_" + kind, StringComparison.Ordinal)])
                    * side;
                int stride = sample ? @case.GetProperty(prefix + "pixels_stride").GetInt32() : 1;
                float[] values = tensor.Singles();
                int off = Enumerable.Range(0, values.Length).Count(i => !(Math.Abs(pixels[start + i * stride] - values[i]) <= 1e-5));
                output.WriteLine($"{name} {key}: {off} of {values.Length} pixels differ");
                Assert.InRange(off, 0, values.Length / 10_000);
            }
        }
    }

    static PreparedStudy Prepare(string name, PreprocessingTarget target, bool jpeg, ImagesTap? seen)
    {
        JsonElement @case = Cases.GetProperty(name);
        using VoxelVolume scan = VolumeFile.Read(GoldenFolder.At(ScanOf(name)));
        bool bimcv = !@case.TryGetProperty("rescale", out var rescale);
        var options = new PreprocessingOptions
        {
            Preset = bimcv ? PreprocessingPreset.BimcvR : PreprocessingPreset.Standard,
            Rescale = bimcv ? null : (rescale[0].GetDouble(), rescale[1].GetDouble()),
            SliceJpeg = jpeg,
            Orientation = ScanOrientation.Stored,
        };
        return Preprocessing.Prepare(Device, scan, target, options, default, seen);
    }

    static double WorstError(float[] actual, float[] expected, int stride)
    {
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)actual[i * stride] - expected[i]);
            worst = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(worst, error);
        }
        return worst;
    }

    static int Differences(byte[] actual, byte[] expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        return actual.Zip(expected).Count(pair => pair.First != pair.Second);
    }

    static byte[] TurnedBack(byte[] image, int rows, int columns, bool counterClockwise)
    {
        var original = new byte[image.Length];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
            {
                int place = counterClockwise ? column * rows + (rows - 1 - row) : (columns - 1 - column) * rows + row;
                original[place] = image[row * columns + column];
            }
        return original;
    }

    static float[] Download(View<float> view)
    {
        var values = new float[view.Length];
        Device.Download(view, values);
        return values;
    }

    static VoxelSize Size(JsonElement zxy) => new(zxy[0].GetInt32(), zxy[1].GetInt32(), zxy[2].GetInt32());
}
