// Text encoder and CLIP embeddings of both stages against the reference's tensors.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ContrastiveGoldenTests
{
    [Theory, InlineData("host"), InlineData("emulator")]
    public void Text_encoder_and_text_embeddings_agree(string device)
    {
        var golden = GoldenFolder.Tensors("tiny/golden/clip.safetensors");
        var config = TinyModel.Config.TextEncoder!;
        int batch = golden["input_ids"].Shape[0], tokens = golden["input_ids"].Shape[1], channels = config.HiddenSize;
        double[] ids = golden["input_ids"].Doubles(), mask = golden["attention_mask"].Doubles();
        var plan = new MemoryPlan();
        var x = plan.Reserve("x", (long)tokens * channels);
        var embedding = plan.Reserve("embedding", channels);
        var buffers = TextEncoder.Reserve(plan, config, tokens);
        using var run = new PartRun(plan, device);
        using var weights = new WeightStore(run.Device, TensorSource.Open(TinyModel.Folder));
        foreach (int stage in config.Stages)
        {
            var encoder = new TextEncoder(weights, $"text_encoder{stage}", config);
            var head = new ContrastiveHead(weights, stage, channels);
            var hidden = new List<float>();
            var embeddings = new List<float>();
            for (int row = 0; row < batch; row++)
            {
                int valid = (int)mask.Skip(row * tokens).Take(tokens).Sum();
                encoder.Forward(run.Pass, buffers, [.. ids.Skip(row * tokens).Take(tokens).Select(id => (int)id)], valid, run.Pass[x]);
                hidden.AddRange(run.Read(run.Pass[x]));
                head.Text(run.Device, run.Pass[x], run.Pass[embedding]);
                embeddings.AddRange(run.Read(run.Pass[embedding]));
            }
            Golden.Equal($"text{stage}", [.. embeddings], golden[$"text{stage}"].Singles());
            if (stage == 1)
                Golden.Equal("bert_last_hidden", [.. hidden], golden["bert_last_hidden"].Singles());
        }
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Image_embeddings_agree(int stage)
    {
        var config = TinyModel.Config;
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        float[] volumes = inputs["volume"].Singles(), slices = inputs["slice_features"].Singles();
        int batch = inputs["volume"].Shape[0], voxels = (int)config.Vision.Image.Count, features = slices.Length / batch;
        var plan = new MemoryPlan();
        var volume = plan.Reserve("volume", voxels);
        var sliceFeatures = plan.Reserve("slice_features", features);
        var output = plan.Reserve("features", (long)(config.Vision.Patches + 1) * config.Vision.HiddenSize);
        var embedding = plan.Reserve("embedding", config.Vision.HiddenSize);
        var buffers = VisionEncoder.Reserve(plan, $"encoder{stage}", config.Vision, stage == 2 ? inputs["slice_features"].Shape[1] : 0);
        using var run = new PartRun(plan);
        using var weights = new WeightStore(run.Device, TensorSource.Open(TinyModel.Folder));
        var encoder = new VisionEncoder(weights, $"encoder{stage}", config.Vision, sliceGuided: stage == 2);
        var head = new ContrastiveHead(weights, stage, config.Vision.HiddenSize);
        var embeddings = new List<float>();
        for (int i = 0; i < batch; i++)
        {
            encoder.Forward(run.Pass, buffers, run.Write(volume, volumes.AsSpan(i * voxels, voxels)),
                run.Write(sliceFeatures, slices.AsSpan(i * features, features)), run.Pass[output]);
            head.Image(run.Device, run.Pass[output], run.Pass[embedding]);
            embeddings.AddRange(run.Read(run.Pass[embedding]));
        }
        Golden.Equal($"image{stage}", [.. embeddings], GoldenFolder.Tensors("tiny/golden/clip.safetensors")[$"image{stage}"].Singles());
    }
}
