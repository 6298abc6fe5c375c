// Computes  y[n,c] = x[n,c] / √(mean of x[n,·]² + ε) · γ[c]
// Idea      a group computes a row and keeps it in registers between the sum and the product: x is read once, and all loads of a row, γ's
//           too, are under way at the same time. V3 waits for memory once in every four steps of a lane, twice over; here a row waits once
// Numerics  256 sums of up to twelve squares in f32 with fused multiply-adds, a butterfly in each warp, then the warps from the first on
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    const int RowThreads = 256, RowWarps = RowThreads / 32, QuadStep = 4 * RowThreads, LongestRow = 3 * QuadStep;

    static Rung<RmsNormArguments> GroupPerRow<TFormat>(Action<RmsNormArguments> kernel) where TFormat : struct, IActivationFormat
    {
        var vector = Vector<TFormat>(kernel);
        return vector with
        {
            Name = "V4.GroupPerRow",
            Group = RowThreads,
            Launch = static a => new(a.Rows),
            Accepts = a => vector.Accepts(a) && a.Channels <= LongestRow,
            Claims = new() { NoBankConflicts = true },
        };
    }

    static void ForwardV4<TFormat>(RmsNormArguments a) where TFormat : struct, IActivationFormat
    {
        var sums = SharedMemory.Allocate<float>(RowWarps);
        int row = Grid.IdxX, c = 4 * Group.IdxX;
        Float4 x0 = Quad(a.X, row * a.Channels, c, a.Channels), x1 = Quad(a.X, row * a.Channels, c + QuadStep, a.Channels),
            x2 = Quad(a.X, row * a.Channels, c + 2 * QuadStep, a.Channels);
        Float4 gamma0 = Quad(a.Gamma, 0, c, a.Channels), gamma1 = Quad(a.Gamma, 0, c + QuadStep, a.Channels),
            gamma2 = Quad(a.Gamma, 0, c + 2 * QuadStep, a.Channels);
        float squares = WeightVectors.Dot(x2, x2, WeightVectors.Dot(x1, x1, WeightVectors.Dot(x0, x0, 0f)));
        squares = WarpSums.Sum(squares);
        if ((Group.IdxX & 31) == 0)
            sums[Group.IdxX >> 5] = squares;
        Group.Barrier(); // every thread reads the sums of all warps
        squares = 0f;
        for (int warp = 0; warp < RowWarps; warp++)
            squares += sums[warp];
        float meanSquare = ScalarInstructions.Divide(squares, a.Channels);
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(meanSquare + a.Epsilon));
        PutQuad<TFormat>(a, row, c, x0, gamma0, scale);
        PutQuad<TFormat>(a, row, c + QuadStep, x1, gamma1, scale);
        PutQuad<TFormat>(a, row, c + 2 * QuadStep, x2, gamma2, scale);
    }

    // Beyond the row's end zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Quad(View<float> values, int start, int c, int channels)
    {
        Float4 quad = default;
        if (c < channels)
            quad = WeightVectors.Inputs(values, start + c);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PutQuad<TFormat>(RmsNormArguments a, int row, int c, Float4 x, Float4 gamma, float scale)
        where TFormat : struct, IActivationFormat
    {
        if (c >= a.Channels)
            return;
        x.X = x.X * scale * gamma.X;
        x.Y = x.Y * scale * gamma.Y;
        x.Z = x.Z * scale * gamma.Z;
        x.W = x.W * scale * gamma.W;
        TFormat.StoreQuad(a.Y, row * a.Channels + c, x);
    }
}
