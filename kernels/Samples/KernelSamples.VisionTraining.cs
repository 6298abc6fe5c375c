// Samples of the vision model's backward passes.
namespace HSENet.Kernels;

static partial class KernelSamples
{
    static IEnumerable<KernelSample> VisionTraining() =>
    [
        new KernelSample<AugmentArguments>(Augment.ForwardOperation, static (m, a) => a with
        {
            X = m.Floats(a.Depth, a.Height, a.Width),
            Y = m.Output<float>(a.Depth, a.Height, a.Width),
        }, new AugmentArguments { Depth = 8, Height = 64, Width = 64, QuarterTurns = 1, FlipDepth = 1, Factor = 0.1f, Offset = -0.1f }),
        new KernelSample<PatchEmbeddingBackwardArguments>(PatchEmbedding.BackwardOperation, static (m, a) => a with
        {
            Image = m.Floats(a.Channels, a.Depth, a.Height, a.Width),
            GradY = m.Floats(Patches(a), a.Outputs),
            GradW = m.Floats(a.Outputs, a.Channels, a.PatchDepth, a.PatchHeight, a.PatchWidth),
            GradBias = m.Floats(a.Outputs),
            GradPosition = m.Floats(Patches(a), a.Outputs),
        }, new PatchEmbeddingBackwardArguments { Channels = 1, Depth = 4, Height = 64, Width = 64, PatchDepth = 4, PatchHeight = 16,
            PatchWidth = 16, Outputs = 256 }),
        new KernelSample<TokenEmbeddingBackwardArguments>(TokenEmbedding.BackwardOperation, static (m, a) => a with
        {
            Ids = m.Ints(a.Vocabulary, a.Tokens),
            GradY = m.Floats(a.Tokens, a.Channels),
            GradTable = m.Floats(a.Vocabulary, a.Channels),
            GradPosition = m.Floats(a.Tokens, a.Channels),
            GradAdded = m.Floats(a.Channels),
        }, new TokenEmbeddingBackwardArguments { Tokens = 64, Channels = 768, Vocabulary = 128 }),
        new KernelSample<SliceGuidedAttentionBackwardArguments>(SliceGuidedAttention.BackwardOperation, static (m, a) => a with
        {
            Q = m.Floats(a.Patches, a.Channels),
            K = m.Floats(a.Slices, a.Channels),
            V = m.Floats(a.Slices, a.Channels),
            Map = m.Floats(a.Patches, a.Slices),
            GradY = m.Floats(a.Patches, a.Channels),
            GradQ = m.Output<float>(a.Patches, a.Channels),
            GradK = m.Output<float>(a.Slices, a.Channels),
            GradV = m.Output<float>(a.Slices, a.Channels),
            Scratch = m.Output<float>(3, a.Patches, a.Slices),
        }, new SliceGuidedAttentionBackwardArguments { Patches = 64, Slices = 8, Channels = 128, DropoutRate = 0.1f, DropoutSeed = 1 }),
        new KernelSample<PatchScoreBackwardArguments>(PatchScore.BackwardOperation, static (m, a) => a with
        {
            G = m.Floats(a.Patches, a.Channels),
            Weight = m.Floats(a.Channels),
            X = m.Floats(a.Patches, a.Channels),
            Scores = m.Floats(a.Patches),
            GradY = m.Floats(a.Patches, a.Channels),
            GradX = m.Output<float>(a.Patches, a.Channels),
            GradG = m.Output<float>(a.Patches, a.Channels),
            GradWeight = m.Floats(a.Channels),
            GradBias = m.Floats(1),
            Scratch = m.Output<float>(Parts.Of(a.Channels, 128), a.Patches),
        }, new PatchScoreBackwardArguments { Patches = 128, Channels = 256 }),
        new KernelSample<WindowCentroidBackwardArguments>(WindowCentroid.BackwardOperation, static (m, a) => a with
        {
            GradY = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
            GradX = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
        }, new WindowCentroidBackwardArguments { Grid = new((4, 8, 8), (1, 4, 4)), Channels = 256 }),
        new KernelSample<WindowAttentionBackwardArguments>(WindowAttention.BackwardOperation, static (m, a) => a with
        {
            Q = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
            K = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            V = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            Map = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth),
            GradY = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
            GradQ = m.Output<float>(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth),
                a.Channels),
            GradK = m.Output<float>(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            GradV = m.Output<float>(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
        }, new WindowAttentionBackwardArguments { Grid = new((4, 8, 8), (1, 4, 4)), Channels = 256, DropoutRate = 0.1f, DropoutSeed = 1 }),
    ];

    static int Patches(PatchEmbeddingBackwardArguments a) =>
        Part(a.Depth, a.PatchDepth) * Part(a.Height, a.PatchHeight) * Part(a.Width, a.PatchWidth);
}
