// A volume as its file stores it: typed voxels, sizes, scaling, spacing and orientation.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

/// <summary>
/// Voxels of a CT in memory outside the managed heap, little-endian, x fastest, then y, then z, in the order of the file: nothing is turned
/// or scaled. A value in Hounsfield units is <see cref="Slope"/> × voxel + <see cref="Intercept"/>, as far as the file itself says it.
/// </summary>
sealed unsafe class VoxelVolume : IDisposable
{
    readonly NativeBuffer _voxels;
    bool _disposed;

    /// <summary>Name of the file or stream, for messages.</summary>
    public string Source { get; }

    /// <summary>Type of the stored voxels.</summary>
    public DataType Type { get; }

    /// <summary>Number of voxels along x (columns), y (rows) and z (slices).</summary>
    public (int X, int Y, int Z) Size { get; }

    /// <summary>Distance of voxels in mm; 1 where the format has none (see <see cref="IsPreprocessed"/>).</summary>
    public (double X, double Y, double Z) Spacing { get; internal set; }

    /// <summary>Factor of the file's own scaling; 1 if it has none.</summary>
    public double Slope { get; init; } = 1;

    /// <summary>Summand of the file's own scaling; 0 if it has none.</summary>
    public double Intercept { get; init; }

    /// <summary>Position and directions, if the file states them; the normal of the slices where these are shifted against each
    /// other.</summary>
    public VolumeOrientation? Orientation { get; internal set; }

    /// <summary>Whether the file holds a finished volume without units and spacing (NumPy) instead of a scan.</summary>
    public bool IsPreprocessed { get; init; }

    /// <summary>How a finished volume was prepared, if its file says it (<see cref="OwnPreset.NameOf"/>).</summary>
    public string? PreparedAs { get; init; }

    /// <summary>The images of a DICOM series in the order of the slices; empty for other formats.</summary>
    public IReadOnlyList<DicomImage> DicomImages { get; init; } = [];

    /// <summary>All CT series that were found, the best first; empty for other formats.</summary>
    internal IReadOnlyList<DicomSeriesSummary> DicomSeries { get; init; } = [];

    /// <summary>What a user should know about how the file was read, such as the series that was chosen; no patient data.</summary>
    public IReadOnlyList<string> Notes { get; internal set; } = [];

    /// <summary>Centre of the first voxel of each slice, in stored order, where the file says each of them; null where they follow from
    /// <see cref="Spacing"/> and <see cref="Orientation"/>.</summary>
    internal IReadOnlyList<PatientVector>? SlicePositions { get; set; }

    /// <summary>The axis along which these slices follow each other.</summary>
    internal int SliceAxis { get; init; } = 2;

    /// <summary>A NIfTI header's pixdim in mm; null for other formats.</summary>
    internal (double X, double Y, double Z)? HeaderSpacing { get; init; }

    /// <summary>Lengths in mm of the columns of the matrix that states a NIfTI volume's orientation; null without one.</summary>
    internal (double X, double Y, double Z)? MatrixSpacing { get; init; }

    /// <summary>Number of voxels.</summary>
    public long Count => (long)Size.X * Size.Y * Size.Z;

    /// <summary>Number of bytes of all voxels.</summary>
    public long ByteLength => Count * Type.Size();

