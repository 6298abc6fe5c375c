// ResizeBytes: what it computes, its arguments, its tables and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="ResizeBytes"/>: one axis of a tensor of bytes.</summary>
public struct ResizeBytesArguments
{
    /// <summary>[Outer, Length, Inner] bytes.</summary>
    public View<byte> X;

    /// <summary>[NewLength, 2] first old element of each new one, and how many.</summary>
    public View<int> Taps;

    /// <summary>[NewLength, Support] their weights times 2²²; what lies behind a new element's count is 0.</summary>
    public View<int> Coefficients;

    /// <summary>[Outer, NewLength, Inner] output.</summary>
    public View<byte> Y;

    /// <summary>Elements in front of the axis.</summary>
    public int Outer;

    /// <summary>Old size of the axis.</summary>
    public int Length;

    /// <summary>New size of the axis.</summary>
    public int NewLength;

    /// <summary>Elements behind the axis.</summary>
    public int Inner;

    /// <summary>Weights of a new element at most.</summary>
    public int Support;
}

/// <summary>
/// One pass of Pillow's bicubic resize of 8-bit images: y = clamp((2²¹ + Σ coefficient · x) >> 22, 0, 255) in 32-bit integers, with
/// a = −0.5 and a kernel that widens with the scale when shrinking. A picture takes two passes, width first.
/// </summary>
public static partial class ResizeBytes
{
    const int Precision = 22; // bits behind the point, as in Pillow's Resample.c

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<ResizeBytesArguments> ForwardOperation = new("ResizeBytes", Check,
        Rung.Host<ResizeBytesArguments>("Host", HostForward),
        Rung.Gpu<ResizeBytesArguments>("V1.Naive", ForwardV1) with
        {
            Suffix = "u8",
            Group = 128,
            Launch = static a => new(Parts.Of(a.Inner, 128), a.NewLength, a.Outer),
        });

    /// <summary>Resizes along the axis.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in ResizeBytesArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>Taps [newLength, 2] and coefficients [newLength, support] as Pillow computes them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    public static (int[] Taps, int[] Coefficients, int Support) Tables(int length, int newLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(newLength, 1);
        double scale = (double)length / newLength, filterScale = Math.Max(scale, 1), radius = 2 * filterScale;
        int support = (int)Math.Ceiling(radius) * 2 + 1;
        int[] taps = new int[newLength * 2], coefficients = new int[newLength * support];
        var weights = new double[support];
        for (int i = 0; i < newLength; i++)
        {
            double centre = (i + 0.5) * scale, sum = 0;
            int first = Math.Max(0, (int)(centre - radius + 0.5)), count = Math.Min(length, (int)(centre + radius + 0.5)) - first;
            for (int k = 0; k < count; k++)
                sum += weights[k] = Bicubic((k + first - centre + 0.5) * (1 / filterScale));
            for (int k = 0; k < count; k++)
            {
                double weight = (sum == 0 ? weights[k] : weights[k] / sum) * (1 << Precision);
                coefficients[i * support + k] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
            }
            (taps[2 * i], taps[2 * i + 1]) = (first, count);
        }
        return (taps, coefficients, support);
    }

    static double Bicubic(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * a
            : 0;
    }

    static void Check(ResizeBytesArguments a)
    {
        const string name = "ResizeBytes";
        long old = Require.Elements(name, "outer × length × inner", (nameof(a.Outer), a.Outer), (nameof(a.Length), a.Length),
            (nameof(a.Inner), a.Inner));
        long @new = Require.Elements(name, "outer × new length × inner", (nameof(a.Outer), a.Outer), (nameof(a.NewLength), a.NewLength),
            (nameof(a.Inner), a.Inner));
        Require.Positive(name, nameof(a.Support), a.Support);
        Require.Length(name, nameof(a.X), a.X.Length, old, "outer × length × inner");
        Require.Length(name, nameof(a.Taps), a.Taps.Length, 2L * a.NewLength, "new length × 2");
        Require.Length(name, nameof(a.Coefficients), a.Coefficients.Length, (long)a.NewLength * a.Support, "new length × support");
        Require.Length(name, nameof(a.Y), a.Y.Length, @new, "outer × new length × inner");
    }
}
