// Rounding up: groups of a grid, items of a host rung.
namespace HSENet.Kernels;

static class Parts
{
    /// <summary>How many parts of a size it takes to hold <paramref name="count"/> things.</summary>
    public static int Of(long count, int size) => checked((int)((count + size - 1) / size));
}
