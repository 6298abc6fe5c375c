// Samples of the vision model's backward passes.
namespace HSENet.Kernels;

static partial class KernelSamples
{
    static IEnumerable<KernelSample> VisionTraining() =>
    [
        new KernelSample<WindowCentroidBackwardArguments>(WindowCentroid.BackwardOperation, static (m, a) => a with
        {
            GradY = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth), a.Channels),
            GradX = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
        }, new WindowCentroidBackwardArguments { GridDepth = 4, GridHeight = 8, GridWidth = 8, WindowDepth = 1, WindowHeight = 4, WindowWidth = 4, Channels = 256 }),
        new KernelSample<WindowAttentionBackwardArguments>(WindowAttention.BackwardOperation, static (m, a) => a with
        {
            Q = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth), a.Channels),
            K = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            V = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            Map = m.Floats(a.GridDepth, a.GridHeight, a.GridWidth),
            GradY = m.Floats(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth), a.Channels),
            GradQ = m.Output<float>(Part(a.GridDepth, a.WindowDepth), Part(a.GridHeight, a.WindowHeight), Part(a.GridWidth, a.WindowWidth), a.Channels),
            GradK = m.Output<float>(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
            GradV = m.Output<float>(a.GridDepth, a.GridHeight, a.GridWidth, a.Channels),
        }, new WindowAttentionBackwardArguments { GridDepth = 4, GridHeight = 8, GridWidth = 8, WindowDepth = 1, WindowHeight = 4, WindowWidth = 4, Channels = 256, DropoutRate = 0.1f, DropoutSeed = 1 }),
    ];
}
