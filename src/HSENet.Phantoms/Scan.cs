// How a phantom was scanned: position, field of view, spacing, noise, and how its file stores it.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>One scan. None of it depends on what the patient has.</summary>
sealed record Scan
{
    /// <summary>Voxels along x, y and z at most.</summary>
    public static readonly (int X, int Y, int Z) LargestMatrix = (192, 192, 96);

    public required Pose Pose { get; init; }

    /// <summary>Voxels to the left, to the back and to the head.</summary>
    public required (int X, int Y, int Z) Size { get; init; }

    /// <summary>Their distance in mm.</summary>
    public required Vector3 Spacing { get; init; }

    /// <summary>Thickness of what a slice is the mean of, in mm.</summary>
    public required float Thickness { get; init; }

    public required ScanNoise Noise { get; init; }

    /// <summary>Error of the scanner's scale in Hounsfield units.</summary>
    public required float Offset { get; init; }

    /// <summary>Whether only a circle was reconstructed, as many scanners do.</summary>
    public required bool Round { get; init; }

    /// <summary>Where x, y and z of the stored file run.</summary>
    public required string Orientation { get; init; }

    public static Scan Draw(long seed, long index, float scale, (int X, int Y, int Z) largest)
    {
        var d = new Draws(seed, index, "scan");
        float tall = scale * 285 + d.Between(0, 28), wide = 345 * scale + d.Between(0, 50);
        int matrix = Math.Min(d.OneOf(160, 176, 192), Math.Min(largest.X, largest.Y));
        int slices = Math.Min(72 + d.Below(25), largest.Z);
        var spacing = new Vector3(Rounded(wide / matrix), Rounded(wide / matrix), Rounded(tall / slices));
        return new Scan
        {
            Pose = new Pose(new Vector3(d.Between(-9, 9), d.Between(-14, 6), d.Between(-6, 10)), d.Between(-.07f, .07f),
                d.Between(-.05f, .05f), scale),
            Size = (matrix, matrix, slices),
            Spacing = spacing,
            Thickness = spacing.Z * d.Between(0.7f, 1.1f),
            Noise = new ScanNoise(d.Between(10, 38), d.Between(0.2f, 0.8f), d.Between(2, 9)),
            Offset = d.Between(-8, 8),
            Round = d.Chance(0.3f),
            Orientation = d.OneOf("LPS", "RAS", "LAS", "LPI"),
        };

        static float Rounded(float millimetres) => MathF.Round(millimetres, 4);
    }

    /// <summary>1 or −1 for each axis: whether the stored file runs to the left, to the back and to the head.</summary>
    public Vector3 StoredDirection =>
        new(Orientation[0] == 'L' ? 1 : -1, Orientation[1] == 'P' ? 1 : -1, Orientation[2] == 'S' ? 1 : -1);

    /// <summary>Centre of the first voxel: the middle of the scan is at 0.</summary>
    public Vector3 First => -0.5f * new Vector3(Size.X - 1, Size.Y - 1, Size.Z - 1) * Spacing;

    /// <summary>What the scan measures.</summary>
    public SampleGrid Grid => new(Size, First, Spacing, new Vector3(Spacing.X, Spacing.Y, Thickness));

    /// <summary>What a model's volume of this size reads of the scan.</summary>
    /// <param name="depth">Slices.</param>
    /// <param name="height">Rows, which run along the scan's x.</param>
    /// <param name="width">Columns.</param>
    /// <param name="average">Whether a voxel is the mean over its area in the slice, instead of a sample as sharp as the scan.</param>
    public SampleGrid Resampled(int depth, int height, int width, bool average)
    {
        var extent = new Vector3(Size.X, Size.Y, Size.Z) * Spacing;
        var step = extent / new Vector3(height, width, depth);
        return new SampleGrid((height, width, depth), -0.5f * extent + 0.5f * step, step,
            average ? Grid.Blur with { X = MathF.Max(step.X, Spacing.X), Y = MathF.Max(step.Y, Spacing.Y) } : Grid.Blur);
    }
}
