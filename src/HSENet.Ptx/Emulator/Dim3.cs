// Three sizes of a grid or a block, as CUDA counts them.
namespace HSENet.Ptx;

/// <summary>Sizes of a grid (in blocks) or a block (in threads), or a position in one; x runs fastest.</summary>
/// <param name="X">First size or position.</param>
/// <param name="Y">Second.</param>
/// <param name="Z">Third.</param>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>Product of the three sizes.</summary>
    public long Count => (long)X * Y * Z;

    /// <summary>A line of <paramref name="x"/>.</summary>
    public static implicit operator Dim3(int x) => new(x);

    /// <summary>The position of the <paramref name="index"/>-th element.</summary>
    internal Dim3 Position(long index) => new((int)(index % X), (int)(index / X % Y), (int)(index / X / Y));

    /// <summary>As <c>(x, y, z)</c>.</summary>
    public override string ToString() => $"({X}, {Y}, {Z})";
}
