// VoxelRescale: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Storage type of the voxels of a scan, little-endian.</summary>
public enum VoxelType
{
    /// <summary>Unsigned byte.</summary>
    U8,

    /// <summary>Signed byte.</summary>
    I8,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>32-bit float.</summary>
    F32,

    /// <summary>64-bit float.</summary>
    F64,
}

/// <summary>Arguments of <see cref="VoxelRescale"/>: some slices of a scan.</summary>
public struct VoxelRescaleArguments
{
    /// <summary>[slices, rows, columns] voxels as the file stores them: z slowest, x fastest.</summary>
    public View<byte> Voxels;

    /// <summary>[slices, columns, rows] output: z, x, y.</summary>
    public View<double> Values;

    /// <summary>How <see cref="Voxels"/> are stored.</summary>
    public VoxelType Type;

    /// <summary>Slices (z).</summary>
    public int Slices;

    /// <summary>Rows of a slice (y).</summary>
    public int Rows;

    /// <summary>Columns of a slice (x).</summary>
    public int Columns;

    /// <summary>Factor of the file's own scaling; 1 for none.</summary>
    public double FileSlope;

    /// <summary>Summand of the file's own scaling.</summary>
    public double FileIntercept;

    /// <summary>Factor of the collection's scaling (RescaleSlope of a table); 1 for none.</summary>
    public double Slope;

    /// <summary>Summand of the collection's scaling.</summary>
    public double Intercept;

    /// <summary>Lower end of the window; smaller values become it.</summary>
    public double Lowest;

    /// <summary>Upper end of the window.</summary>
    public double Highest;

    /// <summary>What the clamped value is divided by.</summary>
    public double Divisor;
}

/// <summary>
/// Voxels to Hounsfield units in double precision, clamped, with the axes turned from the file's order to (z, x, y):
/// v = clamp(slope · (fileSlope · voxel + fileIntercept) + intercept, lowest, highest) / divisor.
/// </summary>
public static partial class VoxelRescale
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<VoxelRescaleArguments> ForwardOperation = new("VoxelRescale", Check,
        Rung.Host<VoxelRescaleArguments>("Host", HostForward),
        Rung.Gpu<VoxelRescaleArguments>("V1.Naive", ForwardV1) with
        {
            Suffix = "f64",
            Group = 128,
            Launch = static a => new(Parts.Of(a.Rows, 128), a.Columns, a.Slices),
        });

    /// <summary>Rescales every voxel.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in VoxelRescaleArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>Bytes of one voxel.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not one of the enumeration.</exception>
    public static int Size(VoxelType type) => type switch
    {
        VoxelType.U8 or VoxelType.I8 => 1,
        VoxelType.U16 or VoxelType.I16 => 2,
        VoxelType.U32 or VoxelType.I32 or VoxelType.F32 => 4,
        VoxelType.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown voxel type"),
    };

    static void Check(VoxelRescaleArguments a)
    {
        const string name = "VoxelRescale";
        long elements = Require.Elements(name, "slices × rows × columns", (nameof(a.Slices), a.Slices), (nameof(a.Rows), a.Rows),
            (nameof(a.Columns), a.Columns));
        Require.Length(name, nameof(a.Voxels), a.Voxels.Length, elements * Size(a.Type), "slices × rows × columns × bytes of a voxel");
        Require.Length(name, nameof(a.Values), a.Values.Length, elements, "slices × columns × rows");
        Require.That(a.Lowest <= a.Highest, name, nameof(a.Lowest), "at most the upper end of the window", a.Lowest);
        Require.That(a.Divisor > 0, name, nameof(a.Divisor), "more than 0", a.Divisor);
    }
}
