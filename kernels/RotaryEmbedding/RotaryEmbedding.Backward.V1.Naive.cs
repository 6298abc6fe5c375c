// Computes  gradX[i] = g[i]·cos + g[i + R/2]·sin, gradX[i + R/2] = g[i + R/2]·cos − g[i]·sin of queries (in place) and keys; values are
//           copied
// Idea      a thread for every element of a token's row; the thread of the lower half writes both elements of its pair, since both need
//           both
// Numerics  two products and a sum, the second product fused
using ILGPU;

namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    static void BackwardV1(RotaryEmbeddingBackwardArguments a)
    {
        int token = Grid.IdxX;
        int column = Grid.IdxY * Group.DimX + Group.IdxX;
        int queryRow = a.QueryHeads * a.HeadSize, keyRow = a.KeyHeads * a.HeadSize, width = queryRow + 2 * keyRow;
        if (column >= width)
            return;
        int index = token * width + column, position = a.FirstPosition + token;
        int dimension = column % a.HeadSize, half = a.RotaryDimensions / 2;
        if (column >= queryRow + keyRow)
        {
            a.GradQueryKeyValue[index] = a.GradValues[position * keyRow + column - queryRow - keyRow];
            return;
        }
        if (column < queryRow)
        {
            if (dimension < half)
                TurnBack(a, a.GradQueryKeyValue, index, index, position * half + dimension, half);
            return;
        }
        int key = position * keyRow + column - queryRow;
        if (dimension < half)
            TurnBack(a, a.GradKeys, key, index, position * half + dimension, half);
        else if (dimension >= a.RotaryDimensions)
            a.GradQueryKeyValue[index] = a.GradKeys[key];
    }

    static void TurnBack(RotaryEmbeddingBackwardArguments a, View<float> source, int from, int to, int angle, int half)
    {
        float cosine = a.Cosine[angle], sine = a.Sine[angle], low = source[from], high = source[from + half];
        a.GradQueryKeyValue[to] = ScalarInstructions.FusedMultiplyAdd(low, cosine, high * sine);
        a.GradQueryKeyValue[to + half] = ScalarInstructions.FusedMultiplyAdd(high, cosine, -(low * sine));
    }
}
