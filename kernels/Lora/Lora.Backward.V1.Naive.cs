// Computes  inner = s · x·Aᵀ,  gradInner = s · gradY·B,  gradB += gradYᵀ·inner,  gradA += gradInnerᵀ·x,  gradX += gradInner·A
// Idea      the first r groups own a value of the rank each: its column of inner and gradInner for all rows, a barrier, then its row of A
//           and
//           its column of B. The other groups own a row of x and compute its gradInner for themselves: no group waits for another
// Numerics  nested sums in f32 from 0 up, fused multiply-adds; what is added to is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class Lora
{
    static void BackwardV1<TFormat>(LoraBackwardArguments a) where TFormat : struct, IWeightFormat
    {
        int thread = Group.IdxX, group = Grid.IdxX, size = a.Rows * a.Rank;
        if (group < a.Rank)
        {
            int j = group;
            for (int m = thread; m < a.Rows; m += Group.DimX)
            {
                float sum = 0f, gradient = 0f;
                for (int k = 0; k < a.Inputs; k++)
                    sum = ScalarInstructions.FusedMultiplyAdd(TFormat.Load(a.A, j * a.Inputs + k), a.X[m * a.Inputs + k], sum);
                for (int n = 0; n < a.Outputs; n++)
                    gradient = ScalarInstructions.FusedMultiplyAdd(TFormat.Load(a.B, n * a.Rank + j), a.GradY[m * a.Outputs + n], gradient);
                a.Scratch[m * a.Rank + j] = a.Scale * sum;
                a.Scratch[size + m * a.Rank + j] = a.Scale * gradient;
            }
            Group.Barrier(); // every thread reads the whole column

            for (int k = thread; k < a.Inputs; k += Group.DimX)
            {
                float sum = 0f;
                for (int m = 0; m < a.Rows; m++)
                    sum = ScalarInstructions.FusedMultiplyAdd(a.Scratch[size + m * a.Rank + j], a.X[m * a.Inputs + k], sum);
                a.GradA[j * a.Inputs + k] += sum;
            }
            for (int n = thread; n < a.Outputs; n += Group.DimX)
            {
                float sum = 0f;
                for (int m = 0; m < a.Rows; m++)
                    sum = ScalarInstructions.FusedMultiplyAdd(a.GradY[m * a.Outputs + n], a.Scratch[m * a.Rank + j], sum);
                a.GradB[n * a.Rank + j] += sum;
            }
        }
        else
        {
            int m = group - a.Rank, row = 2 * size + m * a.Rank;
            for (int j = thread; j < a.Rank; j += Group.DimX)
            {
                float gradient = 0f;
                for (int n = 0; n < a.Outputs; n++)
                    gradient = ScalarInstructions.FusedMultiplyAdd(TFormat.Load(a.B, n * a.Rank + j), a.GradY[m * a.Outputs + n], gradient);
                a.Scratch[row + j] = a.Scale * gradient;
            }
            Group.Barrier(); // every thread reads the whole row

            for (int k = thread; k < a.Inputs; k += Group.DimX)
            {
                float sum = 0f;
                for (int j = 0; j < a.Rank; j++)
                    sum = ScalarInstructions.FusedMultiplyAdd(a.Scratch[row + j], TFormat.Load(a.A, j * a.Inputs + k), sum);
                a.GradX[m * a.Inputs + k] += sum;
            }
        }
    }
}
