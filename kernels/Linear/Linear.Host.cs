// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      few rows: dot products, bound by reading W once; many rows: panels of W for a register tile, bound by arithmetic
// Numerics  sums in f32: a product of many rows from k = 0 up, one of few rows in the lanes of a vector and then across them
namespace HSENet.Kernels;

public static partial class Linear
{
    // Above this many rows the tile's six rows are filled well enough to pay for the panel.
    const int HostDotRows = 16;

    internal static void HostForward(HostDevice device, LinearArguments a) => HostProduct(device, a, across: false);

    /// <summary>The product with Wᵀ; or, <paramref name="across"/>, y = residual + x · W with W [K, N] as it is stored: no
    /// activation.</summary>
    internal static void HostProduct(HostDevice device, in LinearArguments a, bool across)
    {
        switch (device.VectorBits)
        {
            case 512:
                HostProduct<HostStrip4<Wide512>, Wide512>(device, a, across);
                break;
            case 256:
                HostProduct<HostStrip2<Wide256>, Wide256>(device, a, across);
                break;
            default:
                HostProduct<HostStrip4<Wide128>, Wide128>(device, a, across);
                break;
        }
    }

    static void HostProduct<TStrip, TVector>(HostDevice device, in LinearArguments a, bool across)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        switch (a.W.Type)
        {
            case WeightType.F32:
                HostProduct<TStrip, TVector, HostF32>(device, a, across);
                break;
            case WeightType.BF16:
                HostProduct<TStrip, TVector, HostBF16>(device, a, across);
                break;
            default:
                HostProduct<TStrip, TVector, HostInt8>(device, a, across);
                break;
        }
    }

    static void HostProduct<TStrip, TVector, TFormat>(HostDevice device, in LinearArguments a, bool across)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        if (across)
            HostPanels<TStrip, TVector, TFormat>(device, a, across);
        else if (a.Rows <= HostDotRows)
            HostDots<TVector, TFormat>(device, a);
        else
            HostPanels<TStrip, TVector, TFormat>(device, a, across);
    }

    static unsafe HostMatrix HostWeights(in LinearArguments a) => new(a.W.Values.Pointer, a.W.Scales.Pointer, a.Inputs);
}
