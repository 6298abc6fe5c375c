// The stages of a request one by one, on memory of their own and on made-up inputs: what benchmarks time.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Runs the parts of a model on the inputs of the golden data: uniform values that follow from their names and a seed.</summary>
sealed class ModelStages : IDisposable
{
    readonly HseNetModel _model;
    readonly InferencePlan _plan;
    readonly Arena _arena;
    readonly List<DeviceMemory> _inputs = [];
    readonly View<float> _volume, _pixels, _sliceFeatures;

    /// <summary>Memory for prompts of up to some tokens and for as many new ones.</summary>
    public ModelStages(HseNetModel model, int promptTokens, int newTokens, ulong seed)
    {
        var config = model.Config;
        _model = model;
        _plan = InferencePlan.For(config, promptTokens, promptTokens + newTokens, model.Activations);
        _arena = new Arena(model.Device, _plan.Memory);
        Pass = new Pass(model.Device, _arena);
        _volume = Input("volume", config.Vision.Image.Count, seed, value => (value + 1) / 2);
        if (config.SliceEncoder is not { } slices)
            return;
        _sliceFeatures = Input("slice_features", (long)slices.Slices * slices.HiddenSize, seed, value => value);
        _pixels = Input("slice_pixels", (long)slices.Slices * 3 * slices.ImageSize * slices.ImageSize, seed, value => value);
    }

    public Pass Pass { get; }

    public InferencePlan Plan => _plan;

    /// <summary>Whether the model has a slice encoder.</summary>
    public bool HasSlices => !_pixels.IsEmpty;

    public void EncodeSlices()
    {
        _model.Vision.EncodeSlices(Pass, _plan.Vision, _pixels);
        _model.Device.Synchronize();
    }

    /// <summary>Both encoders and packers, guided by slice features that are given, not computed.</summary>
    public View<float> Encode()
    {
        var visual = _model.Vision.Encode(Pass, _plan.Vision, _volume, _sliceFeatures);
        _model.Device.Synchronize();
        return visual;
    }

    /// <summary>New ids after a prompt of some tokens, of which the visual ones are those of the last <see cref="Encode"/>; no end token
    /// ends it.</summary>
    public IEnumerable<int> Generate(int promptTokens, int newTokens)
    {
        var config = _model.Config.LanguageModel with { EosTokenId = [] };
        int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(i => i % config.VocabSize)];
        int visual = Math.Min(_model.Config.VisualTokens, promptTokens - 1);
        var generator = new Generator(_model.Language, config, _plan);
        generator.Begin(Pass, promptTokens);
        return generator.Generate(Pass, prompt, Pass[_plan.Vision.VisualTokens].Slice(0, (long)visual * config.HiddenSize), 0,
            new TokenChoice(SamplingOptions.Greedy), newTokens, CancellationToken.None);
    }

    View<float> Input(string name, long count, ulong seed, Func<float, float> map)
    {
        var values = new float[count];
        SyntheticWeights.Uniform(name, seed, 0, values);
        for (int i = 0; i < values.Length; i++)
            values[i] = map(values[i]);
        var memory = _model.Device.Allocate(count * sizeof(float), name);
        _inputs.Add(memory);
        var view = memory.View<float>(0, count);
        _model.Device.Upload<float>(values, view);
        return view;
    }

    public void Dispose()
    {
        _arena.Dispose();
        _inputs.ForEach(input => input.Dispose());
    }
}
