// SlicePixels: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="SlicePixels"/>.</summary>
public struct SlicePixelsArguments
{
    /// <summary>[slices, height, width] grey images.</summary>
    public View<byte> X;

    /// <summary>[slices, 3, size, size] output: the cut-out square as normalised red, green and blue.</summary>
    public View<float> Y;

    /// <summary>Slices.</summary>
    public int Slices;

    /// <summary>Rows of an image.</summary>
    public int Height;

    /// <summary>Columns of an image.</summary>
    public int Width;

    /// <summary>Sides of the square that is cut out.</summary>
    public int Size;

    /// <summary>First row of the square.</summary>
    public int Top;

    /// <summary>First column of the square.</summary>
    public int Left;

    /// <summary>Mean of red.</summary>
    public float MeanRed;

    /// <summary>Mean of green.</summary>
    public float MeanGreen;

    /// <summary>Mean of blue.</summary>
    public float MeanBlue;

    /// <summary>Standard deviation of red.</summary>
    public float DeviationRed;

    /// <summary>Standard deviation of green.</summary>
    public float DeviationGreen;

    /// <summary>Standard deviation of blue.</summary>
    public float DeviationBlue;
}

/// <summary>
/// Cuts a square out of each grey image and normalises it for the 2D encoder (torchvision's CenterCrop, ToTensor and Normalize):
/// y[s,c,i,j] = (x[s, top + i, left + j] / 255 − mean[c]) / deviation[c].
/// </summary>
public static partial class SlicePixels
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<SlicePixelsArguments> ForwardOperation = new("SlicePixels", Check,
        Rung.Host<SlicePixelsArguments>("Host", HostForward),
        Rung.Gpu<SlicePixelsArguments>("V1.Naive", ForwardV1) with
        {
            Group = 128,
            Launch = static a => new(Parts.Of(a.Size, 128), a.Size, a.Slices),
        });

    /// <summary>Normalises every pixel.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in SlicePixelsArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(SlicePixelsArguments a)
    {
        const string name = "SlicePixels";
        long pixels = Require.Elements(name, "slices × height × width", (nameof(a.Slices), a.Slices), (nameof(a.Height), a.Height),
            (nameof(a.Width), a.Width));
        long values = Require.Elements(name, "slices × 3 × size × size", (nameof(a.Slices), a.Slices), ("colours", 3),
            (nameof(a.Size), a.Size), (nameof(a.Size), a.Size));
        Require.That(a.Top >= 0 && a.Top <= a.Height - a.Size, name, nameof(a.Top), "a square inside the image", a.Top);
        Require.That(a.Left >= 0 && a.Left <= a.Width - a.Size, name, nameof(a.Left), "a square inside the image", a.Left);
        Require.Length(name, nameof(a.X), a.X.Length, pixels, "slices × height × width");
        Require.Length(name, nameof(a.Y), a.Y.Length, values, "slices × 3 × size × size");
        Require.That(a.DeviationRed > 0 && a.DeviationGreen > 0 && a.DeviationBlue > 0, name, nameof(a.DeviationRed), "deviations above 0",
            a.DeviationRed);
    }
}
