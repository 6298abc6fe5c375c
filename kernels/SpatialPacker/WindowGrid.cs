// The patch grid and its windows, which both operations of the packer share.
namespace HSENet.Kernels;

/// <summary>A grid of patches cut into windows; windows, and patches inside one, in (depth, height, width) order.</summary>
/// <param name="gridDepth">Patches along the depth.</param>
/// <param name="gridHeight">Patches along the height.</param>
/// <param name="gridWidth">Patches along the width.</param>
/// <param name="windowDepth">Patches of a window along the depth.</param>
/// <param name="windowHeight">Patches of a window along the height.</param>
/// <param name="windowWidth">Patches of a window along the width.</param>
public readonly struct WindowGrid(int gridDepth, int gridHeight, int gridWidth, int windowDepth, int windowHeight, int windowWidth)
{
    /// <summary>Makes a grid from its size and that of a window.</summary>
    public WindowGrid((int Depth, int Height, int Width) grid, (int Depth, int Height, int Width) window)
        : this(grid.Depth, grid.Height, grid.Width, window.Depth, window.Height, window.Width)
    {
    }

    internal int Patches => gridDepth * gridHeight * gridWidth;

    internal int Windows => gridDepth / windowDepth * (gridHeight / windowHeight) * (gridWidth / windowWidth);

    /// <summary>Patches of a window.</summary>
    internal int Window => windowDepth * windowHeight * windowWidth;

    /// <summary>The patch at place <paramref name="i"/> of window <paramref name="window"/>.</summary>
    internal int Patch(int window, int i)
    {
        int columns = gridWidth / windowWidth, lines = gridHeight / windowHeight;
        int d = window / (columns * lines) * windowDepth + i / (windowHeight * windowWidth);
        int h = window / columns % lines * windowHeight + i / windowWidth % windowHeight;
        int w = window % columns * windowWidth + i % windowWidth;
        return (d * gridHeight + h) * gridWidth + w;
    }

    /// <summary>Elements of a tensor with a row for each patch, and of one with a row for each window; throws unless every axis is a whole
    /// number of windows.</summary>
    internal (long Patches, long Windows) Check(string operation, int channels)
    {
        CheckAxis(operation, "GridDepth", gridDepth, "WindowDepth", windowDepth);
        CheckAxis(operation, "GridHeight", gridHeight, "WindowHeight", windowHeight);
        CheckAxis(operation, "GridWidth", gridWidth, "WindowWidth", windowWidth);
        long elements = Require.Elements(operation, "P × D", ("GridDepth", gridDepth), ("GridHeight", gridHeight), ("GridWidth", gridWidth),
            ("Channels", channels));
        return (elements, (long)Windows * channels);
    }

    internal void Deconstruct(out int ofGridDepth, out int ofGridHeight, out int ofGridWidth, out int ofWindowDepth, out int ofWindowHeight,
        out int ofWindowWidth)
    {
        (ofGridDepth, ofGridHeight, ofGridWidth) = (gridDepth, gridHeight, gridWidth);
        (ofWindowDepth, ofWindowHeight, ofWindowWidth) = (windowDepth, windowHeight, windowWidth);
    }

    static void CheckAxis(string operation, string gridName, int grid, string windowName, int window)
    {
        Require.Positive(operation, gridName, grid);
        Require.Positive(operation, windowName, window);
        Require.That(grid % window == 0, operation, gridName, "a multiple of the window's size", grid);
    }
}
