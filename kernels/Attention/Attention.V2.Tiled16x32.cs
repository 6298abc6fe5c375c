// Computes  y[t] = Σ_s f[s] · p[s] · v[s] / Σ_s p[s],  p[s] = e^(scale·q[t]·k[s] − max),  f dropout's factors
// Idea      a group computes 16 queries of a head, a warp four of them, and walks once along the keys, 32 at a time: a tile of K and V lies
//           in shared memory and serves all 16. For scores a lane is a key, for the sums over values it is a dimension; scores never leave
//           registers. The maximum is that of the keys so far: where it grows, the sums so far shrink by e^(old − new)
// Numerics  scores from d = 0 up, sums from s = 0 up in f32; the sum below the fraction is 32 sums of every 32nd key, then a butterfly
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    // A row of K is 129 floats after the one before: 32 lanes that read 32 keys at one d meet no bank twice.
    const int TileQueries = 16, WarpQueries = 4, TileKeys = 32, LargestHead = 128, KeyPitch = LargestHead + 1;
    const int TiledThreads = TileQueries / WarpQueries * 32;

    // What a warp knows of a query: a lane's share of the sums, and y at dimensions lane, lane + 32, + 64, + 96.
    struct QueryState
    {
        public float Max, Sum;
        public Float4 Y;
    }

    static Rung<AttentionArguments> Tiled<TInput>(Action<AttentionArguments> kernel) where TInput : struct, IActivationFormat =>
        Rung.Gpu("V2.Tiled16x32", kernel) with
        {
            Activations = TInput.Type,
            Group = TiledThreads,
            Launch = static a => new(Parts.Of(a.Queries, TileQueries), a.QueryHeads, a.Batch),
            Accepts = static a => a.Q.Type == TInput.Type && a.HeadSize <= LargestHead,
            Claims = new() { NoBankConflicts = true },
        };

    static void ForwardV2<TInput>(AttentionArguments a) where TInput : struct, IActivationFormat
    {
        var q = SharedMemory.Allocate<float>(TileQueries * LargestHead);
        var k = SharedMemory.Allocate<float>(TileKeys * KeyPitch);
        var v = SharedMemory.Allocate<float>(TileKeys * LargestHead);
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, h = Grid.IdxY, b = Grid.IdxZ;
        int firstQuery = Grid.IdxX * TileQueries, t = firstQuery + warp * WarpQueries;
        int head = h / (a.QueryHeads / a.KeyHeads) * a.HeadSize;
        for (int row = warp; row < TileQueries; row += TiledThreads / 32)
        {
            int from = (b * a.Queries + Math.Min(firstQuery + row, a.Queries - 1)) * a.QueryStride + h * a.HeadSize;
            for (int d = lane; d < a.HeadSize; d += 32)
                q[row * LargestHead + d] = TInput.Load(a.Q, from + d);
        }

        QueryState s0 = default, s1 = default, s2 = default, s3 = default;
        s0.Max = s1.Max = s2.Max = s3.Max = float.NegativeInfinity;
        int last = Math.Min(firstQuery + TileQueries, a.Queries) - 1; // sees the most keys
        int keys = Visible(a, last);
        for (int firstKey = 0; firstKey < keys; firstKey += TileKeys)
        {
            Group.Barrier(); // all have read the tiles before
            for (int row = warp; row < TileKeys; row += TiledThreads / 32)
            {
                // Beyond the last key it is that one again; its probability is 0.
                int from = (b * a.Keys + Math.Min(firstKey + row, a.Keys - 1)) * a.KeyStride + head;
                for (int d = lane; d < a.HeadSize; d += 32)
                {
                    k[row * KeyPitch + d] = TInput.Load(a.K, from + d);
                    v[row * LargestHead + d] = TInput.Load(a.V, from + d);
                }
            }
            Group.Barrier(); // the tiles are whole
            if (t >= a.Queries)
                continue;

            Float4 scores = default; // of four queries with the lane's key
            int ofQueries = warp * WarpQueries * LargestHead, ofKey = lane * KeyPitch;
            for (int d = 0; d < a.HeadSize; d++)
            {
                float key = k[ofKey + d];
                scores.X = ScalarInstructions.FusedMultiplyAdd(q[ofQueries + d], key, scores.X);
                scores.Y = ScalarInstructions.FusedMultiplyAdd(q[ofQueries + d + LargestHead], key, scores.Y);
                scores.Z = ScalarInstructions.FusedMultiplyAdd(q[ofQueries + d + 2 * LargestHead], key, scores.Z);
                scores.W = ScalarInstructions.FusedMultiplyAdd(q[ofQueries + d + 3 * LargestHead], key, scores.W);
            }
            scores.X = Score(a, t, firstKey + lane, scores.X);
            scores.Y = Score(a, t + 1, firstKey + lane, scores.Y);
            scores.Z = Score(a, t + 2, firstKey + lane, scores.Z);
            scores.W = Score(a, t + 3, firstKey + lane, scores.W);
            s0 = Raise(s0, scores.X);
            s1 = Raise(s1, scores.Y);
            s2 = Raise(s2, scores.Z);
            s3 = Raise(s3, scores.W);
            float p0 = DeviceMath.Exp(scores.X - s0.Max), p1 = DeviceMath.Exp(scores.Y - s1.Max);
            float p2 = DeviceMath.Exp(scores.Z - s2.Max), p3 = DeviceMath.Exp(scores.W - s3.Max);
            s0.Sum += p0;
            s1.Sum += p1;
            s2.Sum += p2;
            s3.Sum += p3;
            if (a.DropoutRate > 0f)
            {
                int of = ((b * a.QueryHeads + h) * a.Queries + t) * a.Keys + firstKey + lane;
                p0 *= DropoutMask.Factor(a.DropoutSeed, of, a.DropoutRate);
                p1 *= DropoutMask.Factor(a.DropoutSeed, of + a.Keys, a.DropoutRate);
                p2 *= DropoutMask.Factor(a.DropoutSeed, of + 2 * a.Keys, a.DropoutRate);
                p3 *= DropoutMask.Factor(a.DropoutSeed, of + 3 * a.Keys, a.DropoutRate);
            }
            // Dimensions that a head does not have are its last one again; nobody stores them.
            int most = a.HeadSize - 1, d0 = Math.Min(lane, most), d1 = Math.Min(lane + 32, most);
            int d2 = Math.Min(lane + 64, most), d3 = Math.Min(lane + 96, most);
            for (int key = 0; key < TileKeys; key++)
            {
                int row = key * LargestHead;
                Float4 values = default;
                values.X = v[row + d0];
                values.Y = v[row + d1];
                if (a.HeadSize > 64)
                {
                    values.Z = v[row + d2];
                    values.W = v[row + d3];
                }
                s0.Y = MultiplyAdd(Warp.Shuffle(p0, key), values, s0.Y);
                s1.Y = MultiplyAdd(Warp.Shuffle(p1, key), values, s1.Y);
                s2.Y = MultiplyAdd(Warp.Shuffle(p2, key), values, s2.Y);
                s3.Y = MultiplyAdd(Warp.Shuffle(p3, key), values, s3.Y);
            }
        }
        StoreQuery<TInput>(a, b, h, t, s0);
        StoreQuery<TInput>(a, b, h, t + 1, s1);
        StoreQuery<TInput>(a, b, h, t + 2, s2);
        StoreQuery<TInput>(a, b, h, t + 3, s3);
    }

    /// <summary>Keys that a query sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Visible(AttentionArguments a, int t) => a.Keys - a.Causal * (a.Queries - 1 - t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Score(AttentionArguments a, int t, int s, float dot) =>
        s < Visible(a, Math.Min(t, a.Queries - 1)) ? dot * a.Scale : float.NegativeInfinity;

    // Takes the scores of 32 keys into the maximum. The first tile has a key that every query sees, so that it is a number from then on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static QueryState Raise(QueryState state, float score)
    {
        float max = MathF.Max(state.Max, WarpSums.Max(score));
        float factor = DeviceMath.Exp(state.Max - max);
        state.Max = max;
        state.Sum *= factor;
        state.Y.X *= factor;
        state.Y.Y *= factor;
        state.Y.Z *= factor;
        state.Y.W *= factor;
        return state;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Float4 MultiplyAdd(float p, Float4 values, Float4 sums)
    {
        sums.X = ScalarInstructions.FusedMultiplyAdd(p, values.X, sums.X);
        sums.Y = ScalarInstructions.FusedMultiplyAdd(p, values.Y, sums.Y);
        sums.Z = ScalarInstructions.FusedMultiplyAdd(p, values.Z, sums.Z);
        sums.W = ScalarInstructions.FusedMultiplyAdd(p, values.W, sums.W);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreQuery<TInput>(AttentionArguments a, int b, int h, int t, QueryState state) where TInput : struct, IActivationFormat
    {
        if (t >= a.Queries)
            return;
        float sum = WarpSums.Sum(state.Sum);
        int lane = Group.IdxX & 31, y = ((b * a.Queries + t) * a.QueryHeads + h) * a.HeadSize;
        StoreValue<TInput>(a, y, lane, state.Y.X, sum);
        StoreValue<TInput>(a, y, lane + 32, state.Y.Y, sum);
        StoreValue<TInput>(a, y, lane + 64, state.Y.Z, sum);
        StoreValue<TInput>(a, y, lane + 96, state.Y.W, sum);
        if (lane == 0)
            StoreLogSum(a, b, h, t, state.Max, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreValue<TInput>(AttentionArguments a, int y, int d, float value, float sum) where TInput : struct, IActivationFormat
    {
        if (d < a.HeadSize)
            TInput.Store(a.Y, y + d, ScalarInstructions.Divide(value, sum));
    }
}
