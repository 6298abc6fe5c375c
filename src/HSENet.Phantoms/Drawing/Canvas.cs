// The voxels that a phantom is drawn into, and where they lie.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>A grid of samples: their places in the scanner, and over which lengths each takes the mean (partial volume).</summary>
/// <param name="Size">Voxels along x, y and z.</param>
/// <param name="First">Centre of the first voxel in mm.</param>
/// <param name="Step">Distance of voxels in mm.</param>
/// <param name="Blur">Edges of the box that a sample is the mean of, in mm.</param>
sealed record SampleGrid((int X, int Y, int Z) Size, Vector3 First, Vector3 Step, Vector3 Blur)
{
    public int Count => Size.X * Size.Y * Size.Z;

    public Vector3 At(int x, int y, int z) => First + new Vector3(x, y, z) * Step;
}

/// <summary>Hounsfield units on a grid, x fastest, while they are drawn.</summary>
sealed class Canvas(SampleGrid grid, Pose pose, bool labels)
{
    public SampleGrid Grid { get; } = grid;

    public Pose Pose { get; } = pose;

    public float[] Values { get; } = new float[grid.Count];

    /// <summary>Share of each voxel that is lung.</summary>
    public float[] Lung { get; } = new float[grid.Count];

    /// <summary>What each voxel belongs to (<see cref="Label"/>), if that was asked for.</summary>
    public byte[]? Labels { get; } = labels ? new byte[grid.Count] : null;

    /// <summary>How far an edge with this normal is smeared, in mm.</summary>
    public float Smear(Vector3 normal) => Vector3.Dot(Vector3.Abs(normal), Grid.Blur);

    /// <summary>Share of a voxel behind an edge that lies this far outside it.</summary>
    public static float Cover(float inside, float smear) => Math.Clamp(0.5f + inside / smear, 0, 1);

    /// <summary>Calls with every voxel of a box, and its place in the scanner.</summary>
    public void Each(Vector3 centre, Vector3 reach, VoxelAction action)
    {
        var from = (centre - reach - Grid.First) / Grid.Step;
        var to = (centre + reach - Grid.First) / Grid.Step;
        int x0 = Math.Max(0, (int)MathF.Ceiling(from.X)), x1 = Math.Min(Grid.Size.X - 1, (int)MathF.Floor(to.X));
        int y0 = Math.Max(0, (int)MathF.Ceiling(from.Y)), y1 = Math.Min(Grid.Size.Y - 1, (int)MathF.Floor(to.Y));
        int z0 = Math.Max(0, (int)MathF.Ceiling(from.Z)), z1 = Math.Min(Grid.Size.Z - 1, (int)MathF.Floor(to.Z));
        for (int z = z0; z <= z1; z++)
            for (int y = y0; y <= y1; y++)
            {
                int i = (z * Grid.Size.Y + y) * Grid.Size.X + x0;
                for (int x = x0; x <= x1; x++, i++)
                    action(i, Grid.At(x, y, z));
            }
    }

    /// <summary>Mixes a value in by its share of a voxel.</summary>
    public void Blend(int voxel, float value, float share) => Values[voxel] += (value - Values[voxel]) * share;

    public void Mark(int voxel, Label label, float share)
    {
        if (Labels is not null && share > 0.5f)
            Labels[voxel] = (byte)label;
    }
}

/// <summary>Does something with a voxel at a place in the scanner.</summary>
delegate void VoxelAction(int voxel, Vector3 place);
