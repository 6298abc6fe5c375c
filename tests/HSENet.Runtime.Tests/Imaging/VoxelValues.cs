// What a test compares of a volume.
namespace HSENet.Runtime.Tests;

internal static class VoxelValues
{
    /// <summary>All values with the file's scaling, x fastest.</summary>
    public static double[] Values(VoxelVolume volume)
    {
        var values = new double[volume.Count];
        volume.ToDoubles(0, values);
        return values;
    }
}
