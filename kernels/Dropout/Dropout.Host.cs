// Computes  y[i] = residual[i] + x[i] · factor(seed, i, rate)
// Idea      the factors of a part that stays in L1, eight at a time, then one pass over the part
// Numerics  the factor is rounded once, the product and the sum at most once each
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Dropout
{
    const int HostPart = 4096, HostFactors = 512; // elements of an item; factors at a time on the stack

    static void HostForward(HostDevice device, DropoutArguments a) => device.ForVectors(Parts.Of(a.Count, HostPart), new HostWork(a));

    readonly struct HostWork(DropoutArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            float* factors = stackalloc float[HostFactors];
            int end = (int)Math.Min(a.Count, (index + 1L) * HostPart);
            for (int start = index * HostPart; start < end; start += HostFactors)
            {
                int count = Math.Min(HostFactors, end - start);
                DropoutMask.Factors(a.Seed, start, a.Rate, factors, count);
                Part<TVector>(a.X.Pointer + start, factors, a.Residual.IsEmpty ? null : a.Residual.Pointer + start,
                    a.Y.Floats.Pointer + start,
                    count);
            }
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Part<TVector>(float* x, float* factors, float* residual, float* y, int count) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(y + i, residual == null ? TVector.Load(x + i) * TVector.Load(factors + i)
                : TVector.MultiplyAdd(TVector.Load(x + i), TVector.Load(factors + i), TVector.Load(residual + i)));
        for (; i < count; i++)
            y[i] = residual == null ? x[i] * factors[i] : residual[i] + x[i] * factors[i];
    }
}
