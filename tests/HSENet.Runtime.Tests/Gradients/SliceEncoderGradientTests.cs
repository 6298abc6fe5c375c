// The slice encoder in training: what it keeps changes nothing, and its gradients are those of its own forward.
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class SliceEncoderGradientTests
{
    // The class token and the first patch of each slice are looked at: over all tokens rounding would drown the slope.
    const int Slices = 3, Looked = 2;

    static readonly SliceEncoderConfig Config = TinyModel.Config.SliceEncoder!;

    static int Row => (Config.Patches + 1) * Config.HiddenSize;

    [Theory, InlineData(false), InlineData(true)]
    public void Gradients_are_those_of_the_forward(bool checkpointing)
    {
        using var encoder = new TrainedEncoder(checkpointing);
        float[] gradOutput = encoder.GradOutput;
        encoder.Forward();
        encoder.Backward(gradOutput);
        Assert.All(encoder.Set.All, parameter =>
            Assert.Contains(encoder.Run.Read(parameter.Gradient), value => value != 0));
        new DirectionalDerivative(encoder.Set, encoder.Run.Read, gradOutput, _ => encoder.Forward()).Check();
    }

    [Fact]
    public void The_first_token_of_a_slice_is_its_feature()
    {
        using var encoder = new TrainedEncoder(checkpointing: true);
        float[] tokens = encoder.Forward(), features = encoder.Features();
        int channels = Config.HiddenSize, rows = Looked * channels;
        for (int slice = 0; slice < Slices; slice++)
            Assert.Equal(0, GoldenFolder.RelativeL2(tokens.AsSpan(slice * rows, channels).ToArray(),
                features.AsSpan(slice * channels, channels).ToArray()), 1e-5);
    }

    /// <summary>The tiny slice encoder on synthetic weights with all memory of a training step.</summary>
    sealed class TrainedEncoder : IDisposable
    {
        readonly SyntheticSource _source;
        readonly SliceEncoder _encoder;
        readonly SliceEncoder.TrainingBuffers _buffers;
        readonly SliceEncoder.Buffers _inference;
        readonly PlannedBuffer _pixels, _tokens, _gradTokens, _features;

        public TrainedEncoder(bool checkpointing)
        {
            _source = new SyntheticSource(ModelTensors.SliceEncoder(Config));
            Set = new ParameterSet(PartRun.Host, new ParameterPlan([.. _source.Tensors.Tensors
                .Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape.ToArray()))], rounded: false));
            Set.Load(_source.Tensors);
            _encoder = new SliceEncoder(new WeightStore(PartRun.Host, _source.Tensors, Set), Config);
            var plan = new MemoryPlan();
            long pixels = 3L * Slices * Config.ImageSize * Config.ImageSize;
            (_pixels, _features) = (plan.Reserve("pixels", pixels), plan.Reserve("features", Slices * (long)Config.HiddenSize));
            (_tokens, _gradTokens) = (plan.Reserve("tokens", Slices * Row), plan.Reserve("grad_tokens", Slices * Row));
            _buffers = SliceEncoder.ReserveTraining(plan, Config, Slices, checkpointing);
            _inference = SliceEncoder.Reserve(plan, Config, Slices);
            Run = new PartRun(plan);
            Run.Write(_pixels, FullModel.Input("slice_pixels", pixels));
        }

        public PartRun Run { get; }

        public ParameterSet Set { get; }

        public float[] GradOutput { get; } = FullModel.Input("grad_slices", (long)Slices * Looked * Config.HiddenSize);

        public float[] Forward()
        {
            _encoder.ForwardKeeping(Run.Pass, _buffers, Run.Pass[_pixels], Run.Pass[_tokens]);
            float[] tokens = Run.Read(Run.Pass[_tokens]);
            return [.. Enumerable.Range(0, Slices).SelectMany(slice => tokens.Skip(slice * Row).Take(Looked * Config.HiddenSize))];
        }

        public void Backward(float[] gradOutput)
        {
            float[] gradTokens = new float[Slices * Row];
            for (int slice = 0; slice < Slices; slice++)
                gradOutput.AsSpan(slice * Looked * Config.HiddenSize, Looked * Config.HiddenSize).CopyTo(gradTokens.AsSpan(slice * Row));
            _encoder.Backward(Run.Pass, _buffers, Run.Pass[_pixels], Run.Write(_gradTokens, gradTokens));
        }

        public float[] Features()
        {
            _encoder.Forward(Run.Pass, _inference, Run.Pass[_pixels], Run.Pass[_features]);
            return Run.Read(Run.Pass[_features]);
        }

        public void Dispose()
        {
            Run.Dispose();
            Set.Dispose();
            _source.Dispose();
        }
    }
}
