// Computes  g = scale·gradient,  m += (1 − β₁)(g − m),  v = β₂v + (1 − β₂)g²,  w = (1 − lr·decay)·w − lr/c₁ · m / (√v/√c₂ + ε)
// Idea      a thread for each element: bound by the memory it reads and writes
// Numerics  torch's order of operations in f32; 1 − β in double first, or β₂ = 0.999 would err by 1e-5 of itself
using ILGPU;

namespace HSENet.Kernels;

public static partial class AdamW
{
    static unsafe void ForwardV1(AdamWArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Count)
            return;
        float decay = (float)ScalarInstructions.FusedMultiplyAdd(-a.LearningRate, a.WeightDecay, 1.0);
        float step = ScalarInstructions.Divide((float)a.LearningRate, (float)a.Correction1);
        float root = ScalarInstructions.SquareRoot((float)a.Correction2);

        float gradient = a.Gradient[i] * (float)a.GradientScale;
        float first = a.FirstMoment[i];
        first = ScalarInstructions.FusedMultiplyAdd((float)ScalarInstructions.Add(1.0, -a.Beta1), gradient - first, first);
        float squared = (float)ScalarInstructions.Add(1.0, -a.Beta2) * gradient;
        float second = ScalarInstructions.FusedMultiplyAdd(squared, gradient, a.SecondMoment[i] * (float)a.Beta2);
        float denominator = ScalarInstructions.Divide(ScalarInstructions.SquareRoot(second), root) + (float)a.Epsilon;
        float value = ScalarInstructions.FusedMultiplyAdd(a.Values[i], decay, ScalarInstructions.Divide(-step * first, denominator));
        a.FirstMoment[i] = first;
        a.SecondMoment[i] = second;
        a.Values[i] = value;
        if (a.Rounded.Length != 0)
        {
            uint bits = Interop.FloatAsInt(value);
            ((ushort*)a.Rounded.Address)[i] = (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16); // to nearest, ties to even
        }
    }
}
