// What a scanner adds: noise with the grain of a reconstruction, a slow drift, and a border that was not reconstructed.

namespace HSENet.Phantoms;

/// <summary>Noise of one scan.</summary>
/// <param name="Strength">Standard deviation in the middle of the body, in Hounsfield units.</param>
/// <param name="Grain">How much neighbours share: 0 for white noise, up to 1.</param>
/// <param name="Drift">Amplitude of slow changes.</param>
sealed record ScanNoise(float Strength, float Grain, float Drift)
{
    /// <summary>Adds noise to a canvas.</summary>
    /// <param name="canvas">The picture.</param>
    /// <param name="draws">Where the noise is drawn from.</param>
    /// <param name="apart">Whether samples lie too far apart to share anything.</param>
    public void Add(Canvas canvas, Draws draws, bool apart)
    {
        var (width, height, depth) = canvas.Grid.Size;
        var drift = new Ripples(draws);
        float side = apart ? 0 : Grain * 0.7f, gain = 1 / MathF.Sqrt((1 + 2 * side * side) * (1 + 2 * side * side));
        float[] slice = new float[width * height], across = new float[width * height], last = new float[width * height];
        for (int z = 0; z < depth; z++)
        {
            for (int i = 0; i < slice.Length; i++)
                slice[i] = Draws.NormalOf(draws.Bits());
            if (!apart)
                Spread(slice, across, width, height, side);
            float share = apart || z == 0 ? 0 : 0.35f * Grain, rest = MathF.Sqrt(1 - share * share);
            var target = canvas.Values.AsSpan(z * slice.Length, slice.Length);
            for (int y = 0, i = 0; y < height; y++)
                for (int x = 0; x < width; x++, i++)
                {
                    float noise = slice[i] = slice[i] * gain * rest + last[i] * share;
                    float u = 2f * x / width - 1, v = 2f * y / height - 1;
                    float local = Strength * (1.15f - 0.55f * MathF.Min(1, u * u + v * v));
                    target[i] += noise * local;
                }
            (slice, last) = (last, slice);
        }
        AddDrift(canvas, drift);
    }

    static void Spread(float[] slice, float[] across, int width, int height, float side)
    {
        for (int y = 0; y < height; y++)
        {
            int row = y * width;
            across[row] = slice[row];
            across[row + width - 1] = slice[row + width - 1];
            for (int x = 1; x < width - 1; x++)
                across[row + x] = slice[row + x] + side * (slice[row + x - 1] + slice[row + x + 1]);
        }
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                int i = y * width + x;
                slice[i] = across[i] + side * ((y > 0 ? across[i - width] : 0) + (y < height - 1 ? across[i + width] : 0));
            }
    }

    void AddDrift(Canvas canvas, Ripples drift)
    {
        var grid = canvas.Grid;
        for (int z = 0, i = 0; z < grid.Size.Z; z++)
            for (int y = 0; y < grid.Size.Y; y++)
            {
                // Along x the drift is slow enough to be a straight line between places 16 voxels apart.
                for (int x = 0; x < grid.Size.X; x += 16)
                {
                    float a = Drift * drift.At(grid.At(x, y, z) * 0.008f), b = Drift * drift.At(grid.At(x + 16, y, z) * 0.008f);
                    int count = Math.Min(16, grid.Size.X - x);
                    for (int j = 0; j < count; j++, i++)
                        canvas.Values[i] += a + (b - a) * j / 16;
                }
            }
    }
}
