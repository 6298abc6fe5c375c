// Computes  y = x · Φ(x)
// Idea      an item is a few thousand neighbours; the polynomials of Linear's epilogue, a vector at a time
// Numerics  erf to 1.2e-7, then three roundings
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Gelu
{
    const int HostPart = 4096; // elements of an item: enough work that handing it out does not show

    static void HostForward(HostDevice device, GeluArguments a) => device.ForVectors(Parts.Of(a.Count, HostPart), new HostWork(a));

    readonly struct HostWork(GeluArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)index * HostPart;
            Part<TVector>(a.X.Pointer + start, a.Y.Pointer + start, (int)Math.Min(HostPart, a.Count - start));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Part<TVector>(float* x, float* y, int count) where TVector : unmanaged, IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(y + i, HostMath.Gelu(TVector.Load(x + i)));
        for (; i < count; i++)
            y[i] = DeviceMath.Gelu(x[i]);
    }
}
