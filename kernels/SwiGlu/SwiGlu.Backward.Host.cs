// Computes  gradUp = gradY · silu(gate),  gradGate = gradY · up · σ(gate)·(1 + gate·σ(−gate))
// Idea      an item is a few thousand channels of a row, as in the forward; one exponential serves both gradients
// Numerics  σ(−gate) = e^−gate · σ(gate), not 1 − σ(gate): no digit is lost where σ is near 1
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class SwiGlu
{
    static void HostBackward(HostDevice device, SwiGluBackwardArguments a)
    {
        int perRow = Parts.Of(a.Channels, HostChannelsPerItem);
        device.ForVectors(a.Rows * perRow, new HostBackwardWork(a, perRow));
    }

    readonly struct HostBackwardWork(SwiGluBackwardArguments a, int perRow) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int row = index / perRow, start = index % perRow * HostChannelsPerItem;
            long gate = (long)row * 2 * a.Channels + start;
            BackwardPart<TVector>(a.GateUp.Pointer + gate, a.GradY.Pointer + (long)row * a.Channels + start, a.GradGateUp.Pointer + gate,
                a.Channels, Math.Min(HostChannelsPerItem, a.Channels - start));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void BackwardPart<TVector>(float* gates, float* gradY, float* gradGates, int channels, int count)
        where TVector : unmanaged, IHostVector<TVector>
    {
        float* ups = gates + channels, gradUps = gradGates + channels;
        int n = 0;
        for (; n <= count - TVector.Count; n += TVector.Count)
        {
            TVector gate = TVector.Load(gates + n), up = TVector.Load(ups + n), gradient = TVector.Load(gradY + n),
                one = TVector.Create(1f);
            var exponential = HostMath.Exp(TVector.Create(0f) - gate);
            var sigmoid = one / (one + exponential);
            TVector.Store(gradGates + n, gradient * up * (sigmoid * TVector.MultiplyAdd(gate, exponential * sigmoid, one)));
            TVector.Store(gradUps + n, gradient * (gate * sigmoid));
        }
        for (; n < count; n++)
        {
            float gate = gates[n], up = ups[n], exponential = DeviceMath.Exp(-gate), sigmoid = 1f / (1f + exponential);
            gradGates[n] = gradY[n] * up * (sigmoid * MathF.FusedMultiplyAdd(gate, exponential * sigmoid, 1f));
            gradUps[n] = gradY[n] * (gate * sigmoid);
        }
    }
}
