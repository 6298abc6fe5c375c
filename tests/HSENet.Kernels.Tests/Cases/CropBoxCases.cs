// Cases of CropBox: padded on every side, nothing above zero, one voxel, columns beside the vector width.
namespace HSENet.Kernels.Tests;

public static class CropBoxCases
{
    public static IEnumerable<KernelCase> All =>
    [
        Case((5, 9, 40), (1, 2, 18), (4, 7, 39)), Case((3, 70, 33), (0, 1, 32), (3, 69, 33)), Case((4, 3, 16), (0, 0, 0), (4, 3, 16)),
        Case((2, 2, 2), (0, 0, 0), (0, 0, 0)), Case((1, 1, 1), (0, 0, 0), (1, 1, 1)),
    ];

    static KernelCase<CropBoxArguments> Case((int D, int H, int W) size, (int D, int H, int W) start, (int D, int H, int W) end) =>
        new(CropBox.ForwardOperation,
        memory => new CropBoxArguments
        {
            X = memory.Input(Volume(size, start, end)),
            Occupied = memory.Output<int>(size.D + size.H + size.W),
            Depth = size.D,
            Height = size.H,
            Width = size.W,
        },
        a => [Expected.Of(CropBox.Reference(a), _ => 0)])
        {
            Name = $"{start} to {end} of {size}",
            Twins = end == size || end.D == 0 ? [] : new()
            {
                ["volume shifted by one voxel"] = static a => a with { X = new View<float>(a.X.Address - 4, a.X.Length) },
                ["rows and columns exchanged"] = static a => a with { Height = a.Width, Width = a.Height },
            },
        };

    /// <summary>Values above 0 in both corners of the box and scattered inside; otherwise 0, -0 or below.</summary>
    internal static float[] Volume((int D, int H, int W) size, (int D, int H, int W) start, (int D, int H, int W) end)
    {
        float[] noise = Numbers.Uniform(size.D * size.H * size.W, 1), values = new float[noise.Length];
        for (int d = 0, i = 0; d < size.D; d++)
            for (int h = 0; h < size.H; h++)
                for (int w = 0; w < size.W; w++, i++)
                {
                    bool corner = (d, h, w) == start || (d, h, w) == (end.D - 1, end.H - 1, end.W - 1);
                    bool inside = d >= start.D && h >= start.H && w >= start.W && d < end.D && h < end.H && w < end.W;
                    values[i] = inside && (corner || noise[i] > 0.9f) ? 1e-30f : noise[i] > 0 ? -0f : Math.Min(0, noise[i]);
                }
        return values;
    }
}
