// Gradients of contrastive stage 1 (encoder 1, text encoder, projections, logit scale) against the reference's at step 0.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class StageOneGradientGoldenTests
{
    const double GradientTolerance = 1e-4;

    public static TheoryData<string, bool> Ways => GoldenFolder.LongChecks ? new() { { "host", false }, { "host", true }, { "emulator", true } } : new() { { "host", false }, { "host", true } };

    [Theory, MemberData(nameof(Ways))]
    public void First_gradients_agree(string device, bool checkpointing)
    {
        var golden = GoldenFolder.Tensors("tiny/golden/train/stage1_first_grads.safetensors");
        var gradients = StageOneGradients.Compute(device, checkpointing, out double loss);
        Assert.Equal(GoldenFolder.Tensors("tiny/golden/clip.safetensors")["stage1_loss"].Doubles()[0], loss, 1e-5);
        int cap = GoldenFolder.Json("tiny/golden/train/losses.json").GetProperty("sample_cap").GetInt32();
        // In exact arithmetic the gradient of a key's bias is zero.
        foreach (var (name, expected) in golden.Where(entry => !entry.Key.EndsWith(".key.bias", StringComparison.Ordinal)))
        {
            float[] gradient = gradients[Own(name)];
            int stride = Math.Max(1, gradient.Length / cap);
            float[] samples = gradient.Length <= cap ? gradient : [.. Enumerable.Range(0, cap).Select(i => gradient[i * stride])];
            Golden.Equal(name, samples, expected.Singles(), GradientTolerance);
        }
    }

    static string Own(string reference) => reference.StartsWith("vision_encoder.", StringComparison.Ordinal) ? "encoder1." + reference["vision_encoder.".Length..]
        : reference.StartsWith("language_encoder.", StringComparison.Ordinal) ? "text_encoder1." + reference["language_encoder.".Length..] : "clip1." + reference;
}

/// <summary>One step of stage 1 on the golden batch without dropout: all embeddings first, then the loss, then an example at a time forwards and back.</summary>
static class StageOneGradients
{
    public static Dictionary<string, float[]> Compute(string device, bool checkpointing, out double loss)
    {
        var config = TinyModel.Config;
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        var texts = GoldenFolder.Tensors("tiny/golden/clip.safetensors");
        float[] volumes = inputs["volume"].Singles();
        int batch = inputs["volume"].Shape[0], voxels = (int)config.Vision.Image.Count, channels = config.Vision.HiddenSize, maximum = texts["input_ids"].Shape[1];
        double[] ids = texts["input_ids"].Doubles(), mask = texts["attention_mask"].Doubles();
        using var source = TensorSource.Open(TinyModel.Folder);
        TrainableTensor[] tensors = [.. source.Tensors.Where(tensor => tensor.Name.Split('.')[0] is "encoder1" or "text_encoder1" or "clip1")
            .Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape.ToArray()))];
        var plan = new MemoryPlan();
        long rows = (long)batch * channels, features = (long)(config.Vision.Patches + 1) * channels;
        PlannedBuffer volumeBuffer = plan.Reserve("volume", voxels), output = plan.Reserve("features", features), gradOutput = plan.Reserve("grad_features", features);
        PlannedBuffer images = plan.Reserve("images", rows), textRows = plan.Reserve("texts", rows), gradImages = plan.Reserve("grad_images", rows), gradTexts = plan.Reserve("grad_texts", rows);
        PlannedBuffer projected = plan.Reserve("projected", channels), logits = plan.Reserve("logits", batch * batch), losses = plan.Reserve("losses", 2);
        var scratch = plan.Reserve("scratch", ContrastiveLoss.ScratchLength(batch));
        var vision = VisionEncoder.ReserveTraining(plan, "encoder1", config.Vision, slices: 0, checkpointing);
        var language = TextEncoder.ReserveTraining(plan, "text_encoder1", config.TextEncoder!, maximum, checkpointing, dropout: false);
        using var run = new PartRun(plan, device);
        var pass = run.Pass;
        using var set = new ParameterSet(run.Device, new ParameterPlan(tensors, rounded: false));
        set.Load(source);
        var weights = new WeightStore(run.Device, source, set);
        var encoder = new VisionEncoder(weights, "encoder1", config.Vision, sliceGuided: false);
        var text = new TextEncoder(weights, "text_encoder1", config.TextEncoder!);
        var head = new ContrastiveHead(weights, 1, channels);

        for (int i = 0; i < batch; i++)
            Encode(i);
        set.TryGet("clip1.logit_scale", out var scale);
        ContrastiveLoss.Forward(run.Device, new ContrastiveLossArguments
        {
            Images = pass[images],
            Texts = pass[textRows],
            LogitScale = scale!.Values,
            Logits = pass[logits],
            Loss = pass[losses],
            GradImages = pass[gradImages],
            GradTexts = pass[gradTexts],
            GradLogitScale = scale.Gradient,
            Scratch = pass[scratch],
            Rows = batch,
            Channels = channels,
            Scale = 1,
        });
        loss = run.Read(pass[losses])[0];
        for (int i = 0; i < batch; i++)
        {
            var (sequence, hidden) = Encode(i, withText: false);
            head.ImageBackward(run.Device, pass[output], pass[projected], Row(gradImages, i), pass[gradOutput]);
            encoder.Backward(pass, vision, pass[volumeBuffer], default, pass[gradOutput]);
            head.Text(run.Device, hidden, Row(textRows, i), pass[projected]);
            head.TextBackward(run.Device, hidden, pass[projected], Row(gradTexts, i), text.Grad(pass, sequence));
            text.Backward(pass, sequence);
        }
        return set.All.ToDictionary(parameter => parameter.Name, parameter => run.Read(parameter.Gradient));

        View<float> Row(PlannedBuffer buffer, int i) => pass[buffer].Slice((long)i * channels, channels);

        (TextEncoder.Sequence, View<float>) Encode(int i, bool withText = true)
        {
            encoder.ForwardKeeping(pass, vision, run.Write(volumeBuffer, volumes.AsSpan(i * voxels, voxels)), default, pass[output]);
            head.Image(run.Device, pass[output], Row(images, i), pass[projected]);
            int tokens = (int)mask.Skip(i * maximum).Take(maximum).Sum();
            var sequence = new TextEncoder.Sequence(language, tokens);
            var hidden = text.ForwardKeeping(pass, sequence, [.. ids.Skip(i * maximum).Take(tokens).Select(id => (int)id)]);
            if (withText)
                head.Text(run.Device, hidden, Row(textRows, i));
            return (sequence, hidden);
        }
    }
}
