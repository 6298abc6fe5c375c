// Safetensors beyond the golden files: writing, shards, headers that lie, lifetime.
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class SafetensorsTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Written_tensors_are_read_back_with_metadata_and_checksums()
    {
        byte[] weights = [.. Enumerable.Range(0, 24).Select(i => (byte)i)], flags = [1, 0, 1];
        string path = _folder.At("w.safetensors");
        using (var writer = new SafetensorsWriter(path,
            [new("flags", DataType.Bool, [3]), new("none", DataType.F32, [0, 5]), new("weights", DataType.F32, [2, 3])],
            new Dictionary<string, string> { ["format"] = "test" }))
        {
            writer.Write("flags", flags);
            writer.Write("weights", weights.AsSpan(0, 7));
            writer.Write("weights", weights.AsSpan(7));
            Assert.False(File.Exists(path));
            writer.Commit();
        }
        using TensorSource source = TensorSource.Open(path);
        Assert.Equal(["none", "weights", "flags"], source.Tensors.Select(t => t.Name));
        Assert.Equal(weights, source.Get("weights").Bytes.ToArray());
        Assert.Equal(flags, source.Get("flags").Bytes.ToArray());
        Assert.Equal("test", source.Metadata["format"]);
        Assert.Equal(3, source.VerifyChecksums());
    }

    [Fact]
    public void A_changed_byte_is_found_by_its_checksum()
    {
        string path = WriteOne();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        using TensorSource source = TensorSource.Open(path);
        var error = Assert.Throws<HseNetFileException>(() => source.VerifyChecksums());
        Assert.Contains("'w'", error.Message);
    }

    [Fact]
    public void A_checksum_and_a_copy_of_a_long_tensor_end_inside_it()
    {
        const long length = 100 << 20;
        using (var writer = new SafetensorsWriter(_folder.At("w.safetensors"), [new("w", DataType.U8, [length])]))
        {
            for (long done = 0; done < length; done += 1 << 20)
                writer.Write("w", new byte[1 << 20]);
            writer.Commit();
        }
        using TensorSource source = TensorSource.Open(_folder.At("w.safetensors"));
        TensorEntry tensor = source.Get("w");
        var cancelled = new CancellationToken(true);
        TimeSpan whole = ProcessorTime.Of(() => tensor.ComputeChecksum()),
            begun = ProcessorTime.Of(() => Assert.Throws<OperationCanceledException>(() => tensor.ComputeChecksum(cancelled)));
        Assert.True(begun < whole, $"{begun} of {whole}");
        using var copy = new SafetensorsWriter(_folder.At("copy.safetensors"), [new("w", DataType.U8, [length])]);
        Assert.Throws<OperationCanceledException>(() => copy.Write("w", tensor, cancelled));
        Assert.Throws<InvalidOperationException>(copy.Commit); // it is not whole
    }

    [Fact]
    public void An_unfinished_file_never_gets_its_name_and_leaves_nothing()
    {
        using (var writer = new SafetensorsWriter(_folder.At("w.safetensors"), [new("w", DataType.F32, [2])]))
        {
            writer.Write("w", new byte[4]);
            Assert.Throws<InvalidOperationException>(writer.Commit);
            Assert.Throws<ArgumentException>(() => writer.Write("w", new byte[5]));
            Assert.Throws<ArgumentException>(() => writer.Write("v", new byte[4]));
        }
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Shards_are_merged_and_a_tensor_in_two_of_them_is_refused()
    {
        WriteOne("a", "a.safetensors");
        WriteOne("b", "b.safetensors");
        _folder.Write("model.safetensors.index.json",
            Encoding.UTF8.GetBytes("""{"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}"""));
        using (TensorSource source = TensorSource.Open(_folder.Path))
            Assert.Equal(["a", "b"], source.Tensors.Select(t => t.Name));
        WriteOne("a", "b.safetensors");
        Assert.Contains("appears twice", Refused(_folder.Path));
    }

    [Theory]
    [InlineData("""{"weight_map": {"a": "../a.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map": {"a": "/etc/passwd"}}""", "same folder")]
    [InlineData("""{"weight_map": {"a": 3}}""", "not a valid index")]
    [InlineData("""{"weight_map": {"a": "x", "a": "y"}}""", "not a valid index")]
    [InlineData("""{"weight_map": {}}""", "without tensors")]
    [InlineData("[", "not a valid index")]
    public void An_index_that_points_elsewhere_is_refused(string json, string part)
    {
        _folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes(json));
        Assert.Contains(part, Refused(_folder.Path));
    }

    [Fact]
    public void An_index_that_names_a_tensor_that_no_shard_has_is_refused()
    {
        WriteOne("a", "a.safetensors");
        _folder.Write("model.safetensors.index.json",
            Encoding.UTF8.GetBytes("""{"weight_map": {"a": "a.safetensors", "lost": "a.safetensors"}}"""));
        Assert.Contains("'lost'", Refused(_folder.Path));
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a hole")]
    [InlineData("""{"w":{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}}""", 0, "overflows")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4, "whole numbers")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "unknown or repeated field")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1]}}""", 4, "incomplete")]
    [InlineData("""{"w":[[[[[[[[[[[[]]]]]]]]]]]]}""", 4, "structure")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}garbage""", 4, "not valid json")]
    public void Headers_that_lie_are_refused(string header, int data, string part)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        string path = _folder.Write("w.safetensors", [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[data]]);
        Assert.Contains(part, Refused(path));
    }

    [Fact]
    public void A_name_from_the_file_cannot_break_the_line()
    {
        byte[] json = Encoding.UTF8.GetBytes("""{"a\nb\u001b[31m":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""");
        string message = Refused(_folder.Write("w.safetensors", [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[4]]));
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Missing_files_folders_and_tensors_are_named()
    {
        Assert.Contains("no such file", Refused(_folder.At("none.safetensors")));
        Assert.Contains("no weights", Refused(_folder.Path));
        using TensorSource source = TensorSource.Open(WriteOne());
        Assert.Contains("'x' is missing", Assert.Throws<HseNetFileException>(() => source.Get("x")).Message);
    }

    [Fact]
    public void A_disposed_source_gives_no_bytes()
    {
        TensorSource source = TensorSource.Open(WriteOne());
        TensorEntry tensor = source.Get("w");
        source.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Bytes.Length);
    }

    [Fact]
    public unsafe void A_tensor_beyond_2_GB_is_opened_in_place()
    {
        const long Bytes = 3L << 30;
        byte[] header = Encoding.UTF8.GetBytes($$$"""{"w":{"dtype":"BF16","shape":[{{{Bytes / 2}}}],"data_offsets":[0,{{{Bytes}}}]}}""");
        string path = _folder.At("large.safetensors");
        // A file with a hole: only its ends take room.
        using (FileStream file = File.Create(path))
        {
            file.Write([.. BitConverter.GetBytes((long)header.Length), .. header]);
            file.Position += Bytes - 2;
            file.Write([0x80, 0x3F]);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        using TensorSource source = TensorSource.Open(path);
        TensorEntry tensor = source.Get("w");
        Assert.Equal(0x3F, tensor.Pointer[Bytes - 1]);
        var last = new float[2];
        tensor.ToSingles(Bytes / 2 - 2, last);
        Assert.Equal([0f, 1f], last);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Throws<HseNetFileException>(() => tensor.Bytes.Length);
    }

    [Fact]
    public void Every_type_converts_to_float()
    {
        foreach (DataType type in Enum.GetValues<DataType>().Where(type => type.IsReadable()))
        {
            byte[] one = type switch
            {
                DataType.F64 => BitConverter.GetBytes(1.0),
                DataType.F32 => BitConverter.GetBytes(1f),
                DataType.F16 => BitConverter.GetBytes((Half)1),
                DataType.BF16 => BitConverter.GetBytes((ushort)0x3f80),
                _ => [1, .. new byte[type.Size() - 1]],
            };
            // 37 elements: whole vectors and a rest.
            byte[] bytes = [.. Enumerable.Repeat(one, 37).SelectMany(b => b)];
            string path = _folder.At($"{type}.safetensors");
            using (var writer = new SafetensorsWriter(path, [new("w", type, [37])]))
            {
                writer.Write("w", bytes);
                writer.Commit();
            }
            using TensorSource source = TensorSource.Open(path);
            Assert.All(source.Get("w").ToSingles(), v => Assert.Equal(1f, v));
        }
    }

    string WriteOne(string name = "w", string file = "w.safetensors")
    {
        using var writer = new SafetensorsWriter(_folder.At(file), [new(name, DataType.F32, [2])]);
        writer.Write(name, new byte[8]);
        writer.Commit();
        return _folder.At(file);
    }

    static string Refused(string path) => Assert.Throws<HseNetFileException>(() => TensorSource.Open(path).Dispose()).Message;
}
