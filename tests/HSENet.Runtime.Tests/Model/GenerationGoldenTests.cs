// From the golden volumes to text: visual tokens, prompt, greedy decoding, id by id.
using HSENet.Kernels;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class GenerationGoldenTests
{
    [Theory, InlineData("f32", false), InlineData("f32", true), InlineData("bf16", false), InlineData("bf16", true)]
    [InlineData("f32", false, ActivationType.BF16), InlineData("bf16", true, ActivationType.BF16)]
    public void Greedy_ids_and_text_are_the_reference_s(string dtype, bool mergeLora, ActivationType activations = ActivationType.F32)
    {
        using var folder = new TemporaryFolder();
        string weights = folder.At("model");
        ModelConverter.Convert(TinyModel.Options(weights) with { Dtype = dtype, MergeLora = mergeLora });
        var golden = GoldenFolder.Json("tiny/golden/generate.json");
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        float[] volumes = inputs["volume"].Singles(), slices = inputs["slice_features"].Singles();
        int batch = inputs["volume"].Shape[0];
        using var generation = new GenerationRun(weights,
            [.. golden.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())], activations);
        Assert.Equal(golden.GetProperty("visual_tokens").GetInt32(), generation.Config.VisualTokens);
        for (int i = 0; i < batch; i++)
        {
            int[] expected = [.. golden.GetProperty("generated_ids")[i].EnumerateArray().Select(id => id.GetInt32())];
            int[] ids = generation.Ids(Part(volumes, batch, i), Part(slices, batch, i), expected.Length);
            Assert.Equal(expected, ids);
            Assert.Equal(golden.GetProperty("generated_text")[i].GetString(), LanguageTokenizer.Open(weights).Decode(ids));
        }
    }

    [Fact]
    public void The_prompt_is_built_as_the_reference_builds_it()
    {
        var golden = GoldenFolder.Json("tiny/golden/generate.json");
        int[] expected = [.. golden.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
        string text = golden.GetProperty("prompt").GetString()!;
        string question = text[(text.LastIndexOf('>') + 1)..];
        Assert.Equal(expected, Prompt.Build(LanguageTokenizer.Open(TinyModel.Folder), TinyModel.Config.VisualTokens, question));
    }

    [Fact]
    public void A_decoded_token_allocates_nothing()
    {
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        int batch = inputs["volume"].Shape[0];
        using var generation = new GenerationRun(TinyModel.Folder,
            Prompt.Build(LanguageTokenizer.Open(TinyModel.Folder), TinyModel.Config.VisualTokens));
        float[] volume = Part(inputs["volume"].Singles(), batch, 0), slices = Part(inputs["slice_features"].Singles(), batch, 0);
        generation.Ids(volume, slices, 4);
        Assert.Equal(0, generation.BytesAllocatedPerToken(volume, slices));
    }

    static float[] Part(float[] all, int parts, int i) => all[(i * (all.Length / parts))..((i + 1) * (all.Length / parts))];

    sealed class GenerationRun : IDisposable
    {
        readonly int[] _prompt;
        readonly InferencePlan _plan;
        readonly Arena _arena;
        readonly WeightStore _weights;
        readonly VisionModel _vision;
        readonly LanguageModel _language;
        readonly DeviceMemory _inputs;

        readonly Device _device;

        // bf16 runs in the emulator: the host has none.
        public GenerationRun(string folder, int[] prompt, ActivationType activations = ActivationType.F32)
        {
            _prompt = prompt;
            _device = activations == ActivationType.F32 ? PartRun.Host : new EmulatorDevice();
            Config = ModelConfig.Read(folder);
            _plan = InferencePlan.For(Config, prompt.Length, prompt.Length + 128, activations);
            _arena = new Arena(_device, _plan.Memory);
            _weights = new WeightStore(_device, TensorSource.Open(folder));
            _vision = new VisionModel(_weights, Config);
            _language = new LanguageModel(_weights, Config.LanguageModel);
            _inputs = _device.Allocate(4 * (Config.Vision.Image.Count + SliceFloats), "inputs");
        }

        public ModelConfig Config { get; }

        long SliceFloats => (long)Config.SliceEncoder!.Slices * Config.Vision.HiddenSize;

        public int[] Ids(float[] volume, float[] slices, int count) => [.. Start(volume, slices, count)];

        public long BytesAllocatedPerToken(float[] volume, float[] slices)
        {
            long before = 0;
            int tokens = 0;
            foreach (int _ in Start(volume, slices, 8))
            {
                // The first tokens grow the workers' scratch memory.
                if (++tokens == 3)
                    before = GC.GetAllocatedBytesForCurrentThread();
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        IEnumerable<int> Start(float[] volume, float[] slices, int count)
        {
            var pass = new Pass(_device, _arena);
            var volumeView = _inputs.View<float>(0, volume.Length);
            var sliceView = _inputs.View<float>(4L * volume.Length, slices.Length);
            _device.Upload<float>(volume, volumeView);
            _device.Upload<float>(slices, sliceView);
            var visual = _vision.Encode(pass, _plan.Vision, volumeView, sliceView);
            var generator = new Generator(_language, Config.LanguageModel, _plan);
            generator.Begin(pass, _prompt.Length);
            return generator.Generate(pass, _prompt, visual, 0, new TokenChoice(SamplingOptions.Greedy), count, default);
        }

        public void Dispose()
        {
            _inputs.Dispose();
            _arena.Dispose();
            _weights.Dispose();
            if (_device != PartRun.Host)
                _device.Dispose();
        }
    }
}
