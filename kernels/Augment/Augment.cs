// Augment: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Augment"/>: a volume of D slices of H rows of W columns.</summary>
public struct AugmentArguments
{
    /// <summary>[D, H, W] volume.</summary>
    public View<float> X;

    /// <summary>[D, H, W] output; not X.</summary>
    public View<float> Y;

    /// <summary>D, slices.</summary>
    public int Depth;

    /// <summary>H, rows.</summary>
    public int Height;

    /// <summary>W, columns; equal to H when the number of quarter turns is odd.</summary>
    public int Width;

    /// <summary>0 to 3 turns by 90° that carry the rows' axis towards the columns' (numpy.rot90 in the plane H-W).</summary>
    public int QuarterTurns;

    /// <summary>1 when the slices are then reversed, otherwise 0.</summary>
    public int FlipDepth;

    /// <summary>1 when the rows are then reversed, otherwise 0.</summary>
    public int FlipHeight;

    /// <summary>1 when the columns are then reversed, otherwise 0.</summary>
    public int FlipWidth;

    /// <summary>Voxels are multiplied by 1 + Factor.</summary>
    public float Factor;

    /// <summary>Added afterwards.</summary>
    public float Offset;

    internal readonly AugmentMap Map => new(Depth, Height, Width, QuarterTurns, FlipDepth, FlipHeight, FlipWidth);
}

/// <summary>
/// Turns, flips, scales and shifts a volume (MONAI's RandRotate90, RandFlip, RandScaleIntensity and RandShiftIntensity with parameters that
/// somebody has drawn): y = x' · (1 + Factor) + Offset.
/// </summary>
public static partial class Augment
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<AugmentArguments> ForwardOperation = new("Augment", Check,
        Rung.Host<AugmentArguments>("Host", HostForward),
        Rung.Gpu<AugmentArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Y.Length));

    /// <summary>Augments a volume.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in AugmentArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(AugmentArguments a)
    {
        const string name = "Augment";
        long voxels = Require.Elements(name, "D × H × W", (nameof(a.Depth), a.Depth), (nameof(a.Height), a.Height),
            (nameof(a.Width), a.Width));
        Require.Length(name, nameof(a.X), a.X.Length, voxels, "D × H × W");
        Require.Length(name, nameof(a.Y), a.Y.Length, voxels, "D × H × W");
        Require.That(a.QuarterTurns is >= 0 and <= 3, name, nameof(a.QuarterTurns), "0 to 3", a.QuarterTurns);
        Require.That(a.QuarterTurns % 2 == 0 || a.Height == a.Width, name, nameof(a.QuarterTurns),
            "an even number where height and width differ", a.QuarterTurns);
        Require.That(a.FlipDepth is 0 or 1, name, nameof(a.FlipDepth), "0 or 1", a.FlipDepth);
        Require.That(a.FlipHeight is 0 or 1, name, nameof(a.FlipHeight), "0 or 1", a.FlipHeight);
        Require.That(a.FlipWidth is 0 or 1, name, nameof(a.FlipWidth), "0 or 1", a.FlipWidth);
    }
}

/// <summary>Turns and flips as one step in each direction: voxel (d, h, w) of the output is voxel First + d·Slice + h·Row + w·Column of the
/// input.</summary>
readonly struct AugmentMap
{
    public readonly int First, Slice, Row, Column;

    public AugmentMap(int depth, int height, int width, int quarterTurns, int flipDepth, int flipHeight, int flipWidth)
    {
        // Where the turned volume's first voxel comes from, and its neighbours.
        int first = quarterTurns == 1 ? width - 1 : quarterTurns == 2 ? height * width - 1 : quarterTurns == 3 ? (height - 1) * width : 0;
        int row = quarterTurns == 1 ? -1 : quarterTurns == 2 ? -width : quarterTurns == 3 ? 1 : width;
        int column = quarterTurns == 1 ? width : quarterTurns == 2 ? -1 : quarterTurns == 3 ? -width : 1;
        int slice = height * width;
        First = first + flipDepth * (depth - 1) * slice + flipHeight * (height - 1) * row + flipWidth * (width - 1) * column;
        Slice = flipDepth == 0 ? slice : -slice;
        Row = flipHeight == 0 ? row : -row;
        Column = flipWidth == 0 ? column : -column;
    }
}
