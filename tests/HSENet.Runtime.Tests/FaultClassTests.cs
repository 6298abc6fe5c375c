// One named case for each class of fault that parsers have had: a size believed, a product that wraps, a path or type obeyed, a loop that
// stands still.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class FaultClassTests
{
    const uint UndefinedLength = uint.MaxValue;

    // Size field before length check

    [Fact]
    public void Safetensors_header_length_is_not_believed() =>
        Assert.Contains("header length",
            Mutations.Refused([.. BitConverter.GetBytes(long.MaxValue), .. "{}"u8], f =>
            FileMutationTests.ReadTensors("w.safetensors", f)));

    [Theory]
    [InlineData("X")] // text with a length of 4 bytes
    [InlineData("\u008d")] // text with a length of 8 bytes
    [InlineData("B")] // bytes
    [InlineData("\u008b")] // a number
    public void Pickle_lengths_are_not_believed(string opcode) =>
        Assert.Contains("pickle", Mutations.Refused([0x80, 2, .. Encoding.Latin1.GetBytes(opcode), 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0],
            Unpickle));

    [Fact]
    public void Legacy_storage_lengths_are_not_believed()
    {
        byte[] file = File.ReadAllBytes(GoldenFolder.At("checkpoints/torch_legacy.bin"));
        // The first storage begins with its length, right behind the last pickle.
        int keys = file.AsSpan().LastIndexOf("e."u8) + 2;
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(keys), long.MaxValue);
        Assert.Contains($"states {long.MaxValue} elements", Mutations.Refused(file, f => FileMutationTests.ReadTensors("w.bin", f)));
    }

    [Fact]
    public void Npy_header_lengths_are_not_believed() =>
        Assert.Contains("states a header of 4294967295 bytes",
            Mutations.Refused([0x93, .. "NUMPY"u8, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF], ScanFileMutationTests.ReadVolume));

    [Fact]
    public void Zip_counts_and_sizes_are_not_believed()
    {
        byte[] zip = [.. "PK\u0005\u0006"u8, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0];
        Assert.Contains("directory does not lie in the file", Mutations.Refused(zip, ReadZip));
    }

    [Fact]
    public void Dicom_element_lengths_are_not_believed() =>
        Assert.Contains("states 4294967294 bytes",
            Mutations.Refused([.. DicomStart(), 8, 0, 0x16, 0, (byte)'O', (byte)'B', 0, 0, 0xFE, 0xFF, 0xFF, 0xFF], ReadDicom));

    [Fact]
    public void Dicom_rows_and_columns_are_not_believed()
    {
        foreach (string syntax in (string[])[DicomTransferSyntax.ExplicitLittleEndian, DicomTransferSyntax.RunLength])
            Assert.Contains("enough for 65535 rows of 65535 columns",
                Mutations.Refused(new DicomSeed { Syntax = syntax, Rows = 65535, Columns = 65535, Pixels = [1, 2] }.ToBytes(), ReadDicom));
    }

    [Fact]
    public void A_few_bytes_that_decompress_to_much_do_not_fill_the_memory()
    {
        byte[] bomb = VolumeSeeds.Nifti(2, 2, 2);
        foreach (int offset in (int[])[42, 44, 46])
            BinaryPrimitives.WriteInt16LittleEndian(bomb.AsSpan(offset), short.MaxValue);
        var limit = new VolumeReadOptions { MaximumBytes = long.MaxValue };
        byte[] file = VolumeSeeds.Gzip([.. bomb, .. new byte[3_000_000]]);
        Assert.InRange(file.Length, 0, 4096);
        Assert.Contains("3000016 bytes of voxels", Mutations.Refused(file, f => VolumeFile.Read(new MemoryStream(f), "scan", limit)));
        Assert.Contains("decompresses to too much",
            Mutations.Refused([.. DicomStart(DicomTransferSyntax.DeflatedExplicitLittleEndian), .. Deflated(1 << 28)], ReadDicom));
    }

    [Fact]
    public void What_decompresses_to_much_is_cancelled_on_its_way()
    {
        byte[] file = [.. DicomStart(DicomTransferSyntax.DeflatedExplicitLittleEndian), .. Deflated(1 << 28)];
        Assert.Throws<OperationCanceledException>(() => DicomFile.Parse(file, "file", cancellation: new CancellationToken(true)));
    }

    // Integer wrap in dims × bytes

    [Theory]
    [InlineData("[4294967296,4294967296]")] // 2^64 elements: 0 in 64 bits
    [InlineData("[2147483648,2147483648,4]")] // 2^64 elements
    [InlineData("[4611686018427387905]")] // 4 × this wraps to 4
    public void Products_of_tensor_dimensions_do_not_wrap(string shape)
    {
        byte[] header = Encoding.UTF8.GetBytes($$$"""{"w":{"dtype":"F32","shape":{{{shape}}},"data_offsets":[0,4]}}""");
        Assert.Contains("overflows", Mutations.Refused([.. BitConverter.GetBytes((long)header.Length), .. header, 1, 2, 3, 4], f =>
            FileMutationTests.ReadTensors("w.safetensors", f)));
    }

    [Theory]
    [InlineData("4294967296, 4294967296, 1")]
    [InlineData("2147483647, 2147483647, 2147483647")]
    public void Products_of_array_dimensions_do_not_wrap(string shape)
    {
        string header = $"{{'descr': '<f4', 'fortran_order': True, 'shape': ({shape})}}";
        Assert.Contains("voxels", Mutations.Refused(
            [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), 1, 2, 3, 4],
            ScanFileMutationTests.ReadVolume));
    }

    [Fact]
    public void Offsets_that_wrap_do_not_reach_back_into_the_file()
    {
        using FileBytes file = FileBytes.FromArray("file", new byte[16]);
        foreach ((long offset, long length) in new[] { (long.MaxValue, 8L), (8L, long.MaxValue), (-1L, 2L), (8L, -1L), (17L, 0L) })
            Assert.Contains("not in the file", Assert.Throws<HseNetFileException>(() => file.Slice(offset, length).Length).Message);
        Assert.Equal(0, file.Slice(16, 0).Length);
    }

    // Path or type field obeyed

    [Theory]
    [InlineData("../../other.safetensors")]
    [InlineData("/etc/hosts")]
    [InlineData("C:secret.safetensors")]
    [InlineData("a\\\\b.safetensors")]
    public void A_shard_outside_its_folder_is_not_opened(string shard) =>
        Assert.Contains("same folder",
            Mutations.Refused(Encoding.UTF8.GetBytes($$$"""{"weight_map":{"w":"{{{shard}}}"}}"""), json =>
            WeightFolder.ReadIndex(FileBytes.FromArray("index.json", json))));

    [Fact]
    public void A_type_named_in_a_pickle_is_not_made() =>
        Assert.Contains("'builtins.exec', which is refused",
            Mutations.Refused([0x80, 2, .. "cbuiltins\nexec\n(X\u0001\u0000\u0000\u0000xtR."u8], Unpickle));

    [Fact]
    public void Objects_in_an_array_are_not_loaded()
    {
        const string Header = "{'descr': '|O', 'fortran_order': False, 'shape': (1, 1, 1)}";
        Assert.Contains("never loaded",
            Mutations.Refused([0x93, .. "NUMPY"u8, 1, 0, (byte)Header.Length, 0, .. Encoding.ASCII.GetBytes(Header), .. "cos\nsystem\n."u8],
            ScanFileMutationTests.ReadVolume));
    }

    [Fact]
    public void A_zip_entry_that_names_a_path_outside_is_read_in_memory_only()
    {
        using var folder = new TemporaryFolder();
        using (ZipArchive zip = ZipFile.Open(folder.At("series.zip"), ZipArchiveMode.Create))
            foreach (int z in (int[])[0, 1])
            {
                using Stream entry = zip.CreateEntry($"../../slice{z}.dcm").Open();
                entry.Write(new DicomSeed().At(z).ToBytes());
            }
        using VoxelVolume volume = VolumeFile.Read(folder.At("series.zip"));
        Assert.Equal(2, volume.Size.Z);
        Assert.Equal(["series.zip"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    // Loop that does not advance

    [Fact]
    public void Empty_dicom_items_without_end_come_to_an_end()
    {
        byte[] items = [.. Enumerable.Repeat<byte[]>([0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0], 400).SelectMany(b => b)];
        byte[] file = [.. DicomStart(), 8, 0, 0x12, 0x11, (byte)'S', (byte)'Q', 0, 0, .. BitConverter.GetBytes(UndefinedLength), .. items];
        Assert.Contains("in the middle of an element", Mutations.Refused(file, ReadDicom));
    }

    [Fact]
    public void Dicom_sequences_within_sequences_come_to_an_end()
    {
        byte[] level = [8, 0, 0x12, 0x11, (byte)'S', (byte)'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF];
        Assert.Contains("nested too deeply",
            Mutations.Refused([.. DicomStart(), .. Enumerable.Repeat(level, 200).SelectMany(b => b)], ReadDicom));
    }

    [Fact]
    public void Run_lengths_that_write_nothing_come_to_an_end()
    {
        byte[] file = new DicomSeed { Syntax = DicomTransferSyntax.RunLength }.At(0).ToBytes();
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[2, 0, 0, 0, 64, 0, 0, 0]) + 64;
        file.AsSpan(frame, file.Length - frame - 8).Fill(0x80);
        byte[] other = new DicomSeed { Syntax = DicomTransferSyntax.RunLength }.At(1).ToBytes();
        Assert.Contains("ends too early",
            Mutations.Refused(file, f => DicomVolume.Read("folder", [DicomSource.FromBytes("a", f), DicomSource.FromBytes("b", other)],
            new())));
    }

    [Fact]
    public void A_pickle_that_only_repeats_comes_to_an_end() =>
        Assert.Contains("more than 2000000 instructions",
            Mutations.Refused([0x80, 2, .. Enumerable.Repeat((byte)'N', 3_000_000)], Unpickle));

    [Fact]
    public void Voxels_that_begin_far_away_are_not_skipped_to()
    {
        byte[] file = VolumeSeeds.Nifti(2, 2, 2);
        VolumeSeeds.Put(file, 108, 9e18f);
        Assert.Contains("voxels begin at byte", Mutations.Refused(VolumeSeeds.Gzip(file), ScanFileMutationTests.ReadVolume));
    }

    [Fact]
    public void Zip_entries_that_share_their_bytes_are_not_read_again_and_again()
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
            foreach (int i in (int[])[0, 1])
            {
                using Stream entry = zip.CreateEntry($"{i}.dcm", CompressionLevel.NoCompression).Open();
                entry.Write(new byte[1000]);
            }
        byte[] file = buffer.ToArray();
        // The second entry of the directory claims the place of the first, and more bytes.
        int second = file.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(second + 42), 0);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(second + 20), 1500);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(second + 24), 1500);
        Assert.Contains("overlap", Mutations.Refused(file, ReadZip));
    }

    static void Unpickle(byte[] pickle)
    {
        using FileBytes file = FileBytes.FromArray("data.pkl", pickle);
        new PickleMachine(new PickleReader(file, 0, file.Length)).Run();
    }

    static void ReadZip(byte[] zip)
    {
        using ScanContents contents = ScanContents.OfZip(FileBytes.FromArray("archive.zip", zip));
        contents.Read(new()).Dispose();
    }

    static void ReadDicom(byte[] file) => DicomVolume.Read("folder", [DicomSource.FromBytes("file", file)], new()).Dispose();

    static byte[] DicomStart(string syntax = DicomTransferSyntax.ExplicitLittleEndian)
    {
        byte[] uid = Encoding.ASCII.GetBytes(syntax.Length % 2 == 0 ? syntax : syntax + "\0");
        return [.. new byte[128], .. "DICM"u8, 2, 0, 0x10, 0, (byte)'U', (byte)'I', (byte)uid.Length, 0, .. uid];
    }

    static byte[] Deflated(int zeros)
    {
        using var buffer = new MemoryStream();
        using (var deflate = new DeflateStream(buffer, CompressionLevel.Optimal))
            for (int written = 0; written < zeros; written += 1 << 16)
                deflate.Write(new byte[1 << 16]);
        return buffer.ToArray();
    }
}
