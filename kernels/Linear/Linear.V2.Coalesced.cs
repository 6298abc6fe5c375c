// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      a warp computes one output: neighbouring lanes read neighbouring k of x and of W, so a load's 128 bytes lie in 4 sectors
// Numerics  32 sums of every 32nd product in f32, fused multiply-adds; then a butterfly of five additions
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int CoalescedWarps = 4;

    static void ForwardV2<TInput, TFormat>(LinearArguments a)
        where TInput : struct, IActivationFormat where TFormat : struct, IWeightFormat
    {
        int m = Grid.IdxX;
        int n = Grid.IdxY * CoalescedWarps + (Group.IdxX >> 5);
        if (n >= a.Outputs)
            return;
        float sum = WarpDot<TInput, TFormat>(a, m, n), up = 0f;
        if (a.Activation == LinearActivation.SwiGlu)
            up = WarpDot<TInput, TFormat>(a, m, a.Outputs + n);
        if ((Group.IdxX & 31) != 0)
            return;
        if (a.Activation == LinearActivation.SwiGlu)
            FinishPair(a, m, n, sum, up);
        else
            Finish(a, m, n, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float WarpDot<TInput, TFormat>(LinearArguments a, int m, int row)
        where TInput : struct, IActivationFormat where TFormat : struct, IWeightFormat
    {
        float sum = 0f;
        for (int k = Group.IdxX & 31; k < a.Inputs; k += 32)
            sum = ScalarInstructions.FusedMultiplyAdd(TInput.Load(a.X, m * a.Inputs + k), TFormat.Load(a.W, row * a.Inputs + k), sum);
        return WarpSums.Sum(sum);
    }
}
