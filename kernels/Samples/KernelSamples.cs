// A sample for each operation of the model, small enough to be executed in the emulator in a moment.
namespace HSENet.Kernels;

static partial class KernelSamples
{
    /// <summary>One sample for each operation of the catalogue.</summary>
    public static IReadOnlyList<KernelSample> All { get; } =
        [.. Preprocessing(), .. Vision(), .. Decoder(), .. Training(), .. VisionTraining()];

    static IEnumerable<KernelSample> Vision() =>
    [
        new KernelSample<PatchEmbeddingArguments>(PatchEmbedding.ForwardOperation, static (m, a) => a with
        {
            Image = m.Floats(a.Images, a.Channels, a.Depth, a.Height, a.Width),
            W = m.Weights(a.Outputs, a.Channels, a.PatchDepth, a.PatchHeight, a.PatchWidth),
            Bias = m.Floats(a.Outputs),
            Position = m.Weights(Patches(a), a.Outputs),
            Y = m.Output<float>(a.Images, Patches(a), a.Outputs),
            Factors = m.ActivationType,
        }, new PatchEmbeddingArguments { Images = 1, Channels = 1, Depth = 4, Height = 64, Width = 64, PatchDepth = 4, PatchHeight = 16,
            PatchWidth = 16, Outputs = 256 })
        {
            Operations = static a => 2.0 * a.Images * Patches(a) * a.Outputs * a.Channels * a.PatchDepth * a.PatchHeight * a.PatchWidth,
        },
        new KernelSample<LayerNormArguments>(LayerNorm.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Rows, a.Channels),
            Gamma = m.Floats(a.Channels),
            Beta = m.Floats(a.Channels),
            Y = m.ActivationOutput(a.Rows, a.Channels),
        }, new LayerNormArguments { Rows = 128, Channels = 768, Epsilon = 1e-5f }),
        new KernelSample<LinearArguments>(Linear.ForwardOperation, static (m, a) => a with
        {
            X = m.Activations(a.Rows, a.Inputs),
            W = m.Weights(a.Activation == LinearActivation.SwiGlu ? 2 * a.Outputs : a.Outputs, a.Inputs),
            Bias = a.Activation == LinearActivation.SwiGlu ? default : m.Floats(a.Outputs),
            Y = m.ActivationOutput(a.Rows, a.Outputs),
        }, new LinearArguments { Rows = 64, Inputs = 512, Outputs = 256, Activation = LinearActivation.Gelu })
        {
            Operations = static a => 2.0 * a.Rows * a.W.Length, // twice the outputs before a SwiGlu
        },
        new KernelSample<AttentionArguments>(Attention.ForwardOperation, static (m, a) => a with
        {
            Q = m.Activations(a.Batch, a.Queries, a.QueryHeads, a.HeadSize),
            K = m.Activations(a.Batch, a.Keys, a.KeyHeads, a.HeadSize),
            V = m.Activations(a.Batch, a.Keys, a.KeyHeads, a.HeadSize),
            Y = m.ActivationOutput(a.Batch, a.Queries, a.QueryHeads, a.HeadSize),
            QueryStride = a.QueryHeads * a.HeadSize,
            KeyStride = a.KeyHeads * a.HeadSize,
            Scale = 1 / MathF.Sqrt(a.HeadSize),
        }, new AttentionArguments { Batch = 1, Queries = 64, Keys = 64, QueryHeads = 4, KeyHeads = 4, HeadSize = 64 },
            new AttentionArguments { Batch = 1, Queries = 64, Keys = 64, QueryHeads = 4, KeyHeads = 2, HeadSize = 128 },
            new AttentionArguments { Batch = 1, Queries = 1, Keys = 150, QueryHeads = 4, KeyHeads = 2, HeadSize = 128 })
        {
            Operations = static a => 4.0 * a.Batch * a.Queries * a.Keys * a.QueryHeads * a.HeadSize,
            Traffic = static a => 2.0 * Activations.BytesPerElement(a.Q.Type) * a.Batch * a.HeadSize
                * ((double)a.Queries * a.QueryHeads + (double)a.Keys * a.KeyHeads),
        },
        new KernelSample<SliceGuidedAttentionArguments>(SliceGuidedAttention.ForwardOperation, static (m, a) => a with
        {
            Q = m.Floats(a.Patches, a.Channels),
            K = m.Activations(a.Slices, a.Channels),
            V = m.Activations(a.Slices, a.Channels),
            Y = m.ActivationOutput(a.Patches, a.Channels),
            Map = m.Output<float>(a.Patches, a.Slices),
        }, new SliceGuidedAttentionArguments { Patches = 64, Slices = 32, Channels = 256 })
        {
            Operations = static a => 4.0 * a.Patches * a.Slices * a.Channels,
        },
        new KernelSample<PatchScoreArguments>(PatchScore.ForwardOperation, static (m, a) => a with
        {
            G = m.Floats(a.Patches, a.Channels),
            Weight = m.Floats(a.Channels),
            Bias = m.Floats(1),
            X = m.Floats(a.Patches, a.Channels),
            Scores = m.Output<float>(a.Patches),
        }, new PatchScoreArguments { Patches = 128, Channels = 768 }),
        new KernelSample<WindowCentroidArguments>(WindowCentroid.ForwardOperation, static (m, a) => a with
        {
            X = m.Activations(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            Y = m.ActivationOutput(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
        }, new WindowCentroidArguments { Grid = new((4, 8, 8), (1, 4, 4)), Channels = 768 }),
        new KernelSample<WindowAttentionArguments>(WindowAttention.ForwardOperation, static (m, a) => a with
        {
            Q = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
            K = m.Activations(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            V = m.Activations(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            Y = m.ActivationOutput(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
            Map = m.Output<float>(a.GridDepth, a.GridHeight, a.GridWidth),
        }, new WindowAttentionArguments { Grid = new((4, 8, 8), (1, 4, 4)), Channels = 256 })
        {
            Operations = static a => 4.0 * a.GridDepth * a.GridHeight * a.GridWidth * a.Channels,
        },
    ];

    static int Patches(PatchEmbeddingArguments a) =>
        Part(a.Depth, a.PatchDepth) * Part(a.Height, a.PatchHeight) * Part(a.Width, a.PatchWidth);

    // A size of 0 is for the operation's check to name.
    static int Part(int size, int part) => part < 1 ? 0 : size / part;
}
