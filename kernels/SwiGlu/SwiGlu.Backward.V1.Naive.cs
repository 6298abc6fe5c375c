// Computes  gradUp = gradY · silu(gate),  gradGate = gradY · up · σ(gate)·(1 + gate·σ(−gate))
// Idea      a thread for each pair of gate and up; one exponential serves both
// Numerics  σ(−gate) = e^−gate · σ(gate), not 1 − σ(gate): no digit is lost where σ is near 1
using ILGPU;

namespace HSENet.Kernels;

public static partial class SwiGlu
{
    static void BackwardV1(SwiGluBackwardArguments a)
    {
        int m = Grid.IdxX;
        int n = Grid.IdxY * Group.DimX + Group.IdxX;
        if (n >= a.Channels)
            return;
        int i = m * 2 * a.Channels + n;
        float gate = a.GateUp[i], up = a.GateUp[i + a.Channels], gradY = a.GradY[m * a.Channels + n];
        float exponential = DeviceMath.Exp(-gate);
        float sigmoid = ScalarInstructions.Divide(1f, 1f + exponential);
        a.GradGateUp[i] = gradY * up * (sigmoid * ScalarInstructions.FusedMultiplyAdd(gate, exponential * sigmoid, 1f));
        a.GradGateUp[i + a.Channels] = gradY * (gate * sigmoid);
    }
}
