// VoxelRescale in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class VoxelRescale
{
    /// <summary>Values as [slices, columns, rows] doubles. The arguments must lie in host memory; Values is not touched.</summary>
    internal static double[] Reference(in VoxelRescaleArguments a)
    {
        var values = new double[a.Slices * a.Columns * a.Rows];
        for (int z = 0; z < a.Slices; z++)
            for (int x = 0; x < a.Columns; x++)
                for (int y = 0; y < a.Rows; y++)
                {
                    double stored = a.FileSlope * Voxel(a, (z * a.Rows + y) * a.Columns + x) + a.FileIntercept;
                    double hounsfield = a.Slope * stored + a.Intercept;
                    values[(z * a.Columns + x) * a.Rows + y] = Math.Clamp(hounsfield, a.Lowest, a.Highest) / a.Divisor;
                }
        return values;
    }

    static double Voxel(in VoxelRescaleArguments a, int index)
    {
        var bytes = a.Voxels.AsSpan()[(index * Size(a.Type))..];
        return a.Type switch
        {
            VoxelType.U8 => bytes[0],
            VoxelType.I8 => (sbyte)bytes[0],
            VoxelType.U16 => BitConverter.ToUInt16(bytes),
            VoxelType.I16 => BitConverter.ToInt16(bytes),
            VoxelType.U32 => BitConverter.ToUInt32(bytes),
            VoxelType.I32 => BitConverter.ToInt32(bytes),
            VoxelType.F32 => BitConverter.ToSingle(bytes),
            _ => BitConverter.ToDouble(bytes),
        };
    }
}
