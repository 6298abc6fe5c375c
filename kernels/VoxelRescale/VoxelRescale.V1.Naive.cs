// Computes  v[z,x,y] = clamp(slope · (fileSlope · voxel[z,y,x] + fileIntercept) + intercept, lowest, highest) / divisor
// Idea      a thread computes one value; writes are side by side, reads are a row of voxels apart
// Numerics  every operation rounds once in double precision, none is fused: the values of the reference
using ILGPU;

namespace HSENet.Kernels;

public static partial class VoxelRescale
{
    static void ForwardV1(VoxelRescaleArguments a)
    {
        int y = Grid.IdxX * Group.DimX + Group.IdxX;
        int x = Grid.IdxY;
        int z = Grid.IdxZ;
        if (y >= a.Rows)
            return;
        double stored = ScalarInstructions.Add(ScalarInstructions.Multiply(a.FileSlope, Load(a, (z * a.Rows + y) * a.Columns + x)),
            a.FileIntercept);
        double hounsfield = ScalarInstructions.Add(ScalarInstructions.Multiply(a.Slope, stored), a.Intercept);
        double clamped = hounsfield < a.Lowest ? a.Lowest : hounsfield > a.Highest ? a.Highest : hounsfield;
        a.Values[(z * a.Columns + x) * a.Rows + y] = ScalarInstructions.Divide(clamped, a.Divisor);
    }

    static unsafe double Load(VoxelRescaleArguments a, int index)
    {
        long voxels = a.Voxels.Address;
        if (a.Type == VoxelType.U8)
            return ((byte*)voxels)[index];
        if (a.Type == VoxelType.I8)
            return ((sbyte*)voxels)[index];
        if (a.Type == VoxelType.U16)
            return ((ushort*)voxels)[index];
        if (a.Type == VoxelType.I16)
            return ((short*)voxels)[index];
        if (a.Type == VoxelType.U32)
            return ((uint*)voxels)[index];
        if (a.Type == VoxelType.I32)
            return ((int*)voxels)[index];
        if (a.Type == VoxelType.F32)
            return ((float*)voxels)[index];
        return ((double*)voxels)[index];
    }
}