    /// <summary>Address of the first voxel, valid until the volume is disposed; keep the volume referenced while it is used.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _voxels.Pointer;
        }
    }

    // Takes the buffer over.
    internal VoxelVolume(string source, DataType type, (int X, int Y, int Z) size, (double X, double Y, double Z) spacing,
        NativeBuffer voxels)
    {
        (Source, Type, Size, Spacing, _voxels) = (source, type, size, spacing, voxels);
        if (voxels.Length != ByteLength)
            throw new ArgumentException($"{voxels.Length} bytes for a volume of {ByteLength}", nameof(voxels));
    }

    // Voxels that a step of preparing made of a scan. Takes the buffer over.
    internal VoxelVolume(VoxelVolume scan, ScanGeometry geometry, NativeBuffer voxels)
        : this(scan.Source, geometry.Type, geometry.Size, geometry.Spacing, voxels)
    {
        (Slope, Intercept, DicomImages, Notes) = (scan.Slope, scan.Intercept, scan.DicomImages, scan.Notes);
        (Orientation, SlicePositions, SliceAxis) = (geometry.Orientation, geometry.SlicePositions, geometry.SliceAxis);
    }

    /// <summary>A copy of voxels in memory, x fastest.</summary>
    /// <typeparam name="T">byte, sbyte, short, ushort, int, uint, long, ulong, Half, float or double.</typeparam>
    /// <param name="voxels">size.X × size.Y × size.Z values.</param>
    /// <param name="size">Number of voxels along x, y and z.</param>
    /// <param name="spacing">Their distance in mm.</param>
    /// <param name="slope">Hounsfield units = slope × voxel + intercept.</param>
    /// <param name="intercept">See <paramref name="slope"/>.</param>
    /// <param name="orientation">Where x, y and z run in the patient, as in <c>LPS</c> (<see cref="VolumeOrientation.Code"/>); null if that
    /// is not known.</param>
    /// <exception cref="HseNetException">The orientation is no code.</exception>
    /// <exception cref="ArgumentException">The type is none of these, sizes or spacing are not positive, or the number of voxels does not
    /// fit.</exception>
    public static VoxelVolume FromVoxels<T>(ReadOnlySpan<T> voxels, (int X, int Y, int Z) size, (double X, double Y, double Z) spacing,
        double slope = 1, double intercept = 0, string? orientation = null)
        where T : unmanaged
    {
        if (size.X < 1 || size.Y < 1 || size.Z < 1 || (Int128)size.X * size.Y * size.Z != voxels.Length)
            throw new ArgumentException($"{voxels.Length} voxels for a size of {size.X} × {size.Y} × {size.Z}", nameof(size));
        if (!IsLength(spacing.X) || !IsLength(spacing.Y) || !IsLength(spacing.Z))
            throw new ArgumentException($"the spacing {spacing.X}, {spacing.Y}, {spacing.Z} is not positive", nameof(spacing));
        if (!double.IsFinite(slope) || !double.IsFinite(intercept))
            throw new ArgumentException($"the scaling {slope}, {intercept} is not finite", nameof(slope));
        VolumeOrientation? stated = orientation is null ? null : VolumeOrientation.FromCode(orientation);
        return new VoxelVolume("voxels in memory", TypeOf<T>(), size, spacing,
            NativeBuffer.CopyOf(MemoryMarshal.AsBytes(voxels)))
        { Slope = slope, Intercept = intercept, Orientation = stated };
    }

    /// <summary>Values from voxel <paramref name="first"/> on with the file's scaling applied in double precision: slope × voxel, then +
    /// intercept.</summary>
    public void ToDoubles(long first, Span<double> destination) => ToDoubles(first, destination, Slope, Intercept);

    /// <summary>The same without the file's scaling.</summary>
    internal void StoredToDoubles(long first, Span<double> destination) => ToDoubles(first, destination, 1, 0);

    void ToDoubles(long first, Span<double> destination, double slope, double intercept)
    {
        if (first < 0 || first > Count || destination.Length > Count - first)
            throw new ArgumentOutOfRangeException(nameof(first), $"voxels {first} to {first + destination.Length} of {Count}");
        VoxelTypes.ToDoubles(Type, Pointer + first * Type.Size(), destination, slope, intercept);
        GC.KeepAlive(this);
    }

    /// <summary>Smallest and largest finite value with the file's scaling; null if none is finite.</summary>
    internal (double Low, double High)? Range()
    {
        if (VoxelTypes.Range(Type, Pointer, Count) is not var (low, high))
            return null;
        GC.KeepAlive(this);
        (low, high) = (Slope * low + Intercept, Slope * high + Intercept);
        return low <= high ? (low, high) : (high, low);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _disposed = true;
        _voxels.Dispose();
    }

    internal static bool IsLength(double spacing) => double.IsFinite(spacing) && spacing > 0;

    static DataType TypeOf<T>() => typeof(T) switch
    {
        var t when t == typeof(byte) => DataType.U8,
        var t when t == typeof(sbyte) => DataType.I8,
        var t when t == typeof(short) => DataType.I16,
        var t when t == typeof(ushort) => DataType.U16,
        var t when t == typeof(int) => DataType.I32,
        var t when t == typeof(uint) => DataType.U32,
        var t when t == typeof(long) => DataType.I64,
        var t when t == typeof(ulong) => DataType.U64,
        var t when t == typeof(Half) => DataType.F16,
        var t when t == typeof(float) => DataType.F32,
        var t when t == typeof(double) => DataType.F64,
        _ => throw new ArgumentException($"voxels of type {typeof(T).Name} are not supported"),
    };
}

