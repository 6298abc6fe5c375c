// Voxels without a value (NaN): outside the body, where a resampled or cropped field ends, they are air.
using System.Numerics;

namespace HSENet.Runtime;

static class MissingVoxels
{
    /// <summary>How many NaN voxels lie in runs that begin or end a row: none of them can be inside a body. Others stay for the check that
    /// refuses them. Little else is read, so that one thread is enough.</summary>
    public static long CountAtEdges(VoxelVolume scan, CancellationToken cancellation) => scan.Type switch
    {
        DataType.F64 => Count<double>(scan, cancellation),
        DataType.F32 => Count<float>(scan, cancellation),
        DataType.F16 => Count<Half>(scan, cancellation),
        _ => 0,
    };

    /// <summary>A copy in which these have the value of air, which is given before the file's scaling.</summary>
    public static unsafe VoxelVolume Filled(VoxelVolume scan, double air, ParallelOptions loop)
    {
        NativeBuffer filled = NativeBuffer.OfLength(scan.ByteLength);
        try
        {
            nint target = (nint)filled.Pointer;
            long sliceBytes = scan.ByteLength / scan.Size.Z;
            Parallel.For(0, scan.Size.Z, loop, slice =>
            {
                byte* copy = (byte*)target + slice * sliceBytes;
                Buffer.MemoryCopy(scan.Pointer + slice * sliceBytes, copy, sliceBytes, sliceBytes);
                switch (scan.Type)
                {
                    case DataType.F64: Fill((double*)copy, scan.Size, air); break;
                    case DataType.F32: Fill((float*)copy, scan.Size, (float)air); break;
                    case DataType.F16: Fill((Half*)copy, scan.Size, (Half)air); break;
                }
            });
            GC.KeepAlive(scan);
            return new VoxelVolume(scan, ScanGeometry.Of(scan), filled);
        }
        catch
        {
            filled.Dispose();
            throw;
        }
    }

    static unsafe long Count<T>(VoxelVolume scan, CancellationToken cancellation) where T : unmanaged, INumberBase<T>
    {
        long found = 0;
        T* row = (T*)scan.Pointer;
        for (int z = 0; z < scan.Size.Z; z++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int y = 0; y < scan.Size.Y; y++, row += scan.Size.X)
            {
                var (start, end) = Edges(new ReadOnlySpan<T>(row, scan.Size.X));
                found += start + end;
            }
        }
        GC.KeepAlive(scan);
        return found;
    }

    static unsafe void Fill<T>(T* slice, (int X, int Y, int Z) size, T air) where T : unmanaged, INumberBase<T>
    {
        for (int y = 0; y < size.Y; y++)
        {
            var row = new Span<T>(slice + (long)y * size.X, size.X);
            var (start, end) = Edges<T>(row);
            row[..start].Fill(air);
            row[^end..].Fill(air);
        }
    }

    // Lengths of the runs at the start and at the end; a row without any value is one run.
    static (int Start, int End) Edges<T>(ReadOnlySpan<T> row) where T : INumberBase<T>
    {
        int start = 0, end = 0;
        while (start < row.Length && T.IsNaN(row[start]))
            start++;
        while (end < row.Length - start && T.IsNaN(row[^(end + 1)]))
            end++;
        return (start, end);
    }
}
