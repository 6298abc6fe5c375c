// Embeddings of volumes and reports equal the reference's, made through the door that an embedder uses.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class StudyEmbedderGoldenTests
{
    [Theory]
    [InlineData("host")]
    public void Volumes_and_reports_of_stage_2(string where)
    {
        Golden.On(where);
        using var folder = new TemporaryFolder();
        using var device = new HostDevice();
        using var embedder = StudyEmbedder.Open(TinyModel.Folder, device);
        var golden = GoldenFolder.Tensors("tiny/golden/clip.safetensors");
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        var (volumes, features) = (inputs["volume"], inputs["slice_features"]);
        int[] size = volumes.Shape;
        for (int i = 0; i < size[0]; i++)
        {
            string volume = folder.At($"{i}.npy"), slices = folder.At($"{i}.slice_features.npy");
            NumpyFile.Write(volume, Row(volumes, i), size[1], size[2], size[3], size[4]);
            NumpyFile.Write(slices, Row(features, i), features.Shape[1], features.Shape[2]);
            using var study = CtStudy.Open(volume, new CtStudyOptions
            {
                SliceFeatures = slices,
                Preprocessing = new PreprocessingOptions { Force = true } // made-up values
            });
            Golden.Equal("image2", embedder.Embed(study), Row(golden["image2"], i));
        }
        // The words of the ids: cut again they must be the same ids.
        string[] vocabulary = File.ReadAllLines(Path.Combine(TinyModel.Folder, "vocab.txt"));
        var tokenizer = TextEncoderTokenizer.Open(TinyModel.Folder);
        double[] ids = golden["input_ids"].Doubles(), mask = golden["attention_mask"].Doubles();
        int length = golden["input_ids"].Shape[1];
        for (int i = 0; i < golden["input_ids"].Shape[0]; i++)
        {
            int[] whole = [.. Enumerable.Range(i * length, length).Where(at => mask[at] != 0).Select(at => (int)ids[at])];
            string text = string.Join(' ', whole[1..^1].Select(id => vocabulary[id])).Replace(" ##", "", StringComparison.Ordinal);
            Assert.Equal(whole, tokenizer.Encode(text));
            Golden.Equal("text2", embedder.Embed(text), Row(golden["text2"], i));
        }
    }

    static float[] Row(GoldenTensor tensor, int row)
    {
        float[] all = tensor.Singles();
        int length = all.Length / tensor.Shape[0];
        return all[(row * length)..((row + 1) * length)];
    }
}
