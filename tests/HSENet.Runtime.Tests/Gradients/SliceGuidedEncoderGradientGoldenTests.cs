// Gradients of encoder 2: the full-size one cut to its first block against the reference's; the small one with dropout against its own
// forward.

using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class SliceGuidedEncoderGradientGoldenTests
{
    const string Part = "grad_encoder2_one_block";

    [Fact]
    public void Gradients_of_the_full_size_encoder_of_one_block_agree()
    {
        const double tolerance = 1e-4;
        using var encoder = new TrainedEncoder(FullModel.Config.Vision with { NumLayers = 1 }, FullModel.Config.SliceEncoder!.Slices,
            FullModel.Volume());
        FullModel.Equal(Part, "out", encoder.Forward(default));
        encoder.Backward(FullModel.Input("grad_enc", encoder.Outputs), default);
        // zero in exact arithmetic
        foreach (var parameter in encoder.Set.All.Where(parameter => !parameter.Name.EndsWith("Wk.bias", StringComparison.Ordinal)))
            FullModel.Equal(Part, $"d_{parameter.Name["encoder2.".Length..]}", encoder.Run.Read(parameter.Gradient), tolerance);
    }

    // No golden data has dropout.
    [Fact]
    public void Gradients_are_those_of_the_forward_with_the_same_dropout()
    {
        var config = TinyModel.Config.Vision with { NumLayers = 1 };
        using var encoder = new TrainedEncoder(config, TinyModel.Config.SliceEncoder!.Slices,
            FullModel.Input("volume", config.Image.Count));
        float[] gradOutput = FullModel.Input("grad_enc", encoder.Outputs);
        encoder.Forward(Dropout(1));
        encoder.Backward(gradOutput, Dropout(1));
        new DirectionalDerivative(encoder.Set, encoder.Run.Read, gradOutput, _ => encoder.Forward(Dropout(1))).Check();
        Assert.NotEqual(encoder.Forward(Dropout(1)), encoder.Forward(Dropout(2)));
    }

    [Fact]
    public void A_frozen_encoder_drops_as_a_trained_one()
    {
        var config = TinyModel.Config.Vision;
        int slices = TinyModel.Config.SliceEncoder!.Slices;
        float[] volume = FullModel.Input("volume", config.Image.Count);
        using var encoder = new TrainedEncoder(config, slices, volume);
        float[] trained = encoder.Forward(Dropout(1));
        Assert.Equal(0, HSENet.Tests.GoldenFolder.RelativeL2(encoder.Frozen(slices, volume, Dropout(1)), trained), Golden.Tolerance);
        Assert.True(HSENet.Tests.GoldenFolder.RelativeL2(encoder.Frozen(slices, volume, default), trained) > Golden.Tolerance,
            "dropout changes nothing");
    }

    static AttentionDropout Dropout(int row) => new(DropoutSeeds.For(9, 5, row), 0.25f);

    /// <summary>Encoder 2 on synthetic weights with all memory of a training step.</summary>
    sealed class TrainedEncoder : IDisposable
    {
        readonly VisionConfig _config;
        readonly SyntheticSource _source;
        readonly VisionEncoder _encoder;
        readonly VisionEncoder.TrainingBuffers _buffers;
        readonly PlannedBuffer _volume, _slices, _features, _gradFeatures;

        public TrainedEncoder(VisionConfig config, int slices, float[] volume)
        {
            _config = config;
            _source = new SyntheticSource(ModelTensors.Encoder(config, 2));
            Set = new ParameterSet(PartRun.Host,
                new ParameterPlan([.. _source.Tensors.Tensors.Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape.ToArray()))],
                rounded: false));
            Set.Load(_source.Tensors);
            _encoder = new VisionEncoder(new WeightStore(PartRun.Host, _source.Tensors, Set), "encoder2", config, sliceGuided: true);
            var plan = new MemoryPlan();
            (_volume, _slices) = (plan.Reserve("volume", volume.Length), plan.Reserve("slice_features", (long)slices * config.HiddenSize));
            (_features, _gradFeatures) = (plan.Reserve("features", Outputs), plan.Reserve("grad_features", Outputs));
            _buffers = VisionEncoder.ReserveTraining(plan, "encoder2", config, slices, checkpointing: false);
            Run = new PartRun(plan);
            Run.Write(_volume, volume);
            Run.Write(_slices, FullModel.Input("slice_features", (long)slices * config.HiddenSize));
        }

        public PartRun Run { get; }

        public ParameterSet Set { get; }

        public long Outputs => (_config.Patches + 1L) * _config.HiddenSize;

        public float[] Forward(AttentionDropout dropout)
        {
            _encoder.ForwardKeeping(Run.Pass, _buffers, Run.Pass[_volume], Run.Pass[_slices], Run.Pass[_features], dropout);
            return Run.Read(Run.Pass[_features]);
        }

        public void Backward(float[] gradFeatures, AttentionDropout dropout) =>
            _encoder.Backward(Run.Pass, _buffers, Run.Pass[_volume], Run.Pass[_slices], Run.Write(_gradFeatures, gradFeatures), dropout);

        /// <summary>The same on memory for a forward alone.</summary>
        public float[] Frozen(int slices, float[] volume, AttentionDropout dropout)
        {
            var plan = new MemoryPlan();
            PlannedBuffer image = plan.Reserve("volume", volume.Length),
                features = plan.Reserve("slice_features", (long)slices * _config.HiddenSize), output = plan.Reserve("features", Outputs);
            var buffers = VisionEncoder.Reserve(plan, "encoder2", _config, slices, dropout: true);
            using var run = new PartRun(plan);
            _encoder.Forward(run.Pass, buffers, run.Write(image, volume),
                run.Write(features, FullModel.Input("slice_features", (long)slices * _config.HiddenSize)), run.Pass[output], dropout);
            return run.Read(run.Pass[output]);
        }

        public void Dispose()
        {
            Run.Dispose();
            Set.Dispose();
            _source.Dispose();
        }
    }
}
