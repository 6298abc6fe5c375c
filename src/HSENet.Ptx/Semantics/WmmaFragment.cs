// wmma: which element of a matrix each register of each lane holds
namespace HSENet.Ptx;

/// <summary>The matrices of a wmma instruction.</summary>
enum WmmaMatrix
{
    A,
    B,

    /// <summary>C and D.</summary>
    Sums,
}

/// <summary>Rows of A, columns of B, and what they have in common.</summary>
readonly record struct WmmaShape(int M, int N, int K)
{
    /// <summary>Shapes of 8 rows are computed as the transposed product, so that the first factor always has blocks of 16 rows.</summary>
    public bool Transposed => M == 8 && N == 32;

    /// <summary>Blocks of 16 rows of the first factor, and of 8 columns of the second.</summary>
    public int FirstBlocks => Math.Max(M, N) == 32 ? 2 : 1;
    public int SecondBlocks => M == 16 ? 2 : 1;
}

/// <summary>
/// A fragment as the warp's lanes hold it. PTX leaves the mapping open and promises only that load, mma and store agree; here it is that
/// of the mma instructions of shape m16n8, block after block, which is also what GPUs from sm_80 on do. A and B of f16 have eight
/// registers whatever their size; what is left over holds the same elements again.
/// </summary>
/// <param name="shape">Shape of the product.</param>
/// <param name="matrix">Which matrix it is.</param>
/// <param name="type">Type of its elements.</param>
sealed class WmmaFragment(WmmaShape shape, WmmaMatrix matrix, PtxType type)
{
    /// <summary>Elements of a register: two of 16 bits, four of 8.</summary>
    public int PerRegister { get; } = Math.Max(1, 32 / type.Bits());

    public int ElementBytes => type.Bytes();

    /// <summary>Registers with elements of their own, and all.</summary>
    public int Distinct => Rows * Columns / (32 * PerRegister);
    public int Registers => matrix != WmmaMatrix.Sums && type == PtxType.F16 ? 8 : Distinct;

    public int Rows => matrix == WmmaMatrix.B ? shape.K : shape.M;
    public int Columns => matrix == WmmaMatrix.A ? shape.K : shape.N;

    /// <summary>Whether elements of a register are neighbours in a row of the matrix; otherwise in a column.</summary>
    public bool AlongRows => matrix == WmmaMatrix.A || (matrix == WmmaMatrix.Sums && !shape.Transposed);

    /// <summary>Row and column of an element.</summary>
    public (int Row, int Column) Position(int register, int element, int lane)
    {
        int g = lane / 4, t = lane % 4;
        register %= Distinct;
        if (type == PtxType.F64)
            return matrix switch
            {
                WmmaMatrix.A => (g, t),
                WmmaMatrix.B => (t, g),
                _ => (g, 2 * t + register),
            };
        if (matrix == WmmaMatrix.Sums)
        {
            int value = register * PerRegister + element, block = value / 4, part = value % 4;
            return Turn(16 * (block / shape.SecondBlocks) + g + 8 * (part / 2), 8 * (block % shape.SecondBlocks) + 2 * t + part % 2);
        }
        int depth = shape.K / (4 * PerRegister);
        if (matrix == WmmaMatrix.A != shape.Transposed)
        {
            int inBlock = register % (2 * depth);
            return Turn(16 * (register / (2 * depth)) + g + 8 * (inBlock % 2), inBlock / 2 * 4 * PerRegister + PerRegister * t + element);
        }
        return Turn(register % depth * 4 * PerRegister + PerRegister * t + element, 8 * (register / depth) + g);
    }

    (int Row, int Column) Turn(int row, int column) => shape.Transposed ? (column, row) : (row, column);
}
