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
        }, new LinearBackwardArguments { Rows = 64, Inputs = 256, Outputs = 128 }),
    ];
}
