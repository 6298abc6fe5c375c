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
}