internal static unsafe class VoxelTypes
{
    /// <summary>slope × element + intercept of elements that need not be aligned; two roundings, as the reference computes it.</summary>
    public static void ToDoubles(DataType type, byte* source, Span<double> destination, double slope, double intercept)
    {
        switch (type)
        {
            case DataType.F64: Scale<double>(source, destination, slope, intercept); break;
            case DataType.F32: Scale<float>(source, destination, slope, intercept); break;
            case DataType.F16: Scale<Half>(source, destination, slope, intercept); break;
            case DataType.I64: Scale<long>(source, destination, slope, intercept); break;
            case DataType.I32: Scale<int>(source, destination, slope, intercept); break;
            case DataType.I16: Scale<short>(source, destination, slope, intercept); break;
            case DataType.I8: Scale<sbyte>(source, destination, slope, intercept); break;
            case DataType.U64: Scale<ulong>(source, destination, slope, intercept); break;
            case DataType.U32: Scale<uint>(source, destination, slope, intercept); break;
            case DataType.U16: Scale<ushort>(source, destination, slope, intercept); break;
            case DataType.U8 or DataType.Bool: Scale<byte>(source, destination, slope, intercept); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
    }

    static void Scale<T>(byte* source, Span<double> destination, double slope, double intercept) where T : unmanaged, INumberBase<T>
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = double.CreateTruncating(Unsafe.ReadUnaligned<T>(source + (long)i * sizeof(T))) * slope + intercept;
    }

    /// <summary>Smallest and largest finite element; null if none is finite.</summary>
    public static (double Low, double High)? Range(DataType type, byte* source, long count) => type switch
    {
        DataType.F64 => FiniteRange<double>(source, count),
        DataType.F32 => FiniteRange<float>(source, count),
        DataType.F16 => FiniteRange<Half>(source, count),
        DataType.I64 => WholeRange<long>(source, count),
        DataType.I32 => WholeRange<int>(source, count),
        DataType.I16 => WholeRange<short>(source, count),
        DataType.I8 => WholeRange<sbyte>(source, count),
        DataType.U64 => WholeRange<ulong>(source, count),
        DataType.U32 => WholeRange<uint>(source, count),
        DataType.U16 => WholeRange<ushort>(source, count),
        DataType.U8 or DataType.Bool => WholeRange<byte>(source, count),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    static (double, double)? FiniteRange<T>(byte* source, long count) where T : unmanaged, INumber<T>
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (long i = 0; i < count; i++)
        {
            double value = double.CreateTruncating(Unsafe.ReadUnaligned<T>(source + i * sizeof(T)));
            if (!double.IsFinite(value))
                continue;
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        return low <= high ? (low, high) : null;
    }

    static (double, double)? WholeRange<T>(byte* source, long count) where T : unmanaged, INumber<T>
    {
        if (count == 0)
            return null;
        T low = Unsafe.ReadUnaligned<T>(source), high = low;
        Vector<T> lowest = new(low), highest = lowest;
        long i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> values = Unsafe.ReadUnaligned<Vector<T>>(source + i * sizeof(T));
            lowest = Vector.Min(lowest, values);
            highest = Vector.Max(highest, values);
        }
        for (int lane = 0; lane < Vector<T>.Count; lane++)
            (low, high) = (T.Min(low, lowest[lane]), T.Max(high, highest[lane]));
        for (; i < count; i++)
        {
            T value = Unsafe.ReadUnaligned<T>(source + i * sizeof(T));
            (low, high) = (T.Min(low, value), T.Max(high, value));
        }
        return (double.CreateTruncating(low), double.CreateTruncating(high));
    }

    /// <summary>Turns the byte order of <paramref name="length"/> bytes of elements.</summary>
    public static void ReverseEndianness(byte* bytes, long length, int elementSize)
    {
        for (long done = 0; elementSize > 1 && done < length; done += elementSize)
            new Span<byte>(bytes + done, elementSize).Reverse();
    }

    /// <summary>Size of a volume in bytes, or an error if a dimension or the whole is impossible or more than is allowed.</summary>
    public static long ByteLength(string source, DataType type, ReadOnlySpan<long> size, long maximum)
    {
        foreach (long dimension in size)
            if (dimension is < 1 or > int.MaxValue)
                throw new HseNetFileException(source, $"its header says {Shown(size)} voxels",
                    "at least 1 and less than 2^31 along each axis");
        if (DataTypes.ElementCount(size, type) is not { } count)
            throw new HseNetFileException(source, $"its header says {Shown(size)} voxels, whose size overflows", "less than 2^63 bytes");
        long bytes = count * type.Size();
        return bytes <= maximum
            ? bytes
            : throw new HseNetFileException(source, $"its {Shown(size)} voxels of {type.Name()} need {bytes} bytes",
                $"at most {maximum}, the memory that may be used");
    }

    static string Shown(ReadOnlySpan<long> size) => string.Join(" × ", size.ToArray());
}
