// Computes  inner = s · x·Aᵀ,  gradInner = s · gradY·B,  gradB += gradYᵀ·inner,  gradA += gradInnerᵀ·x,  gradX += gradInner·A
// Idea      five products on Linear's own host rungs; the scale goes into the two small inner matrices
// Numerics  as Linear's products of many rows, and one product with the scale; what is added to is added last
namespace HSENet.Kernels;

public static partial class Lora
{
    static unsafe void HostBackward(HostDevice device, LoraBackwardArguments a)
    {
        long size = (long)a.Rows * a.Rank;
        View<float> inner = a.Scratch.Slice(0, size), gradInner = a.Scratch.Slice(size, size);
        Linear.HostForward(device, new LinearArguments { X = a.X, W = a.A, Y = inner, Rows = a.Rows, Inputs = a.Inputs, Outputs = a.Rank });
        Linear.HostProduct(device, new LinearArguments
        {
            X = a.GradY,
            W = a.B,
            Y = gradInner,
            Rows = a.Rows,
            Inputs = a.Outputs,
            Outputs = a.Rank
        }, across: true);
        float* scratch = a.Scratch.Pointer;
        for (long i = 0; i < 2 * size; i++)
            scratch[i] *= a.Scale;

        Linear.HostAddOuter(device, a.GradY, inner, a.GradB, a.Rows, a.Rank, a.Outputs);
        Linear.HostAddOuter(device, gradInner, a.X, a.GradA, a.Rows, a.Inputs, a.Rank);
        if (!a.GradX.IsEmpty)
            Linear.HostProduct(device, new LinearArguments
            {
                X = gradInner,
                W = a.A,
                Residual = a.GradX,
                Y = a.GradX,
                Rows = a.Rows,
                Inputs = a.Rank,
                Outputs = a.Inputs
            }, across: true);
    }
}
