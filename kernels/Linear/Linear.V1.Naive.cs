// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      a thread computes one output: neighbouring threads read neighbouring rows of W, so every load is a sector of its own
// Numerics  one sum in f32 from k = 0 up, fused multiply-adds
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    static void ForwardV1<TInput, TFormat>(LinearArguments a)
        where TInput : struct, IActivationFormat where TFormat : struct, IWeightFormat
    {
        int m = Grid.IdxX;
        int n = Grid.IdxY * Group.DimX + Group.IdxX;
        if (n >= a.Outputs)
            return;
        float sum = Dot<TInput, TFormat>(a, m, n);
        if (a.Activation == LinearActivation.SwiGlu)
            FinishPair(a, m, n, sum, Dot<TInput, TFormat>(a, m, a.Outputs + n));
        else
            Finish(a, m, n, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Dot<TInput, TFormat>(LinearArguments a, int m, int row)
        where TInput : struct, IActivationFormat where TFormat : struct, IWeightFormat
    {
        float sum = 0f;
        for (int k = 0; k < a.Inputs; k++)
            sum = ScalarInstructions.FusedMultiplyAdd(TInput.Load(a.X, m * a.Inputs + k), TFormat.Load(a.W, row * a.Inputs + k), sum);
        return sum;
    }
}
