// Voxels without a value (NaN): outside the body, where a resampled or cropped field ends, they are air.
namespace HSENet.Runtime;

static class MissingVoxels
{
    /// <summary>How many NaN voxels lie in runs that begin or end a row: none of them can be inside a body. Others stay for the check that
    /// refuses them.</summary>
    public static long CountAtEdges(VoxelVolume scan, CancellationToken cancellation)
    {
        if (scan.Type is not (DataType.F16 or DataType.BF16 or DataType.F32 or DataType.F64))
            return 0;
        long found = 0;
        EachSlice(scan, cancellation, (_, values) =>
        {
            long count = 0;
            for (int first = 0; first < values.Length; first += scan.Size.X)
            {
                var (start, end) = Edges(values.AsSpan(first, scan.Size.X));
                count += start + end;
            }
            Interlocked.Add(ref found, count);
        });
        return found;
    }

    /// <summary>A copy in which these have the value of air, which is given before the file's scaling.</summary>
    public static unsafe VoxelVolume Filled(VoxelVolume scan, double air, CancellationToken cancellation)
    {
        NativeBuffer filled = NativeBuffer.OfLength(scan.ByteLength);
        try
        {
            nint target = (nint)filled.Pointer;
            Buffer.MemoryCopy(scan.Pointer, filled.Pointer, filled.Length, scan.ByteLength);
            EachSlice(scan, cancellation, (slice, values) =>
            {
                for (int first = 0; first < values.Length; first += scan.Size.X)
                {
                    var (start, end) = Edges(values.AsSpan(first, scan.Size.X));
                    for (int x = 0; x < start + end; x++)
                        Set((byte*)target, scan.Type, slice * values.LongLength + first
                            + (x < start ? x : scan.Size.X - 1 - (x - start)), air);
                }
            });
            return new VoxelVolume(scan, ScanGeometry.Of(scan), filled);
        }
        catch
        {
            filled.Dispose();
            throw;
        }
    }

    static unsafe void Set(byte* voxels, DataType type, long index, double value)
    {
        switch (type)
        {
            case DataType.F64: ((double*)voxels)[index] = value; break;
            case DataType.F32: ((float*)voxels)[index] = (float)value; break;
            default: ((Half*)voxels)[index] = (Half)value; break;
        }
    }

    // Lengths of the runs at the start and at the end; a row without any value is one run.
    static (int Start, int End) Edges(ReadOnlySpan<double> row)
    {
        int start = 0, end = 0;
        while (start < row.Length && double.IsNaN(row[start]))
            start++;
        while (end < row.Length - start && double.IsNaN(row[^(end + 1)]))
            end++;
        return (start, end);
    }

    static void EachSlice(VoxelVolume scan, CancellationToken cancellation, Action<long, double[]> see) =>
        Parallel.For(0L, scan.Size.Z, new ParallelOptions { CancellationToken = cancellation },
            () => new double[scan.Size.X * scan.Size.Y], (slice, _, values) =>
            {
                scan.StoredToDoubles(slice * values.LongLength, values);
                see(slice, values);
                return values;
            }, static _ => { });
}
