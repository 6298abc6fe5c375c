// ldmatrix, stmatrix and movmatrix: how the rows of 8×8 matrices of 16-bit elements spread over the lanes of a warp
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>
/// Lane l supplies the address of row l % 8 of matrix l / 8; a row is 8 elements, 16 bytes. In registers lane l holds of each matrix the
/// elements 2·(l % 4) and the one after it of row l / 4, the first in the lower half; with .trans row and column change places.
/// </summary>
static unsafe class MatrixFragments
{
    public const int RowBytes = 16;
    public const int RowsPerMatrix = 8;

    /// <param name="rows">The 8 rows of one matrix, 32 words one after the other.</param>
    /// <param name="register">The row of 32 lanes that receives the fragment.</param>
    /// <param name="transposed">.trans.</param>
    public static void Load(uint* rows, uint* register, bool transposed)
    {
        if (!transposed)
        {
            // Row l / 4, word l % 4 is word l
            Vector512.Store(Vector512.Load(rows), register);
            Vector512.Store(Vector512.Load(rows + 16), register + 16);
            return;
        }
        ushort* elements = (ushort*)rows;
        for (int lane = 0; lane < 32; lane++)
        {
            int row = 2 * (lane % 4), column = lane / 4;
            register[lane] = elements[row * 8 + column] | (uint)elements[(row + 1) * 8 + column] << 16;
        }
    }

    /// <summary>The inverse of <see cref="Load"/>: the 8 rows that stmatrix writes.</summary>
    public static void Store(uint* register, uint* rows, bool transposed)
    {
        if (!transposed)
        {
            Vector512.Store(Vector512.Load(register), rows);
            Vector512.Store(Vector512.Load(register + 16), rows + 16);
            return;
        }
        ushort* elements = (ushort*)rows;
        for (int lane = 0; lane < 32; lane++)
        {
            int row = 2 * (lane % 4), column = lane / 4;
            elements[row * 8 + column] = (ushort)register[lane];
            elements[(row + 1) * 8 + column] = (ushort)(register[lane] >> 16);
        }
    }

    /// <summary>movmatrix: transposes the matrix that a register holds; source and destination may be the same.</summary>
    public static void Transpose(uint* source, uint* destination)
    {
        uint* rows = stackalloc uint[32];
        Store(source, rows, false);
        Load(rows, destination, true);
    }
}
