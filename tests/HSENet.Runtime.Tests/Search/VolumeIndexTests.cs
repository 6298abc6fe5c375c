// An index: found again in any order of appending and closing, whole after a kill at any byte, refused when mixed or damaged.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class VolumeIndexTests : IDisposable
{
    const int Channels = 24;

    readonly TemporaryFolder _folder = new();
    readonly HostDevice _device = new();

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    static IndexLayout.Header Header(WeightType type = WeightType.F32, string weights = "w", string preprocessing = "standard-3",
        int channels = Channels) => new(type, channels, weights, preprocessing);

    internal static float[] Vector(int seed, int channels = Channels)
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, channels).Select(_ => random.NextSingle() - 0.5f)];
        float length = MathF.Sqrt(values.Sum(value => value * value));
        return [.. values.Select(value => value / length)];
    }

    static IndexedItem Item(int i) =>
        i % 3 == 2 ? new($"study {i}", $"Report é {i}.") { Key = $"k{i}" } : new($"study {i}") { Key = $"k{i}" };

    static void Fill(string file, int from, int to, WeightType type = WeightType.F32)
    {
        using var index = VolumeIndex.OpenOrCreate(file, Header(type), appends: true);
        for (int i = from; i < to; i++)
            index.Add(Item(i), Vector(i));
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Finds_what_is_most_alike_by_definition_across_chunks(bool texts)
    {
        foreach (var type in (WeightType[])[WeightType.F32, WeightType.BF16])
        {
            string file = _folder.At($"{type}.index");
            Fill(file, 0, 300, type);
            using var index = VolumeIndex.Open(file);
            float[] query = Vector(1000);
            var expected = Enumerable.Range(0, 300).Where(i => Item(i).IsText == texts)
                .OrderByDescending(i => index.Vector(i).Zip(query).Sum(pair => (double)pair.First * pair.Second)).Take(7).ToArray();
            var hits = index.Search(query, _device, 7, texts);
            Assert.Equal(expected.Select(Item), hits.Select(hit => hit.Item));
            Assert.All(hits.Zip(expected), hit => Assert.Equal(
                index.Vector(hit.Second).Zip(query).Sum(pair => (double)pair.First * pair.Second), hit.First.Similarity, 1e-5));
            if (type == WeightType.F32)
                Assert.Equal(1, index.Search(Vector(texts ? 5 : 4), _device, 1, texts)[0].Similarity, 1e-5);
        }
    }

    [Fact]
    public void A_device_with_memory_of_its_own_finds_the_same()
    {
        string file = _folder.At("emulated.index");
        Fill(file, 0, 70);
        using var emulator = new EmulatorDevice();
        using var index = VolumeIndex.Open(file);
        var (host, other) = (index.Search(Vector(500), _device, 5, false), index.Search(Vector(500), emulator, 5, false));
        Assert.Equal(host.Select(hit => hit.Item), other.Select(hit => hit.Item));
        Assert.All(host.Zip(other), pair => Assert.Equal(pair.First.Similarity, pair.Second.Similarity, 1e-5));
    }

    [Fact]
    public void Fewer_are_found_than_there_are_no_more()
    {
        string file = _folder.At("few.index");
        Fill(file, 0, 2);
        using var index = VolumeIndex.Open(file);
        Assert.Equal(2, index.Search(Vector(0), _device, 10, amongTexts: false).Count);
        Assert.Empty(index.Search(Vector(0), _device, 10, amongTexts: true));
    }

    [Fact]
    public void What_is_appended_in_parts_or_merged_is_the_same_file()
    {
        string whole = _folder.At("whole.index"), grown = _folder.At("grown.index"), merged = _folder.At("merged.index");
        Fill(whole, 0, 200);
        foreach (var (from, to) in ((int, int)[])[(0, 1), (1, 64), (64, 65), (65, 200)])
            Fill(grown, from, to);
        string[] parts = ["a.index", "b.index", "c.index"];
        foreach (var (part, at) in parts.Select((part, at) => (part, at)))
            Fill(_folder.At(part), at * 70, Math.Min(200, at * 70 + 70));
        VolumeIndex.Merge([.. parts.Select(_folder.At)], merged);
        byte[] expected = File.ReadAllBytes(whole);
        Assert.Equal(expected, File.ReadAllBytes(grown));
        Assert.Equal(expected, File.ReadAllBytes(merged));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.lock"));
        Assert.Contains("exists", Assert.Throws<HseNetFileException>(() => VolumeIndex.Merge([whole], merged)).Message,
            StringComparison.Ordinal);
    }

    // A killed program's file is any beginning of what it would have written behind the last flush.
    [Fact]
    public void A_kill_at_any_byte_loses_the_item_in_work_alone()
    {
        string file = _folder.At("killed.index");
        Fill(file, 0, 66);
        byte[] before = File.ReadAllBytes(file);
        Fill(file, 66, 67);
        byte[] after = File.ReadAllBytes(file);
        before.AsSpan(IndexLayout.CountAt, 8).CopyTo(after.AsSpan(IndexLayout.CountAt));
        for (int length = before.Length; length <= after.Length; length++)
        {
            File.WriteAllBytes(file, after[..length]);
            using (var read = VolumeIndex.Open(file))
                Assert.Equal(length == after.Length ? 67 : 66, read.Count);
            using (var index = VolumeIndex.OpenOrCreate(file, Header(), appends: true))
            {
                Assert.Equal(length == after.Length ? 67 : 66, index.Count);
                if (length < after.Length)
                    index.Add(Item(66), Vector(66));
            }
            using var mended = VolumeIndex.Open(file);
            mended.Verify();
            Assert.Equal(Item(66), mended[66]);
        }
        // The system may have made the file longer before it wrote what is in it.
        File.WriteAllBytes(file, [.. before, .. new byte[after.Length - before.Length]]);
        using var zeros = VolumeIndex.OpenOrCreate(file, Header(), appends: true);
        Assert.Equal(66, zeros.Count);
    }

    [Fact]
    public void What_was_counted_and_is_gone_is_damage()
    {
        string file = _folder.At("cut.index");
        Fill(file, 0, 70);
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..^40]);
        Assert.Contains("has 69 whole items of 70", Assert.Throws<HseNetFileException>(() => VolumeIndex.Open(file)).Message,
            StringComparison.Ordinal);
        // A vector that was changed is found when its item is.
        whole[IndexLayout.HeaderBytes + 5] ^= 64;
        File.WriteAllBytes(file, whole);
        using var index = VolumeIndex.Open(file);
        Assert.Contains("item 1 is damaged", Assert.Throws<HseNetFileException>(() => index.Verify()).Message, StringComparison.Ordinal);
        // One without a similarity is not left out in silence.
        BitConverter.TryWriteBytes(whole.AsSpan(IndexLayout.HeaderBytes), float.NaN);
        using var without = VolumeIndex.Read(FileBytes.FromArray("chest.index", whole));
        Assert.Contains("damaged vector", Assert.Throws<HseNetFileException>(() =>
            without.Search(Vector(1000), _device, 70, amongTexts: false)).Message, StringComparison.Ordinal);
        File.WriteAllText(file, "not an index");
        Assert.Contains("is no index", Assert.Throws<HseNetFileException>(() => VolumeIndex.Open(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_preprocessing_types_and_writers_are_not_mixed()
    {
        string file = _folder.At("one.index"), other = _folder.At("other.index");
        Fill(file, 0, 3);
        foreach (var (header, words) in ((IndexLayout.Header, string)[])[(Header(weights: "v"), "the weights w, not of v"),
            (Header(preprocessing: "bimcv_r-3"), "'standard-3', not as 'bimcv_r-3'"), (Header(WeightType.BF16), "F32, not in BF16"),
            (Header(channels: 8), "24 numbers")])
        {
            Assert.Contains(words, Assert.Throws<HseNetFileException>(() => VolumeIndex.OpenOrCreate(file, header, appends: true)).Message,
                StringComparison.Ordinal);
            File.Delete(other);
            VolumeIndex.OpenOrCreate(other, header, appends: true).Dispose();
            Assert.Throws<HseNetFileException>(() => VolumeIndex.Merge([file, other], _folder.At("merged.index")));
            Assert.False(File.Exists(_folder.At("merged.index")));
        }
        using var writer = VolumeIndex.OpenOrCreate(file, Header(), appends: true);
        Assert.Throws<HseNetFileException>(() => VolumeIndex.OpenOrCreate(file, Header(), appends: true));
        foreach (float[] wrong in (float[][])[[1, 0], [.. Vector(0).Select(value => value * 2)], [float.NaN, .. Vector(0)[1..]]])
            Assert.ThrowsAny<HseNetException>(() => writer.Add(Item(9), wrong));
        writer.Add(Item(3), Vector(3));
        Assert.Equal("study 3", writer.Search(Vector(3), _device, 1, amongTexts: false)[0].Item.Study);
        Assert.Equal(4, writer.Count);
    }

    [Fact]
    public void Embedder_index_and_study_belong_together()
    {
        using var embedder = StudyEmbedder.Open(TinyModel.Folder, _device);
        string file = _folder.At("model.index");
        using (var index = VolumeIndex.OpenOrCreate(file, embedder))
        {
            for (int i = 0; i < 3; i++)
            {
                using var study = FinishedStudy.Create(_folder, TinyModel.Config, i);
                index.Add(embedder, $"study {i}", study);
                index.Add(embedder, $"study {i}", $"The heart is {(i == 0 ? "normal" : "large")}.");
            }
        }
        using var found = VolumeIndex.Open(file);
        using var query = FinishedStudy.Create(_folder, TinyModel.Config, 1);
        Assert.Equal("study 1", found.Search(embedder, query, 1)[0].Item.Study);
        Assert.Equal("The heart is normal.", found.Search(embedder, "The heart is normal.", 1, amongTexts: true)[0].Item.Text);
        Assert.Equal(3, found.Search(embedder, query, 9, amongTexts: true).Count);
        Assert.Equal(3, found.Search(embedder, "A heart.", 9).Count);
        using var others = VolumeIndex.OpenOrCreate(_folder.At("other.index"), Header(channels: embedder.Channels), appends: true);
        Assert.Contains("weights", Assert.Throws<HseNetFileException>(() => others.Add(embedder, "x", "y")).Message,
            StringComparison.Ordinal);
    }
}
