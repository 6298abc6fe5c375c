// Samples of backward passes.
namespace HSENet.Kernels;

static partial class KernelSamples
{
    static IEnumerable<KernelSample> Training() =>
    [
        new KernelSample<LinearBackwardArguments>(Linear.BackwardOperation, static (m, a) => a with
        {
            GradY = m.Floats(a.Rows, a.Outputs),
            W = m.Weights(a.Outputs, a.Inputs),
            X = m.Floats(a.Rows, a.Inputs),
            GradX = m.Output<float>(a.Rows, a.Inputs),
            GradW = m.Floats(a.Outputs, a.Inputs),
            GradBias = m.Floats(a.Outputs),
        }, new LinearBackwardArguments { Rows = 64, Inputs = 256, Outputs = 128 })
        {
            Operations = static a => 4.0 * a.Rows * a.Inputs * a.Outputs,
        },
        new KernelSample<LayerNormBackwardArguments>(LayerNorm.BackwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Channels),
            Gamma = m.Floats(a.Channels),
            GradY = m.Floats(a.Rows, a.Channels),
            GradX = m.Output<float>(a.Rows, a.Channels),
            GradGamma = m.Floats(a.Channels),
            GradBeta = m.Floats(a.Channels),
            Scratch = m.Output<float>(Parts.Of(a.Channels, 128), 2, a.Rows),
        }, new LayerNormBackwardArguments { Rows = 128, Channels = 768, Epsilon = 1e-5f }),
        new KernelSample<AttentionBackwardArguments>(Attention.BackwardOperation, static (m, a) => a with
        {
            Q = m.Floats(a.Batch, a.Queries, a.QueryHeads, a.HeadSize),
            K = m.Floats(a.Batch, a.Keys, a.KeyHeads, a.HeadSize),
            V = m.Floats(a.Batch, a.Keys, a.KeyHeads, a.HeadSize),
            Y = m.Floats(a.Batch, a.Queries, a.QueryHeads, a.HeadSize),
            GradY = m.Floats(a.Batch, a.Queries, a.QueryHeads, a.HeadSize),
            GradQ = m.Output<float>(a.Batch, a.Queries, a.QueryHeads, a.HeadSize),
            GradK = m.Output<float>(a.Batch, a.Keys, a.KeyHeads, a.HeadSize),
            GradV = m.Output<float>(a.Batch, a.Keys, a.KeyHeads, a.HeadSize),
            Scratch = m.Output<float>(3, a.Batch, a.QueryHeads, a.Queries),
            QueryStride = a.QueryHeads * a.HeadSize,
            KeyStride = a.KeyHeads * a.HeadSize,
            Scale = 1 / MathF.Sqrt(a.HeadSize),
        }, new AttentionBackwardArguments { Batch = 1, Queries = 64, Keys = 64, QueryHeads = 4, KeyHeads = 4, HeadSize = 32 })
        {
            // The scores again, and the gradients of probabilities, queries, keys and values.
            Operations = static a => 10.0 * a.Batch * a.Queries * a.Keys * a.QueryHeads * a.HeadSize,
        },
        new KernelSample<GeluArguments>(Gelu.ForwardOperation, static (m, a) =>
            a with { X = m.Floats(a.Count), Y = m.Output<float>(a.Count) },
            new GeluArguments { Count = 65536 }),
        new KernelSample<GeluBackwardArguments>(Gelu.BackwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Count),
            GradY = m.Floats(a.Count),
            GradX = m.Output<float>(a.Count),
        }, new GeluBackwardArguments { Count = 65536 }),
        new KernelSample<RmsNormBackwardArguments>(RmsNorm.BackwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Channels),
            Gamma = m.Floats(a.Channels),
            GradY = m.Floats(a.Rows, a.Channels),
            GradX = m.Output<float>(a.Rows, a.Channels),
        }, new RmsNormBackwardArguments { Rows = 128, Channels = 768, Epsilon = 1e-5f }),
        new KernelSample<SwiGluBackwardArguments>(SwiGlu.BackwardOperation, static (m, a) => a with
        {
            GateUp = m.Floats(a.Rows, 2, a.Channels),
            GradY = m.Floats(a.Rows, a.Channels),
            GradGateUp = m.Output<float>(a.Rows, 2, a.Channels),
        }, new SwiGluBackwardArguments { Rows = 64, Channels = 2048 }),
        new KernelSample<LoraBackwardArguments>(Lora.BackwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Inputs),
            A = m.Weights(a.Rank, a.Inputs),
            B = m.Weights(a.Outputs, a.Rank),
            GradY = m.Floats(a.Rows, a.Outputs),
            Scratch = m.Output<float>(3, a.Rows, a.Rank),
            GradA = m.Floats(a.Rank, a.Inputs),
            GradB = m.Floats(a.Outputs, a.Rank),
            GradX = m.Floats(a.Rows, a.Inputs),
        }, new LoraBackwardArguments { Rows = 16, Inputs = 256, Outputs = 256, Rank = 128, Scale = 2 })
        {
            Operations = static a => 2.0 * a.Rows * a.Rank * (3.0 * a.Inputs + 2.0 * a.Outputs),
        },
        new KernelSample<RotaryEmbeddingBackwardArguments>(RotaryEmbedding.BackwardOperation, static (m, a) => a with
        {
            GradQueryKeyValue = m.Floats(a.Tokens, a.QueryHeads + 2 * a.KeyHeads, a.HeadSize),
            Cosine = m.Floats(a.FirstPosition + a.Tokens, a.RotaryDimensions / 2),
            Sine = m.Floats(a.FirstPosition + a.Tokens, a.RotaryDimensions / 2),
            GradKeys = m.Floats(a.FirstPosition + a.Tokens, a.KeyHeads, a.HeadSize),
            GradValues = m.Floats(a.FirstPosition + a.Tokens, a.KeyHeads, a.HeadSize),
        }, new RotaryEmbeddingBackwardArguments { Tokens = 32, FirstPosition = 16, QueryHeads = 24, KeyHeads = 8, HeadSize = 128,
            RotaryDimensions = 96 }),
        new KernelSample<DropoutArguments>(Dropout.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Count),
            Residual = m.Floats(a.Count),
            Y = m.Output<float>(a.Count),
        }, new DropoutArguments { Count = 65536, Rate = 0.1f, Seed = 1 }),
        new KernelSample<AdamWArguments>(AdamW.ForwardOperation, static (m, a) => a with
        {
            Values = m.Floats(a.Count),
            Rounded = m.Output<ushort>(a.Count).As<byte>(),
            Gradient = m.Floats(a.Count),
            FirstMoment = m.Floats(a.Count),
            SecondMoment = m.Floats(a.Count),
        }, new AdamWArguments { Count = 65536, LearningRate = 1e-4, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.1,
            Correction1 = 1, Correction2 = 1, GradientScale = 1 }),
        new KernelSample<SquaredNormArguments>(SquaredNorm.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Count),
            Sums = m.Output<float>(SquaredNorm.SumsLength(a.Count)),
        }, new SquaredNormArguments { Count = 1 << 20 }),
        new KernelSample<CrossEntropyArguments>(CrossEntropy.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Tokens, a.Channels),
            Head = m.Weights(a.Vocabulary, a.Channels),
            Labels = m.Ints(a.Vocabulary, a.Tokens),
            Losses = m.Output<float>(a.Tokens),
            GradX = m.Output<float>(a.Tokens, a.Channels),
            Scratch = m.Output<float>((int)CrossEntropy.ScratchLength(a.Tokens, a.Channels, a.Vocabulary)),
        }, new CrossEntropyArguments { Tokens = 4, Channels = 256, Vocabulary = Vocabulary, Scale = 0.25f })
        {
            Operations = static a => (a.GradX.IsEmpty ? 2.0 : 4.0) * a.Tokens * a.Channels * a.Vocabulary,
        },
        new KernelSample<CrossEntropyBackwardArguments>(CrossEntropy.BackwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Tokens, a.Channels),
            Head = m.Weights(a.Vocabulary, a.Channels),
            Labels = m.Ints(a.Vocabulary, a.Tokens),
            Losses = m.Floats(a.Tokens),
            GradHead = m.Floats(a.Vocabulary, a.Channels),
            Scratch = m.Output<float>((int)CrossEntropy.ScratchLength(a.Tokens, a.Channels, a.Vocabulary)),
        }, new CrossEntropyBackwardArguments { Tokens = 4, Channels = 256, Vocabulary = Vocabulary, Scale = 0.25f })
        {
            Operations = static a => 4.0 * a.Tokens * a.Channels * a.Vocabulary,
        },
        new KernelSample<L2NormalizeBackwardArguments>(L2Normalize.BackwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Channels),
            GradY = m.Floats(a.Rows, a.Channels),
            GradX = m.Output<float>(a.Rows, a.Channels),
        }, new L2NormalizeBackwardArguments { Rows = 128, Channels = 768 }),
        new KernelSample<ContrastiveLossArguments>(ContrastiveLoss.ForwardOperation, static (m, a) => a with
        {
            Images = m.Floats(a.Rows, a.Channels),
            Texts = m.Floats(a.Rows, a.Channels),
            LogitScale = m.Floats(1),
            FrozenLogits = m.Floats(a.Rows, a.Rows),
            Logits = m.Output<float>(a.Rows, a.Rows),
            Loss = m.Output<float>(2),
            GradImages = m.Output<float>(a.Rows, a.Channels),
            GradTexts = m.Output<float>(a.Rows, a.Channels),
            GradLogitScale = m.Floats(1),
            Scratch = m.Output<float>((int)ContrastiveLoss.ScratchLength(a.Rows)),
        }, new ContrastiveLossArguments { Rows = 16, Channels = 768, RelationWeight = 0.1f, Scale = 1 })
        {
            Operations = static a => 6.0 * a.Rows * a.Rows * a.Channels,
        },
    ];
}
