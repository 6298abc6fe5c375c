// The golden folder is whole: every kind of case is there, and the helpers that read it do.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class GoldenFolderTests
{
    [Theory]
    [InlineData("tiny/setup.json")]
    [InlineData("full/full.json")]
    [InlineData("metrics/metrics.json")]
    [InlineData("preprocess/preprocess.json")]
    [InlineData("checkpoints/expected.safetensors")]
    [InlineData("data/formats/expected.safetensors")]
    [InlineData("data/dicom/expected.safetensors")]
    public void Carries_each_kind_of_data(string file) => Assert.True(GoldenFolder.Has(file));

    [Fact]
    public void Carries_the_input_of_at_least_one_case_of_each_list()
    {
        Assert.Contains(GoldenFolder.Json("preprocess/preprocess.json").EnumerateObject(), HasVolume);
        Assert.Contains(GoldenFolder.Json("tiny/golden/from_ct.json").EnumerateObject(), HasVolume);

        static bool HasVolume(System.Text.Json.JsonProperty entry) => GoldenFolder.Has($"data/{entry.Name}.nii.gz");
    }

    [Fact]
    public void Opens_tensors_and_measures_their_error()
    {
        GoldenTensor w = GoldenFolder.Tensors("checkpoints/expected.safetensors")["w"];
        float[] values = w.Singles();
        Assert.Equal(w.Shape.Aggregate(1, (a, b) => a * b), values.Length);
        Assert.Equal(0, GoldenFolder.RelativeL2(values, values));
        float[] scaled = [.. values.Select(v => v * 1.5f)];
        Assert.Equal(0.5, GoldenFolder.RelativeL2(scaled, values), 1e-6);
        scaled[0] = float.NaN;
        Assert.Equal(double.PositiveInfinity, GoldenFolder.RelativeL2(scaled, values));
    }
}
