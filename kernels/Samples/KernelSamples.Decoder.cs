// Samples of the text decoder's operations.
namespace HSENet.Kernels;

static partial class KernelSamples
{
    const int Vocabulary = 1000;

    static IEnumerable<KernelSample> Decoder() =>
    [
        new KernelSample<TokenEmbeddingArguments>(TokenEmbedding.ForwardOperation, static (m, a) => a with
        {
            Ids = m.Ints(Vocabulary, a.Tokens),
            Table = m.Weights(Vocabulary, a.Channels),
            Visual = m.Floats(Math.Max(0, (a.Tokens - a.VisualStart) / 2), a.Channels),
            Y = m.Output<float>(a.Tokens, a.Channels),
        }, new TokenEmbeddingArguments { Tokens = 64, Channels = 768, VisualStart = 8 })
        {
            Traffic = static a => (double)a.Tokens * a.Channels * (sizeof(float) + Weights.BytesPerElement(a.Table.Type)),
        },
        new KernelSample<RmsNormArguments>(RmsNorm.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Channels),
            Gamma = m.Floats(a.Channels),
            Y = m.ActivationOutput(a.Rows, a.Channels),
        }, new RmsNormArguments { Rows = 128, Channels = 768, Epsilon = 1e-5f }),
        new KernelSample<RotaryEmbeddingArguments>(RotaryEmbedding.ForwardOperation, static (m, a) => a with
        {
            QueryKeyValue = m.Activations(a.Tokens, a.QueryHeads + 2 * a.KeyHeads, a.HeadSize),
            Cosine = m.Floats(a.FirstPosition + a.Tokens, a.RotaryDimensions / 2),
            Sine = m.Floats(a.FirstPosition + a.Tokens, a.RotaryDimensions / 2),
            KeyCache = m.ActivationOutput(a.FirstPosition + a.Tokens, a.KeyHeads, a.HeadSize),
            ValueCache = m.ActivationOutput(a.FirstPosition + a.Tokens, a.KeyHeads, a.HeadSize),
        }, new RotaryEmbeddingArguments { Tokens = 32, FirstPosition = 16, QueryHeads = 24, KeyHeads = 8, HeadSize = 128,
            RotaryDimensions = 96 })
        {
            Traffic = static a => (double)a.Tokens * (Activations.BytesPerElement(a.QueryKeyValue.Type)
                * (2 * a.QueryHeads + 4 * a.KeyHeads) * a.HeadSize + sizeof(float) * a.RotaryDimensions),
        },
        new KernelSample<SwiGluArguments>(SwiGlu.ForwardOperation, static (m, a) => a with
        {
            GateUp = m.Activations(a.Rows, 2, a.Channels),
            Y = m.ActivationOutput(a.Rows, a.Channels),
        }, new SwiGluArguments { Rows = 64, Channels = 2048 }),
        new KernelSample<LoraArguments>(Lora.ForwardOperation, static (m, a) => a with
        {
            X = m.Activations(a.Rows, a.Inputs),
            A = m.Weights(a.Rank, a.Inputs),
            B = m.Weights(a.Outputs, a.Rank),
            Scratch = m.Output<float>(a.Rows, a.Rank),
            Y = m.Activations(a.Rows, a.Outputs),
        }, new LoraArguments { Rows = 16, Inputs = 512, Outputs = 512, Rank = 128, Scale = 2 },
            new LoraArguments { Rows = 1, Inputs = 2048, Outputs = 512, Rank = 128, Scale = 2 })
        {
            Operations = static a => 2.0 * a.Rows * a.Rank * ((double)a.Inputs + a.Outputs),
        },
        new KernelSample<LoraMergeArguments>(LoraMerge.ForwardOperation, static (m, a) => a with
        {
            W = m.Weights(a.Outputs, a.Inputs),
            A = m.Weights(a.Rank, a.Inputs),
            B = m.Weights(a.Outputs, a.Rank),
            Merged = m.Output<float>(a.Outputs, a.Inputs),
        }, new LoraMergeArguments { Inputs = 256, Outputs = 128, Rank = 128, Scale = 2 })
        {
            Operations = static a => 2.0 * a.Rank * a.Inputs * a.Outputs,
        },
        new KernelSample<SamplingArguments>(Sampling.ForwardOperation, static (m, a) => a with
        {
            Logits = m.Floats(a.Vocabulary),
            Scratch = m.Output<float>(a.Vocabulary),
            Id = m.Output<int>(1),
        }, new SamplingArguments { Vocabulary = 2048, TopK = 50, Temperature = 0.8f, TopP = 0.9f, Uniform = 0.5f },
            new SamplingArguments { Vocabulary = 2048 }),
        new KernelSample<TopKArguments>(TopK.ForwardOperation, static (m, a) => a with
        {
            Scores = m.Floats(a.Rows, a.Columns),
            Values = m.Output<float>(a.Rows, a.Top),
            Indices = m.Output<int>(a.Rows, a.Top),
        }, new TopKArguments { Rows = 1, Columns = 8192, Top = 10 }),
        new KernelSample<L2NormalizeArguments>(L2Normalize.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Channels),
            Y = m.Output<float>(a.Rows, a.Channels),
        }, new L2NormalizeArguments { Rows = 128, Channels = 768 }),
    ];
}
