// Computes  v[z,x,y] = clamp(slope · (fileSlope · voxel[z,y,x] + fileIntercept) + intercept, lowest, highest) / divisor
// Idea      an item is eight rows of a slice: widened and rescaled along x in scratch, then stored along y, eight values of a column at a
//           time
// Numerics  every operation rounds once in double precision, none is fused: the values of the reference
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class VoxelRescale
{
    const int HostRowsPerItem = 8; // one cache line of a column

    static void HostForward(HostDevice device, VoxelRescaleArguments a) =>
        device.For(a.Slices * Parts.Of(a.Rows, HostRowsPerItem), new HostWork(device, a));

    readonly unsafe struct HostWork(HostDevice device, VoxelRescaleArguments a) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int blocks = Parts.Of(a.Rows, HostRowsPerItem);
            int z = index / blocks, first = index % blocks * HostRowsPerItem, count = Math.Min(HostRowsPerItem, a.Rows - first);
            double* rows = device.Scratch<double>(worker, (long)HostRowsPerItem * a.Columns);
            byte* source = a.Voxels.Pointer + ((long)z * a.Rows + first) * a.Columns * Size(a.Type);
            Widen(source, a.Type, rows, count * a.Columns);
            Rescale(a, rows, count * a.Columns);
            Transpose(rows, count, a.Columns, a.Values.Pointer + (long)z * a.Columns * a.Rows + first, a.Rows);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Widen(byte* source, VoxelType type, double* to, int count)
    {
        switch (type)
        {
            case VoxelType.U8: for (int i = 0; i < count; i++) to[i] = source[i]; break;
            case VoxelType.I8: for (int i = 0; i < count; i++) to[i] = ((sbyte*)source)[i]; break;
            case VoxelType.U16: for (int i = 0; i < count; i++) to[i] = ((ushort*)source)[i]; break;
            case VoxelType.I16: for (int i = 0; i < count; i++) to[i] = ((short*)source)[i]; break;
            case VoxelType.U32: for (int i = 0; i < count; i++) to[i] = ((uint*)source)[i]; break;
            case VoxelType.I32: for (int i = 0; i < count; i++) to[i] = ((int*)source)[i]; break;
            case VoxelType.F32: for (int i = 0; i < count; i++) to[i] = ((float*)source)[i]; break;
            default: new ReadOnlySpan<double>(source, count).CopyTo(new Span<double>(to, count)); break;
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Rescale(in VoxelRescaleArguments a, double* values, int count)
    {
        Vector<double> fileSlope = new(a.FileSlope), fileIntercept = new(a.FileIntercept), slope = new(a.Slope),
            intercept = new(a.Intercept);
        Vector<double> lowest = new(a.Lowest), highest = new(a.Highest), divisor = new(a.Divisor);
        int i = 0;
        for (; i <= count - Vector<double>.Count; i += Vector<double>.Count)
        {
            var hounsfield = slope * (fileSlope * Vector.Load(values + i) + fileIntercept) + intercept;
            (Vector.Min(Vector.Max(hounsfield, lowest), highest) / divisor).Store(values + i);
        }
        for (; i < count; i++)
            values[i] = Math.Clamp(a.Slope * (a.FileSlope * values[i] + a.FileIntercept) + a.Intercept, a.Lowest, a.Highest) / a.Divisor;
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Transpose(double* rows, int count, int columns, double* to, int stride)
    {
        for (int x = 0; x < columns; x++, to += stride)
            for (int y = 0; y < count; y++)
                to[y] = rows[(long)y * columns + x];
    }
}
