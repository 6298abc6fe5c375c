// Slices of a phantom as a picture, its findings outlined from the label volume.

namespace HSENet.Phantoms;

/// <summary>A sheet of axial slices from head to feet, as a radiologist looks at them: the patient's right is on the left.</summary>
static class PhantomPicture
{
    /// <summary>Lung window: black and white in Hounsfield units.</summary>
    public static readonly (float Black, float White) LungWindow = (-1350, 200), SoftWindow = (-150, 250);

    /// <summary>Colours of the labels from <see cref="Label.Nodule"/> on, as the page lists them.</summary>
    static readonly (byte R, byte G, byte B)[] Colours =
        [(255, 220, 40), (80, 170, 255), (255, 120, 60), (200, 110, 255), (60, 230, 120), (255, 90, 140), (70, 230, 230)];

    /// <summary>Draws slices.</summary>
    /// <param name="canvas">A phantom, with labels for outlines.</param>
    /// <param name="slices">Slices, from below.</param>
    /// <param name="columns">Pictures in a row.</param>
    /// <param name="window">What is black and what is white.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows of pixels.</param>
    /// <returns>Red, green, blue of every pixel, row by row.</returns>
    public static byte[] Slices(Canvas canvas, IReadOnlyList<int> slices, int columns, (float Black, float White) window,
        out int width, out int height)
    {
        var (x, y, _) = canvas.Grid.Size;
        (width, height) = (columns * x, (slices.Count + columns - 1) / columns * y);
        byte[] pixels = new byte[3 * width * height];
        for (int s = 0; s < slices.Count; s++)
            for (int row = 0; row < y; row++)
                for (int column = 0; column < x; column++)
                {
                    int voxel = (slices[s] * y + row) * x + column;
                    int at = 3 * ((s / columns * y + row) * width + s % columns * x + column);
                    // 64 greys: more of them are noise, and a file twice as long.
                    byte grey = (byte)((byte)Math.Clamp(255 * (canvas.Values[voxel] - window.Black) / (window.White - window.Black), 0,
                        255) & 0xFC);
                    pixels.AsSpan(at, 3).Fill(grey);
                    if (Outline(canvas, voxel, column, row) is { } colour)
                        (pixels[at], pixels[at + 1], pixels[at + 2]) = colour;
                }
        return pixels;
    }

    /// <summary>Writes slices at equal distances.</summary>
    public static void Write(string path, Canvas canvas, int count, int columns)
    {
        int depth = canvas.Grid.Size.Z;
        int[] slices = [.. Enumerable.Range(0, count).Select(i => (int)(depth * (0.93 - 0.86 * i / Math.Max(1, count - 1))))];
        byte[] pixels = Slices(canvas, slices, columns, LungWindow, out int width, out int height);
        PngFile.Write(path, pixels, width, height);
    }

    static (byte, byte, byte)? Outline(Canvas canvas, int voxel, int x, int y)
    {
        if (canvas.Labels is not { } labels || labels[voxel] < (byte)Label.Nodule)
            return null;
        int width = canvas.Grid.Size.X, height = canvas.Grid.Size.Y;
        byte own = labels[voxel];
        bool edge = x == 0 || y == 0 || x == width - 1 || y == height - 1 || labels[voxel - 1] != own || labels[voxel + 1] != own
            || labels[voxel - width] != own || labels[voxel + width] != own;
        return edge ? Colours[own - (byte)Label.Nodule] : null;
    }
}
