// PyTorch files beyond the golden ones: writing, and pickles that try to do more than hold tensors.
using System.IO.Compression;
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class TorchTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_in_a_file_says_when_it_was_written()
    {
        TorchWriter.Save(_folder.At("adapter.bin"), [new("w", DataType.F32, [1], new byte[4])]);
        using var zip = System.IO.Compression.ZipFile.OpenRead(_folder.At("adapter.bin"));
        Assert.All(zip.Entries, entry => Assert.Equal(new DateTime(1980, 1, 1), entry.LastWriteTime.DateTime));
    }

    [Fact]
    public void Written_tensors_are_read_back()
    {
        byte[] weights = [.. Enumerable.Range(0, 12).Select(i => (byte)i)];
        string path = _folder.At("adapter.bin");
        TorchWriter.Save(path, [new("a.lora_A", DataType.BF16, [2, 3], weights), new("scale", DataType.F32, [], weights.AsMemory(0, 4)),
            new("none", DataType.I64, [0], default)]);
        using TensorSource source = TensorSource.Open(path);
        Assert.Equal(["a.lora_A BF16 [2, 3]", "scale F32 []", "none I64 [0]"], source.Tensors.Select(t => t.ToString()));
        Assert.Equal(weights, source.Get("a.lora_A").Bytes.ToArray());
        Assert.Equal(weights[..4], source.Get("scale").Bytes.ToArray());
        Assert.Single(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Written_files_are_laid_out_as_torch_expects()
    {
        TorchWriter.Save(_folder.At("adapter.bin"), [new("w", DataType.F32, [1], new byte[4])]);
        using ZipArchive zip = ZipFile.OpenRead(_folder.At("adapter.bin"));
        Assert.Equal(["adapter/data.pkl", "adapter/byteorder", "adapter/data/0", "adapter/version"], zip.Entries.Select(e => e.FullName));
        Assert.All(zip.Entries, e => Assert.Equal(e.Length, e.CompressedLength));
    }

    [Theory]
    [InlineData("cos\nsystem\n", "os.system")]
    [InlineData("cbuiltins\neval\n", "builtins.eval")]
    [InlineData("c__builtin__\ngetattr\n", "__builtin__.getattr")]
    [InlineData("ctorch\nload\n", "torch.load")]
    [InlineData("\u008c\u0002os\u008c\u0006system\u0093", "os.system")]
    [InlineData("cnumpy.core.multiarray\n_reconstruct\n", "numpy.core.multiarray._reconstruct")]
    public void A_global_off_the_list_is_refused_by_name(string pickle, string name)
    {
        string message = RefusedPickle(pickle);
        Assert.Contains($"'{name}'", message);
        Assert.Contains("nothing was executed", message);
    }

    [Theory]
    [InlineData("", "middle of an instruction")]
    [InlineData("N.", "does not hold a dictionary")]
    [InlineData(".", "stack is empty")]
    [InlineData("(.", "stack is empty")]
    [InlineData("R.", "stack is empty")]
    [InlineData("u.", "mark is missing")]
    [InlineData("h\u0007.", "nothing was remembered")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ff.", "middle of an instruction")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "middle of an instruction")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f.", "a number of")]
    [InlineData("}}Ns.", "neither text nor a number")]
    [InlineData("ccollections\nOrderedDict\nN\u0085R.", "unknown way")]
    [InlineData("}q\u0000X\u0001\u0000\u0000\u0000ah\u0000s.", "contain themselves")]
    [InlineData("i.", "unknown instruction 0x69")]
    public void Pickles_that_are_not_whole_are_refused(string pickle, string part) => Assert.Contains(part, RefusedPickle(pickle));

    [Fact]
    public void A_tree_that_is_exponentially_larger_than_its_file_is_refused_at_once()
    {
        // Each dictionary holds the one before twice: thirty levels are a thousand million leaves.
        var pickle = new StringBuilder("}q\u0000");
        for (int level = 0; level < 30; level++)
            pickle.Append("}(K\u0001h\u0000K\u0002h\u0000uq\u0000");
        Assert.Contains("nested too deeply", RefusedPickle(pickle + "."));
    }

    [Theory]
    [InlineData(0, 2, 3, 3, 1, null)] // whole
    [InlineData(0, 2, 3, 1, 2, null)] // transposed
    [InlineData(1, 2, 3, 3, 1, "reaches to element 6")]
    [InlineData(0, 1000000, 1000000, 0, 0, "reaches to element 0")]
    [InlineData(0, 2, 2, 100, 1, "reaches to element 101")]
    public void Views_stay_inside_their_storage(byte offset, int rows, int columns, byte rowStride, byte columnStride, string? part)
    {
        string pickle = "}X\u0001\u0000\u0000\u0000wctorch._utils\n_rebuild_tensor_v2\n"
            + "((X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nX\u0001\u0000\u0000\u00000X\u0003\u0000\u0000\u0000cpuK\u0006tQ"
            + $"K{(char)offset}{Number(rows)}{Number(columns)}\u0086K{(char)rowStride}K{(char)columnStride}\u0086\u0089NtRs.";
        if (part is not null)
            Assert.Contains(part, RefusedPickle(pickle));
        else
            TensorSource.Open(WritePickle(pickle)).Dispose();

        static string Number(int n) => "J" + string.Concat(BitConverter.GetBytes(n).Select(b => (char)b));
    }

    [Fact]
    public void A_compressed_storage_is_refused()
    {
        using (ZipArchive zip = ZipFile.Open(_folder.At("w.bin"), ZipArchiveMode.Create))
        using (Stream entry = zip.CreateEntry("w/data.pkl", CompressionLevel.Optimal).Open())
            entry.Write(new byte[1000]);
        Assert.Contains("compressed", Assert.Throws<HseNetFileException>(() => TensorSource.Open(_folder.At("w.bin")).Dispose()).Message);
    }

    string WritePickle(string pickle)
    {
        string path = _folder.At("w.bin");
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("w/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]);
        Add("w/data/0", new byte[24]);
        return path;

        void Add(string name, byte[] content)
        {
            using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
            entry.Write(content);
        }
    }

    string RefusedPickle(string pickle) =>
        Assert.Throws<HseNetFileException>(() => TensorSource.Open(WritePickle(pickle)).Dispose()).Message;
}
