// Double-precision functions that references use; nothing here is shared with a rung.
namespace HSENet.Kernels;

/// <summary>Functions of the references, in double.</summary>
static class ReferenceMath
{
    /// <summary>Exact GELU: x · Φ(x).</summary>
    public static double Gelu(double x) => 0.5 * x * Erfc(-x / Math.Sqrt(2));

    /// <summary>The derivative of <see cref="Gelu"/>: Φ(x) + x · φ(x).</summary>
    public static double GeluSlope(double x) => 0.5 * Erfc(-x / Math.Sqrt(2)) + x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>x / (1 + e^-x).</summary>
    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>1 / (1 + e^-x).</summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>1 − erf(x) to about 1e-15: Taylor's series of erf below 2, the continued fraction of erfc above.</summary>
    public static double Erfc(double x)
    {
        if (x < 0)
            return 2 - Erfc(-x);
        if (x < 2)
        {
            double term = x, sum = x;
            for (int n = 1; Math.Abs(term) > 1e-18 * sum && n < 200; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 1 - 2 / Math.Sqrt(Math.PI) * sum;
        }
        double fraction = 0;
        for (int n = 200; n >= 1; n--)
            fraction = n / 2.0 / (x + fraction);
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (x + fraction);
    }

    /// <summary>A copy in double of a view in host memory.</summary>
    public static double[] Doubles(View<float> view)
    {
        var copy = new double[view.Length];
        for (int i = 0; i < copy.Length; i++)
            copy[i] = view[i];
        return copy;
    }

    /// <summary>The same of activations of any type.</summary>
    public static double[] Doubles(Activations view) => [.. Enumerable.Range(0, (int)view.Length).Select(i => Activation(view, i))];

    /// <summary>A stored activation as double.</summary>
    public static unsafe double Activation(in Activations x, int index) => x.Type == ActivationType.F32
        ? ((float*)x.Values.Pointer)[index] : BitConverter.UInt32BitsToSingle((uint)((ushort*)x.Values.Pointer)[index] << 16);

    /// <summary>A stored weight as double.</summary>
    public static unsafe double Weight(in Weights w, int index) => w.Type switch
    {
        WeightType.F32 => ((float*)w.Values.Pointer)[index],
        WeightType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)w.Values.Pointer)[index] << 16),
        _ => (double)((sbyte*)w.Values.Pointer)[index] * w.Scales[index / Weights.ScaleGroup],
    };
}
