// Size, distances and directions of a scan, as preparing changes them from step to step.
namespace HSENet.Runtime;

/// <summary>What a step of preparing needs to know of a scan beside its voxels.</summary>
/// <param name="Size">Voxels along x, y and z.</param>
/// <param name="Spacing">Their distance in mm.</param>
/// <param name="Orientation">Position and directions; null where they are not known.</param>
/// <param name="SlicePositions">First voxel of each slice, if each is stated.</param>
/// <param name="SliceAxis">The axis along which these slices follow each other.</param>
/// <param name="Type">Type of a voxel.</param>
readonly record struct ScanGeometry((int X, int Y, int Z) Size, (double X, double Y, double Z) Spacing, VolumeOrientation? Orientation,
    IReadOnlyList<PatientVector>? SlicePositions, int SliceAxis, DataType Type)
{
    public static ScanGeometry Of(VoxelVolume scan) =>
        new(scan.Size, scan.Spacing, scan.Orientation, scan.SlicePositions, scan.SliceAxis, scan.Type);

    public long ByteLength => (long)Size.X * Size.Y * Size.Z * Type.Size();

    public int[] Sizes => [Size.X, Size.Y, Size.Z];

    public double[] Spacings => [Spacing.X, Spacing.Y, Spacing.Z];
}
