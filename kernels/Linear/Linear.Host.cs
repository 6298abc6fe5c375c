// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      few rows: dot products, bound by reading W once; many rows: panels of W for a register tile, bound by arithmetic
// Numerics  sums in f32: a product of many rows from k = 0 up, one of few rows in the lanes of a vector and then across them
namespace HSENet.Kernels;

public static partial class Linear
{
    // Above this many rows the tile's six rows are filled well enough to pay for the panel.
    const int HostDotRows = 16;

    internal static void HostForward(HostDevice device, LinearArguments a)
    {
        switch (device.VectorBits)
        {
            case 512:
                HostForward<HostStrip4<Wide512>, Wide512>(device, a);
                break;
            case 256:
                HostForward<HostStrip2<Wide256>, Wide256>(device, a);
                break;
            default:
                HostForward<HostStrip4<Wide128>, Wide128>(device, a);
                break;
        }
    }

    static void HostForward<TStrip, TVector>(HostDevice device, LinearArguments a)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        switch (a.W.Type)
        {
            case WeightType.F32:
                HostForward<TStrip, TVector, HostF32>(device, a);
                break;
            case WeightType.BF16:
                HostForward<TStrip, TVector, HostBF16>(device, a);
                break;
            default:
                HostForward<TStrip, TVector, HostInt8>(device, a);
                break;
        }
    }

    static void HostForward<TStrip, TVector, TFormat>(HostDevice device, LinearArguments a)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        // One row waits for memory: half a cache line at a time keeps more of it on its way, and the arithmetic has time.
        if (a.Rows == 1 && typeof(TVector) == typeof(Wide512))
            HostDots<Wide256, TFormat>(device, a);
        else if (a.Rows <= HostDotRows)
            HostDots<TVector, TFormat>(device, a);
        else
            HostPanels<TStrip, TVector, TFormat>(device, a);
    }

    static unsafe HostMatrix HostWeights(in LinearArguments a) => new(a.W.Values.Pointer, a.W.Scales.Pointer, a.Inputs);
}
