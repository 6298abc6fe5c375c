// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      a thread computes one output: neighbouring threads read neighbouring rows of W, so every load is a sector of its own
// Numerics  one sum in f32 from k = 0 up, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    static void ForwardV1<TFormat>(LinearArguments a) where TFormat : struct, IWeightFormat
    {
        int m = Grid.IdxX;
        int n = Grid.IdxY * Group.DimX + Group.IdxX;
        if (n >= a.Outputs)
            return;
        float sum = 0f;
        for (int k = 0; k < a.Inputs; k++)
            sum = ScalarInstructions.FusedMultiplyAdd(a.X[m * a.Inputs + k], TFormat.Load(a.W, n * a.Inputs + k), sum);
        if (a.Bias.Length != 0)
            sum += a.Bias[n];
        float value = sum;
        if (a.Activation == LinearActivation.Gelu)
            value = DeviceMath.Gelu(sum);
        if (a.Activation == LinearActivation.SwiGlu)
        {
            float up = 0f;
            for (int k = 0; k < a.Inputs; k++)
                up = ScalarInstructions.FusedMultiplyAdd(a.X[m * a.Inputs + k], TFormat.Load(a.W, (a.Outputs + n) * a.Inputs + k), up);
            value = up * DeviceMath.Silu(sum);
        }
        int i = m * a.Outputs + n;
        if (a.Residual.Length != 0)
            value += a.Residual[i];
        a.Y[i] = value;
    }
}
