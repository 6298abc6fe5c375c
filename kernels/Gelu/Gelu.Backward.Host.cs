// Computes  gradX = gradY · (Φ(x) + x·φ(x))
// Idea      as the forward; one exponential more, for the density
// Numerics  erf to 1.2e-7, the exponential to 2e-7 of itself and half of x² roundings
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Gelu
{
    static void HostBackward(HostDevice device, GeluBackwardArguments a) =>
        device.ForVectors(Parts.Of(a.Count, HostPart), new HostBackwardWork(a));

    readonly struct HostBackwardWork(GeluBackwardArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)index * HostPart;
            BackwardPart<TVector>(a.X.Pointer + start, a.GradY.Pointer + start, a.GradX.Pointer + start,
                (int)Math.Min(HostPart, a.Count - start));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void BackwardPart<TVector>(float* x, float* gradY, float* gradX, int count) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(gradX + i, TVector.Load(gradY + i) * HostMath.GeluSlope(TVector.Load(x + i)));
        for (; i < count; i++)
            gradX[i] = gradY[i] * DeviceMath.GeluSlope(x[i]);
    }
}
