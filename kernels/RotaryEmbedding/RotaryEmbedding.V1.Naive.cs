// Computes  y[i] = x[i]·cos − x[i + R/2]·sin, y[i + R/2] = x[i + R/2]·cos + x[i]·sin of queries (in place) and keys (into the cache);
//           values are copied
// Idea      a thread for every element of a token's row; the thread of the lower half writes both elements of its pair, since both need
//           both
// Numerics  two products and a sum, the second product fused
using ILGPU;

namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    static void ForwardV1(RotaryEmbeddingArguments a)
    {
        int token = Grid.IdxX;
        int column = Grid.IdxY * Group.DimX + Group.IdxX;
        int queryRow = a.QueryHeads * a.HeadSize, keyRow = a.KeyHeads * a.HeadSize, width = queryRow + 2 * keyRow;
        if (column >= width)
            return;
        int index = token * width + column;
        int cacheRow = (a.FirstPosition + token) * keyRow;
        if (column >= queryRow + keyRow)
        {
            AnyActivations.Store(a.ValueCache, cacheRow + column - queryRow - keyRow, AnyActivations.Load(a.QueryKeyValue, index));
            return;
        }
        int dimension = column % a.HeadSize, half = a.RotaryDimensions / 2;
        bool isKey = column >= queryRow;
        if (dimension < half)
        {
            int row = (a.FirstPosition + token) * half + dimension;
            float cosine = a.Cosine[row], sine = a.Sine[row];
            float low = AnyActivations.Load(a.QueryKeyValue, index), high = AnyActivations.Load(a.QueryKeyValue, index + half);
            float rotatedLow = ScalarInstructions.FusedMultiplyAdd(low, cosine, -(high * sine));
            float rotatedHigh = ScalarInstructions.FusedMultiplyAdd(high, cosine, low * sine);
            if (isKey)
            {
                AnyActivations.Store(a.KeyCache, cacheRow + column - queryRow, rotatedLow);
                AnyActivations.Store(a.KeyCache, cacheRow + column - queryRow + half, rotatedHigh);
            }
            else
            {
                AnyActivations.Store(a.QueryKeyValue, index, rotatedLow);
                AnyActivations.Store(a.QueryKeyValue, index + half, rotatedHigh);
            }
        }
        else if (isKey && dimension >= a.RotaryDimensions)
            AnyActivations.Store(a.KeyCache, cacheRow + column - queryRow, AnyActivations.Load(a.QueryKeyValue, index));
    }
}
