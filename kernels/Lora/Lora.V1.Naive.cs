// Computes  y[m,n] += scale · Σⱼ B[n,j] · Σₖ A[j,k] · x[m,k]
// Idea      a group for each row: a thread for each of the r inner values first, then all threads share the outputs
// Numerics  two sums in f32 from 0 up, fused multiply-adds; the scale multiplies the inner values
using ILGPU;

namespace HSENet.Kernels;

public static partial class Lora
{
    static void ForwardV1<TFormat>(LoraArguments a) where TFormat : struct, IWeightFormat
    {
        int m = Grid.IdxX;
        for (int j = Group.IdxX; j < a.Rank; j += Group.DimX)
        {
            float sum = 0f;
            for (int k = 0; k < a.Inputs; k++)
                sum = ScalarInstructions.FusedMultiplyAdd(TFormat.Load(a.A, j * a.Inputs + k),
                    AnyActivations.Load(a.X, m * a.Inputs + k), sum);
            a.Scratch[m * a.Rank + j] = a.Scale * sum;
        }
        Group.Barrier(); // every thread reads all inner values of the row

        for (int n = Group.IdxX; n < a.Outputs; n += Group.DimX)
        {
            float sum = 0f;
            for (int j = 0; j < a.Rank; j++)
                sum = ScalarInstructions.FusedMultiplyAdd(TFormat.Load(a.B, n * a.Rank + j), a.Scratch[m * a.Rank + j], sum);
            AnyActivations.Store(a.Y, m * a.Outputs + n, AnyActivations.Load(a.Y, m * a.Outputs + n) + sum);
        }
    }
}
