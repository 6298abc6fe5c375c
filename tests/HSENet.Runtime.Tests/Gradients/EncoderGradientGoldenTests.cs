// Gradients of the text encoder with dropout against its own forward, with and without checkpointing.

using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class EncoderGradientGoldenTests
{
    static readonly TextEncoderConfig TextConfig = new()
    {
        HiddenSize = 32,
        IntermediateSize = 48,
        NumHiddenLayers = 3,
        NumAttentionHeads = 2,
        VocabSize = 40,
        MaxPositionEmbeddings = 24,
        TypeVocabSize = 2,
        LayerNormEps = 1e-5f,
        Stages = [1],
    };

    static readonly int[] Ids = [2, 7, 39, 7, 11, 0, 25, 3, 18, 1, 30];

    [Fact]
    public void Gradients_of_the_text_encoder_are_those_of_the_forward_with_the_same_dropout()
    {
        using var trained = new TrainedText(checkpointing: false, tokens: Ids.Length);
        var gradOutput = FullModel.Input("grad_hidden", Ids.Length * TextConfig.HiddenSize);
        trained.Forward(Dropout(1));
        float[][] gradients = trained.Backward(Dropout(1), gradOutput);
        double allowed = new DirectionalDerivative(trained.Set, trained.Run.Read, gradOutput, _ => trained.Forward(Dropout(1))).Check();

        trained.Set.ClearGradients();
        trained.Forward(Dropout(2));
        float[][] other = trained.Backward(Dropout(2), gradOutput);
        double difference = gradients.Zip(other).Select((pair, i) =>
        {
            float[] along = DirectionalDerivative.Along(trained.Set.All[i].Name, pair.First);
            return DirectionalDerivative.Dot(pair.First, along) - DirectionalDerivative.Dot(pair.Second, along);
        }).Sum();
        Assert.True(Math.Abs(difference) > allowed, "another mask gives the same gradient");
    }

    [Fact]
    public void Checkpointing_changes_no_bit_and_takes_less_memory()
    {
        // Buffers are longer than the text: a plan serves all texts up to its length.
        using TrainedText kept = new(checkpointing: false, tokens: 20), again = new(checkpointing: true, tokens: 20);
        var gradOutput = FullModel.Input("grad_hidden", Ids.Length * TextConfig.HiddenSize);
        Assert.Equal(kept.Forward(Dropout(1)), again.Forward(Dropout(1)));
        float[][] expected = kept.Backward(Dropout(1), gradOutput), got = again.Backward(Dropout(1), gradOutput);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], got[i]);
        Assert.True(again.Plan.TotalBytes < kept.Plan.TotalBytes);
    }

    [Fact]
    public void The_gpu_rungs_in_the_emulator_give_the_gradients_of_the_host_with_the_same_dropout()
    {
        const double tolerance = 1e-4;
        using TrainedText host = new(checkpointing: true, tokens: Ids.Length),
            emulator = new(checkpointing: true, tokens: Ids.Length, "emulator");
        var gradOutput = FullModel.Input("grad_hidden", Ids.Length * TextConfig.HiddenSize);
        Golden.Equal("last_hidden", emulator.Forward(Dropout(1)), host.Forward(Dropout(1)));
        float[][] expected = host.Backward(Dropout(1), gradOutput), got = emulator.Backward(Dropout(1), gradOutput);
        // In exact arithmetic the gradient of a key's bias is zero.
        for (int i = 0; i < expected.Length; i++)
            if (!host.Set.All[i].Name.EndsWith(".key.bias", StringComparison.Ordinal))
                Golden.Equal(host.Set.All[i].Name, got[i], expected[i], tolerance);
    }

    static AttentionDropout Dropout(int row) => new(DropoutSeeds.For(9, 5, row), 0.25f);

    /// <summary>A small text encoder with all memory of a training step.</summary>
    sealed class TrainedText : IDisposable
    {
        readonly SyntheticSource _source = new(ModelTensors.TextEncoder(TextConfig, 1));
        readonly TextEncoder _encoder;
        readonly TextEncoder.TrainingBuffers _buffers;

        public TrainedText(bool checkpointing, int tokens, string device = "host")
        {
            _buffers = TextEncoder.ReserveTraining(Plan, "text_encoder1", TextConfig, tokens, checkpointing, dropout: true);
            Run = new PartRun(Plan, device);
            Set = new ParameterSet(Run.Device,
                new ParameterPlan([.. _source.Tensors.Tensors.Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape.ToArray()))],
                rounded: false));
            Set.Load(_source.Tensors);
            _encoder = new TextEncoder(new WeightStore(Run.Device, _source.Tensors, Set), "text_encoder1", TextConfig);
        }

        public MemoryPlan Plan { get; } = new();

        public PartRun Run { get; }

        public ParameterSet Set { get; }

        public float[] Forward(AttentionDropout dropout) =>
            Run.Read(_encoder.ForwardKeeping(Run.Pass, new TextEncoder.Sequence(_buffers, Ids.Length, dropout), Ids));

        /// <summary>Gradients of all weights, given that of the last hidden states.</summary>
        public float[][] Backward(AttentionDropout dropout, float[] gradOutput)
        {
            var sequence = new TextEncoder.Sequence(_buffers, Ids.Length, dropout);
            Run.Device.Upload<float>(gradOutput, _encoder.Grad(Run.Pass, sequence));
            _encoder.Backward(Run.Pass, sequence);
            return [.. Set.All.Select(parameter => Run.Read(parameter.Gradient))];
        }

        public void Dispose()
        {
            Set.Dispose();
            Run.Dispose();
            _source.Dispose();
        }
    }
}
