// The language model alone: what golden tests of the decoder and of adapters run.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Tests;

/// <summary>The decoder of a model folder with memory of its own.</summary>
sealed class DecoderRun : IDisposable
{
    readonly WeightStore _weights;

    public DecoderRun(LanguageModelConfig config, int tokens, string device = "host", string? folder = null,
        ActivationType activations = ActivationType.F32)
    {
        var plan = new MemoryPlan(activations);
        Buffers = LanguageModel.Reserve(plan, config, tokens, tokens);
        Run = new PartRun(plan, device);
        _weights = new WeightStore(Run.Device, TensorSource.Open(folder ?? TinyModel.Folder));
        Model = new LanguageModel(_weights, config);
    }

    public LanguageModel.Buffers Buffers { get; }

    public PartRun Run { get; }

    public LanguageModel Model { get; }

    public (float[] Norms, float[] Logits) AllLogits(View<float> x, int first, int count)
    {
        var norms = new List<float>();
        var logits = new List<float>();
        for (int row = first; row < first + count; row++)
        {
            logits.AddRange(Run.Read(Model.Logits(Run.Pass, Buffers, x, row)));
            norms.AddRange(Run.Read(Run.Pass.Activations(Buffers.Last)));
        }
        return ([.. norms], [.. logits]);
    }

    public void Dispose()
    {
        _weights.Dispose();
        Run.Dispose();
    }
}
