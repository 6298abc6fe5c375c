// Computes  y[m,n] += scale · Σⱼ B[n,j] · Σₖ A[j,k] · x[m,k]
// Idea      two products on Linear's own host rung, the second with y as its residual; the scale goes into the small inner vector
// Numerics  as Linear's host rung, and one product with the scale
namespace HSENet.Kernels;

public static partial class Lora
{
    static unsafe void HostForward(HostDevice device, LoraArguments a)
    {
        Linear.HostForward(device, new LinearArguments
        {
            X = a.X,
            W = a.A,
            Y = a.Scratch,
            Rows = a.Rows,
            Inputs = a.Inputs,
            Outputs = a.Rank
        });
        float* inner = a.Scratch.Pointer;
        for (long i = 0; i < a.Scratch.Length; i++)
            inner[i] *= a.Scale;
        Linear.HostForward(device, new LinearArguments
        {
            X = a.Scratch,
            W = a.B,
            Residual = a.Y.Floats,
            Y = a.Y,
            Rows = a.Rows,
            Inputs = a.Rank,
            Outputs = a.Outputs
        });
    }
}
