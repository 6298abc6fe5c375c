// Computes  y[i] = x[i]·cos − x[i + R/2]·sin, y[i + R/2] = x[i + R/2]·cos + x[i]·sin of queries (in place) and keys (into the cache);
//           values are copied
// Idea      as V1, four neighbouring dimensions a thread: loads and stores of 8 or 16 bytes, and a quarter of the address arithmetic
// Numerics  two products and a sum, the second product fused
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    static Rung<RotaryEmbeddingArguments> Vector<TFormat>(Action<RotaryEmbeddingArguments> kernel)
        where TFormat : struct, IActivationFormat =>
        Rung.Gpu("V2.Vector", kernel).WithThreads(128, static a => a.Tokens, static a => (a.QueryHeads + 2 * a.KeyHeads) * a.HeadSize / 4)
            with
        {
            Activations = TFormat.Type,
            Accepts = static a => a.QueryKeyValue.Type == TFormat.Type && a.HeadSize % 4 == 0 && a.RotaryDimensions % 8 == 0
                && (a.QueryKeyValue.Address | a.KeyCache.Address | a.ValueCache.Address | a.Cosine.Address | a.Sine.Address) % 16 == 0,
        };

    static void ForwardV2<TFormat>(RotaryEmbeddingArguments a) where TFormat : struct, IActivationFormat
    {
        int token = Grid.IdxX, column = 4 * (Grid.IdxY * Group.DimX + Group.IdxX);
        int queryRow = a.QueryHeads * a.HeadSize, keyRow = a.KeyHeads * a.HeadSize, width = queryRow + 2 * keyRow;
        if (column >= width)
            return;
        int index = token * width + column, cacheRow = (a.FirstPosition + token) * keyRow;
        if (column >= queryRow + keyRow)
        {
            TFormat.StoreQuad(a.ValueCache, cacheRow + column - queryRow - keyRow, TFormat.LoadQuad(a.QueryKeyValue, index));
            return;
        }
        int dimension = column % a.HeadSize, half = a.RotaryDimensions / 2, key = cacheRow + column - queryRow;
        bool isKey = column >= queryRow;
        if (dimension < half)
        {
            int row = (a.FirstPosition + token) * half + dimension;
            Float4 cosine = WeightVectors.Inputs(a.Cosine, row), sine = WeightVectors.Inputs(a.Sine, row);
            Float4 low = TFormat.LoadQuad(a.QueryKeyValue, index), high = TFormat.LoadQuad(a.QueryKeyValue, index + half);
            Float4 rotatedHigh = Rotate(high, cosine, low, sine);
            sine.X = -sine.X;
            sine.Y = -sine.Y;
            sine.Z = -sine.Z;
            sine.W = -sine.W;
            Float4 rotatedLow = Rotate(low, cosine, high, sine);
            if (isKey)
            {
                TFormat.StoreQuad(a.KeyCache, key, rotatedLow);
                TFormat.StoreQuad(a.KeyCache, key + half, rotatedHigh);
            }
            else
            {
                TFormat.StoreQuad(a.QueryKeyValue, index, rotatedLow);
                TFormat.StoreQuad(a.QueryKeyValue, index + half, rotatedHigh);
            }
        }
        else if (isKey && dimension >= a.RotaryDimensions)
            TFormat.StoreQuad(a.KeyCache, key, TFormat.LoadQuad(a.QueryKeyValue, index));
    }

    /// <summary>x · cosine + other · sine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Rotate(Float4 x, Float4 cosine, Float4 other, Float4 sine)
    {
        x.X = ScalarInstructions.FusedMultiplyAdd(x.X, cosine.X, other.X * sine.X);
        x.Y = ScalarInstructions.FusedMultiplyAdd(x.Y, cosine.Y, other.Y * sine.Y);
        x.Z = ScalarInstructions.FusedMultiplyAdd(x.Z, cosine.Z, other.Z * sine.Z);
        x.W = ScalarInstructions.FusedMultiplyAdd(x.W, cosine.W, other.W * sine.W);
        return x;
    }
}
