// Computes  gradX[m,k] = residual[m,k] + Σₙ gradY[m,n] · W[n,k],  gradW[n,k] += Σₘ gradY[m,n] · x[m,k],  gradBias[n] += Σₘ gradY[m,n]
// Idea      a thread for each element of each gradient, one kind behind the other; neighbouring threads read neighbouring k
// Numerics  one sum in f32 from 0 up, fused multiply-adds; what is added to is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    static void BackwardV1<TFormat>(LinearBackwardArguments a) where TFormat : struct, IWeightFormat
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        int input = (int)a.GradX.Length, weights = (int)a.GradW.Length;
        float sum = 0f;
        if (i < input)
        {
            int m = i / a.Inputs, k = i % a.Inputs;
            for (int n = 0; n < a.Outputs; n++)
                sum = ScalarInstructions.FusedMultiplyAdd(a.GradY[m * a.Outputs + n], TFormat.Load(a.W, n * a.Inputs + k), sum);
            if (a.Residual.Length != 0)
                sum += a.Residual[i];
            a.GradX[i] = sum;
            return;
        }
        i -= input;
        if (i < weights)
        {
            int n = i / a.Inputs, k = i % a.Inputs;
            for (int m = 0; m < a.Rows; m++)
                sum = ScalarInstructions.FusedMultiplyAdd(a.GradY[m * a.Outputs + n], a.X[m * a.Inputs + k], sum);
            a.GradW[i] += sum;
            return;
        }
        i -= weights;
        if (i >= (int)a.GradBias.Length)
            return;
        for (int m = 0; m < a.Rows; m++)
            sum += a.GradY[m * a.Outputs + i];
        a.GradBias[i] += sum;
    }
}
