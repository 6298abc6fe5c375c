// How a phantom's voxels lie in its files: turned as the scan's orientation says.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>A stored volume, x fastest, and where it lies in the patient (x to the left, y to the back, z to the head).</summary>
/// <typeparam name="T">Type of a voxel.</typeparam>
sealed class StoredVolume<T> where T : unmanaged
{
    StoredVolume(T[] voxels, (int X, int Y, int Z) size, Vector3 spacing, Vector3 direction, Vector3 first) =>
        (Voxels, Size, Spacing, Direction, First) = (voxels, size, spacing, direction, first);

    public T[] Voxels { get; }

    public (int X, int Y, int Z) Size { get; }

    public Vector3 Spacing { get; }

    /// <summary>1 or −1 for each axis: whether it runs to the left, to the back and to the head.</summary>
    public Vector3 Direction { get; }

    /// <summary>Centre of the first voxel in mm.</summary>
    public Vector3 First { get; }

    /// <summary>Stores a phantom's voxels.</summary>
    /// <param name="scan">Size, places and orientation.</param>
    /// <param name="voxels">Voxels to the left, to the back, to the head.</param>
    public static StoredVolume<T> Of(Scan scan, ReadOnlySpan<T> voxels)
    {
        var (x, y, z) = scan.Size;
        var direction = scan.StoredDirection;
        T[] stored = new T[voxels.Length];
        for (int k = 0, i = 0; k < z; k++)
            for (int j = 0; j < y; j++)
            {
                int row = ((direction.Z < 0 ? z - 1 - k : k) * y + (direction.Y < 0 ? y - 1 - j : j)) * x;
                for (int column = 0; column < x; column++, i++)
                    stored[i] = voxels[row + (direction.X < 0 ? x - 1 - column : column)];
            }
        return new(stored, scan.Size, scan.Spacing, direction, scan.First * direction);
    }
}
