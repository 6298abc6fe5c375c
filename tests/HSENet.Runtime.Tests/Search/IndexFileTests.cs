// The file of an index: read while another program appends, crafted, merged where nothing can be written.
using System.Buffers.Binary;
using System.IO.Hashing;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class IndexFileTests : IDisposable
{
    const int Channels = 24;

    readonly TemporaryFolder _folder = new();

    static readonly IndexLayout.Header Header = new(WeightType.F32, Channels, "w", "standard-3");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_mapping_does_not_miss_what_was_counted_after_it()
    {
        string file = _folder.At("grows.index");
        using var writer = VolumeIndex.OpenOrCreate(file, Header, appends: true);
        Add(writer, 1);
        using var map = FileBytes.Open(file, grows: true);
        Add(writer, 40);
        // The header that the mapping shows counts 41 by now.
        Assert.Equal(1, IndexContents.Read(map, 1).Count);
        using var found = VolumeIndex.Open(file);
        Assert.Equal(41, found.Count);
    }

    [Fact]
    public void Is_opened_while_another_appends()
    {
        string file = _folder.At("busy.index");
        using var writer = VolumeIndex.OpenOrCreate(file, Header, appends: true);
        Add(writer, 1);
        bool ends = false;
        var appends = new Thread(() =>
        {
            while (!Volatile.Read(ref ends))
                Add(writer, 1);
        });
        appends.Start();
        try
        {
            for (int last = 0, i = 0; i < 200; i++)
            {
                using var found = VolumeIndex.Open(file);
                Assert.InRange(found.Count, Math.Max(1, last), int.MaxValue);
                last = found.Count;
            }
        }
        finally
        {
            Volatile.Write(ref ends, true);
            appends.Join();
        }
    }

    [Theory]
    [InlineData(-1), InlineData(int.MinValue), InlineData(int.MaxValue), InlineData(1 << 20), InlineData(0)]
    public void A_record_whose_parts_do_not_fit_is_damage(int length)
    {
        byte[] record = IndexLayout.Record(new IndexedItem("study"), new byte[4 * Channels]);
        int content = BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(IndexLayout.RecordHeaderBytes), length);
        var hash = new XxHash3();
        hash.Append(record[..12]);
        hash.Append(record.AsSpan(IndexLayout.RecordHeaderBytes, content));
        hash.Append(new byte[4 * Channels]);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(16), hash.GetCurrentHashAsUInt64());
        Assert.Null(IndexLayout.Item(record, content, new byte[4 * Channels]));
    }

    [Theory]
    [InlineData("[\"w\","), InlineData("{}"), InlineData("[1,2]"), InlineData("[null,\"p\"]"), InlineData("[\"w\"]")]
    public void A_header_with_other_words_is_damage(string words)
    {
        byte[] header = Header.ToBytes();
        int room = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(20));
        words = words.PadRight(room);
        System.Text.Encoding.ASCII.GetBytes(words).CopyTo(header, 40);
        var hash = new XxHash3();
        hash.Append(header[..IndexLayout.CountAt]);
        hash.Append(header[40..]);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), hash.GetCurrentHashAsUInt64());
        using var file = FileBytes.FromArray("chest.index", header);
        Assert.Contains("has a damaged header", Assert.Throws<HseNetFileException>(() => IndexContents.Read(file)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_merge_that_cannot_be_written_names_its_output()
    {
        string part = _folder.At("part.index"), output = Path.Combine(_folder.Path, "missing", "merged.index");
        using (var writer = VolumeIndex.OpenOrCreate(part, Header, appends: true))
            Add(writer, 1);
        Assert.Equal(output, Assert.Throws<HseNetFileException>(() => VolumeIndex.Merge([part], output)).File);
    }

    static void Add(VolumeIndex index, int count)
    {
        for (int i = 0; i < count; i++)
            index.Add(new IndexedItem($"study {i}"), VolumeIndexTests.Vector(i, Channels));
        index.Flush();
    }
}
