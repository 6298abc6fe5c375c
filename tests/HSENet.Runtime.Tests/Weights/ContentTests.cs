// Checkpoints are read by what they hold, and what is no checkpoint or scan is said in words.
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public class ContentTests
{
    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n", "Git LFS pointer")]
    [InlineData("\n<!DOCTYPE html><html><body>Sign in</body></html>", "web page")]
    [InlineData("<html lang=\"en\">", "web page")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML")]
    public void A_download_that_went_wrong_is_named_whatever_its_ending(string content, string words)
    {
        using var folder = new TemporaryFolder();
        foreach (string ending in (string[])["safetensors", "bin", "pt", "ckpt"])
        {
            string file = folder.At($"model.{ending}");
            File.WriteAllBytes(file, Encoding.UTF8.GetBytes(content));
            var e = Assert.Throws<HseNetFileException>(() => TensorSource.Open(file));
            Assert.Contains(words, e.Message, StringComparison.Ordinal);
        }
        foreach (string ending in (string[])["nii", "npy", "img"])
        {
            string file = folder.At($"scan.{ending}");
            File.WriteAllBytes(file, Encoding.UTF8.GetBytes(content));
            Assert.Contains(words, Assert.Throws<HseNetFileException>(() => CtStudy.Open(file)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_renamed_checkpoint_is_read_by_its_content()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new SafetensorsWriter(folder.At("model.bin"), [new TensorDescription("x", DataType.F32, [2])]))
        {
            writer.Write("x", new byte[8]);
            writer.Commit();
        }
        using var renamed = TensorSource.Open(folder.At("model.bin"));
        Assert.Equal("x", Assert.Single(renamed.Tensors).Name);
        File.Copy(GoldenFolder.At("checkpoints/torch_zip.bin"), folder.At("plain.ckpt"));
        using var torch = TensorSource.Open(folder.At("plain.ckpt"));
        Assert.NotEmpty(torch.Tensors);
    }

    [Theory]
    [InlineData("{\"error\": \"Entry not found\"}"), InlineData("Invalid username or password.\n"), InlineData("Not Found")]
    public void An_error_message_in_place_of_weights_is_said_to_be_text(string content)
    {
        using var folder = new TemporaryFolder();
        foreach (string ending in (string[])["safetensors", "bin", "ckpt"])
            Refused(folder.Write($"model.{ending}", Encoding.UTF8.GetBytes(content)), "is a text");
    }

    [Fact]
    public void A_checkpoint_is_known_under_any_name()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, "model.safetensors.partial", "F32", 4, 16);
        Assert.True(TensorSource.IsClaimed(file));
        using (var source = TensorSource.Open(file))
            Assert.Equal("x F32 [4]", $"{Assert.Single(source.Tensors)}");
        Assert.False(TensorSource.IsClaimed(folder.Write("scan.nii", new byte[400])));
        Assert.False(TensorSource.IsClaimed(folder.At("nowhere")));
        File.Copy(GoldenFolder.At("checkpoints/torch_zip.bin"), folder.At("torch.safetensors"));
        using var torch = TensorSource.Open(folder.At("torch.safetensors"));
        Assert.NotEmpty(torch.Tensors);
    }

    [Theory]
    [InlineData("F8_E4M3", 4, 4), InlineData("F8_E5M2", 4, 4), InlineData("F8_E8M0", 4, 4), InlineData("F8_E4M3FNUZ", 4, 4),
        InlineData("F8_E5M2FNUZ", 4, 4), InlineData("F6_E2M3", 4, 3), InlineData("F6_E3M2", 8, 6), InlineData("F4", 6, 3),
        InlineData("C64", 2, 16)]
    public void Types_that_nothing_computes_with_are_listed_and_using_them_is_refused_by_name(string type, int elements, int bytes)
    {
        using var folder = new TemporaryFolder();
        using (var source = TensorSource.Open(Write(folder, "model.safetensors", type, elements, bytes)))
        {
            var tensor = Assert.Single(source.Tensors);
            Assert.Equal(($"x {type} [{elements}]", (long)bytes), ($"{tensor}", tensor.ByteLength));
            Assert.Equal(16, tensor.ComputeChecksum().Length);
            foreach (Action use in (Action[])[() => tensor.ToSingles(), () => tensor.ToSingles(0, new float[1])])
                Assert.Contains(type, Assert.Throws<HseNetFileException>(use).Message, StringComparison.Ordinal);
        }
        Refused(Write(folder, "short.safetensors", type, elements, bytes - 1), $"{bytes} bytes for {type}");
    }

    [Fact]
    public void Half_a_download_is_said_to_be_cut_off()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(Write(folder, "model.safetensors", "F32", 64, 256)),
            torch = File.ReadAllBytes(GoldenFolder.At("checkpoints/torch_zip.bin"));
        Refused(folder.Write("half.safetensors", whole[..^100]), "truncated");
        Refused(folder.Write("half.bin", torch[..^200]), "half.bin");
        Refused(folder.Write("empty.safetensors", []), "empty.safetensors");
        Refused(folder.Write("empty.bin", []), "empty.bin");
    }

    [Fact]
    public void Missing_shards_are_named_with_an_index_and_without()
    {
        using var folder = new TemporaryFolder();
        foreach (int shard in (int[])[1, 3])
            Write(folder, $"shards/model-0000{shard}-of-00003.safetensors", "F32", 1, 4, $"x{shard}");
        Refused(folder.At("shards"), "model-00002-of-00003.safetensors", "missing");
        string index = """{"weight_map": {"x1": "model-00001-of-00003.safetensors", "x2": "model-00002-of-00003.safetensors"}}""";
        folder.Write("shards/model.safetensors.index.json", Encoding.UTF8.GetBytes(index));
        Refused(folder.At("shards"), "model-00002-of-00003.safetensors", "missing", "'x2'");
        folder.Write("shards/model.safetensors.index.json", "version https://git-lfs.github.com/spec/v1\n"u8.ToArray());
        Refused(folder.At("shards"), "model.safetensors.index.json", "Git LFS pointer");
        File.Delete(folder.At("shards/model.safetensors.index.json"));
        Write(folder, "shards/model-00002-of-00003.safetensors", "F32", 1, 4, "x2");
        using var whole = TensorSource.Open(folder.At("shards"));
        Assert.Equal(3, whole.Tensors.Count);
    }

    static void Refused(string path, params string[] words)
    {
        string message = Assert.Throws<HseNetFileException>(() => TensorSource.Open(path).Dispose()).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
        Assert.DoesNotContain(message, char.IsControl);
    }

    static string Write(TemporaryFolder folder, string name, string type, int elements, int bytes, string tensor = "x")
    {
        byte[] header = Encoding.UTF8.GetBytes(
            $$$"""{"{{{tensor}}}": {"dtype": "{{{type}}}", "shape": [{{{elements}}}], "data_offsets": [0, {{{bytes}}}]}}""");
        return folder.Write(name, [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[bytes]]);
    }
}
