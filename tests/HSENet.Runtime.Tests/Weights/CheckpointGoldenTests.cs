// Every file of golden/checkpoints: the good ones read as expected, each bad one is refused with one line.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class CheckpointGoldenTests
{
    const string Folder = "checkpoints";

    public static TheoryData<string> Bad =>
        [.. Directory.EnumerateFiles(GoldenFolder.At(Folder), "bad_*").Select(f => Path.GetFileName(f)).Order()];

    public static TheoryData<string> Good =>
        [.. Directory.EnumerateFiles(GoldenFolder.At(Folder)).Select(f => Path.GetFileName(f))
            .Where(f => !f.StartsWith("bad_", StringComparison.Ordinal)).Order()];

    [Theory, MemberData(nameof(Good))]
    public void Good_files_hold_what_is_expected(string file)
    {
        Dictionary<string, GoldenTensor> expected = ExpectedFor(file);
        using TensorSource source = TensorSource.Open(GoldenFolder.At($"{Folder}/{file}"));
        Assert.Equal(expected.Keys.Order(), source.Tensors.Select(t => t.Name).Order());
        foreach ((string name, GoldenTensor tensor) in expected)
        {
            TensorEntry actual = source.Get(name);
            Assert.Equal(tensor.DataType, actual.Type.Name());
            Assert.Equal(tensor.Shape.Select(d => (long)d), actual.Shape.ToArray());
            Assert.Equal(tensor.Bytes, actual.Bytes.ToArray());
            Assert.Equal(tensor.Singles(), actual.ToSingles());
        }
    }

    [Theory, MemberData(nameof(Bad))]
    public void Bad_files_are_refused_with_one_line(string file)
    {
        string path = GoldenFolder.At($"{Folder}/{file}");
        var error = Assert.Throws<HseNetFileException>(() => TensorSource.Open(path).Dispose());
        Assert.Equal(path, error.File);
        Assert.StartsWith(path, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("bad_dtype.safetensors", "'Q7'")]
    [InlineData("bad_duplicate_key.safetensors", "'w' twice")]
    [InlineData("bad_header_json.safetensors", "not valid json")]
    [InlineData("bad_header_length.safetensors", "header length")]
    [InlineData("bad_missing_storage.bin", "storage '0' is missing")]
    [InlineData("bad_negative_shape.safetensors", "shape of tensor 'w'")]
    [InlineData("bad_offsets_past_end.safetensors", "has the offsets")]
    [InlineData("bad_overflow_shape.safetensors", "overflows")]
    [InlineData("bad_overlap.safetensors", "overlap")]
    [InlineData("bad_pickle_calls_system.bin", "system', which is refused")]
    [InlineData("bad_shape_size.safetensors", "bytes for F32")]
    [InlineData("bad_short.safetensors", "begins with 8 bytes of header length")]
    [InlineData("bad_trailing_bytes.safetensors", "follow the last tensor")]
    [InlineData("bad_truncated.bin", "truncated")]
    public void The_line_says_what_is_wrong(string file, string part)
    {
        var error = Assert.Throws<HseNetFileException>(() => TensorSource.Open(GoldenFolder.At($"{Folder}/{file}")).Dispose());
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        var error = Assert.Throws<HseNetFileException>(() => TensorSource.Open(GoldenFolder.At($"{Folder}/sharded_missing")).Dispose());
        Assert.EndsWith("model-00002-of-00002.safetensors", error.File);
        Assert.Contains("shard is missing", error.Message);
        Assert.Contains("'v'", error.Message);
    }

    [Fact]
    public void The_reference_checkpoint_folders_open()
    {
        using TensorSource sharded = TensorSource.Open(GoldenFolder.At("tiny/phi4-mini"));
        Assert.Contains(sharded.Tensors, t => t.Name == "model.embed_tokens.weight");
        Assert.True(sharded.Tensors.Select(t => t.File).Distinct().Count() > 1);
        using TensorSource adapter = TensorSource.Open(GoldenFolder.At("tiny/vlm"));
        Assert.Contains(adapter.Tensors, t => t.Name.EndsWith("lora_A.default.weight", StringComparison.Ordinal));
        using TensorSource sliceEncoder = TensorSource.Open(GoldenFolder.At("tiny/biomedclip"));
        Assert.Contains(sliceEncoder.Tensors, t => t.Name.StartsWith("visual.trunk.", StringComparison.Ordinal));
    }

    // torch_nested.bin holds w of expected.safetensors one dictionary deeper.
    static Dictionary<string, GoldenTensor> ExpectedFor(string file) => file switch
    {
        "torch_parameters.bin" or "expected_parameters.safetensors" => GoldenFolder.Tensors($"{Folder}/expected_parameters.safetensors"),
        "torch_nested.bin" => GoldenFolder.Tensors($"{Folder}/expected.safetensors").Where(t => t.Key == "w")
            .ToDictionary(t => $"state_dict.{t.Key}", t => t.Value),
        _ => GoldenFolder.Tensors($"{Folder}/expected.safetensors"),
    };
}
