// Computes  map = softmax(Q·Kᵀ/√D),  y = dropout(map)·V
// Idea      a group computes 16 patches against up to 32 slices: a warp two patches, a lane a slice, so that a softmax is a butterfly and
//           no score leaves its register. 128 channels of Q and K at a time lie in shared memory, where a load of 16 bytes gives four channels
//           of a slice, or of a patch for all lanes; those of the next step are under way meanwhile. Then a thread takes four channels of V
//           with the weights of all 16 patches, four slices under way at once
// Numerics  scores left to right in f32 with fused multiply-adds; the largest is subtracted before exp; its sum is a butterfly; the sum of
//           values in the order of the slices; dropout's factor comes last
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    const int TileThreads = 256, TilePatches = 16, TileSlices = 32, TileDepth = 128;

    // Rows of channels lie 4 words apart in banks, so that eight lanes' 16 bytes meet every bank once.
    const int TileStride = TileDepth + 4, WeightStride = TilePatches + 4;

    // What a thread brings to shared memory: of every eighth patch and slice four channels.
    struct CarriedRows
    {
        public Float4 Q0, Q1, K0, K1, K2, K3;
    }

    // Four channels of four patches, and of all of the tile.
    struct FourSums
    {
        public Float4 P0, P1, P2, P3;
    }

    struct PatchSums
    {
        public FourSums A, B, C, D;
    }

    static Rung<SliceGuidedAttentionArguments> Tiled<TFormat>(Action<SliceGuidedAttentionArguments> kernel)
        where TFormat : struct, IActivationFormat => Rung.Gpu("V2.Tile16x32", kernel) with
        {
            Activations = TFormat.Type,
            Group = TileThreads,
            GroupsPerMultiprocessor = 1, // the assembler stops at 128 registers otherwise, and spills
            Launch = static a => new(Parts.Of(a.Patches, TilePatches)),
            Accepts = static a => a.K.Type == TFormat.Type && a.Y.Type == TFormat.Type && a.Slices <= TileSlices
                && a.Channels % TileDepth == 0
                && (a.Q.Address | a.K.Address | a.V.Address | a.Y.Address) % 16 == 0,
        };

    static void ForwardV2<TFormat>(SliceGuidedAttentionArguments a) where TFormat : struct, IActivationFormat
    {
        var shared = SharedMemory.Allocate<float>((TilePatches + TileSlices) * TileStride);
        int thread = Group.IdxX, lane = thread & 31, warp = thread >> 5, first = Grid.IdxX * TilePatches;
        int channel = 4 * lane, to = warp * TileStride + channel;
        int fromQ = 2 * warp * TileStride, fromK = (TilePatches + lane) * TileStride;
        float score0 = 0f, score1 = 0f;
        var rows = Carry<TFormat>(a, first, warp, channel);
        for (int d0 = TileDepth; d0 <= a.Channels; d0 += TileDepth)
        {
            Group.Barrier(); // all have read the rows before
            VectorInstructions.StoreShared(ref shared[to], 0, rows.Q0);
            VectorInstructions.StoreShared(ref shared[to], 32 * TileStride, rows.Q1);
            VectorInstructions.StoreShared(ref shared[to], 64 * TileStride, rows.K0);
            VectorInstructions.StoreShared(ref shared[to], 96 * TileStride, rows.K1);
            VectorInstructions.StoreShared(ref shared[to], 128 * TileStride, rows.K2);
            VectorInstructions.StoreShared(ref shared[to], 160 * TileStride, rows.K3);
            Group.Barrier(); // 128 channels are there
            if (d0 < a.Channels)
                rows = Carry<TFormat>(a, first, warp, d0 + channel);
            for (int d = 0; d < TileDepth; d += 4)
            {
                Float4 k = VectorInstructions.LoadShared(ref shared[fromK + d], 0);
                score0 = WeightVectors.Dot(VectorInstructions.LoadShared(ref shared[fromQ + d], 0), k, score0);
                score1 = WeightVectors.Dot(VectorInstructions.LoadShared(ref shared[fromQ + d], 4 * TileStride), k, score1);
            }
        }
        Group.Barrier(); // all have read the last rows
        // Weights of a slice lie side by side, patch by patch.
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(a.Channels));
        int p = 2 * warp;
        Float2 weights = default;
        weights.X = Weight(a, first + p, lane, score0 * scale);
        weights.Y = Weight(a, first + p + 1, lane, score1 * scale);
        VectorInstructions.StoreShared(ref shared[lane * WeightStride + p], 0, weights);
        Group.Barrier(); // all weights are there
        float kept = ScalarInstructions.Divide(1f, 1f - a.DropoutRate);
        for (int d = 4 * thread; d < a.Channels; d += 4 * TileThreads)
        {
            PatchSums sums = default;
            for (int s = 0; s < a.Slices; s += 4)
            {
                // Beyond the last slice it is that one again, with weights of 0.
                Float4 v0 = Values<TFormat>(a, s, d), v1 = Values<TFormat>(a, s + 1, d), v2 = Values<TFormat>(a, s + 2, d),
                    v3 = Values<TFormat>(a, s + 3, d);
                sums = Add(sums, v0, ref shared[s * WeightStride]);
                sums = Add(sums, v1, ref shared[(s + 1) * WeightStride]);
                sums = Add(sums, v2, ref shared[(s + 2) * WeightStride]);
                sums = Add(sums, v3, ref shared[(s + 3) * WeightStride]);
            }
            PutFour<TFormat>(a, first, d, sums.A, kept);
            PutFour<TFormat>(a, first + 4, d, sums.B, kept);
            PutFour<TFormat>(a, first + 8, d, sums.C, kept);
            PutFour<TFormat>(a, first + 12, d, sums.D, kept);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Values<TFormat>(SliceGuidedAttentionArguments a, int slice, int d) where TFormat : struct, IActivationFormat =>
        TFormat.LoadQuad(a.V, Math.Min(slice, a.Slices - 1) * a.Channels + d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PatchSums Add(PatchSums sums, Float4 v, ref float weights)
    {
        sums.A = Add(sums.A, v, VectorInstructions.LoadShared(ref weights, 0));
        sums.B = Add(sums.B, v, VectorInstructions.LoadShared(ref weights, 16));
        sums.C = Add(sums.C, v, VectorInstructions.LoadShared(ref weights, 32));
        sums.D = Add(sums.D, v, VectorInstructions.LoadShared(ref weights, 48));
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourSums Add(FourSums sums, Float4 v, Float4 weights)
    {
        sums.P0 = Attention.MultiplyAdd(weights.X, v, sums.P0);
        sums.P1 = Attention.MultiplyAdd(weights.Y, v, sums.P1);
        sums.P2 = Attention.MultiplyAdd(weights.Z, v, sums.P2);
        sums.P3 = Attention.MultiplyAdd(weights.W, v, sums.P3);
        return sums;
    }

    // Beyond the last patch or slice it is that one again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static CarriedRows Carry<TFormat>(SliceGuidedAttentionArguments a, int first, int row, int d) where TFormat : struct, IActivationFormat
    {
        CarriedRows rows = default;
        rows.Q0 = WeightVectors.Inputs(a.Q, Math.Min(first + row, a.Patches - 1) * a.Channels + d);
        rows.Q1 = WeightVectors.Inputs(a.Q, Math.Min(first + row + 8, a.Patches - 1) * a.Channels + d);
        rows.K0 = TFormat.LoadQuad(a.K, Math.Min(row, a.Slices - 1) * a.Channels + d);
        rows.K1 = TFormat.LoadQuad(a.K, Math.Min(row + 8, a.Slices - 1) * a.Channels + d);
        rows.K2 = TFormat.LoadQuad(a.K, Math.Min(row + 16, a.Slices - 1) * a.Channels + d);
        rows.K3 = TFormat.LoadQuad(a.K, Math.Min(row + 24, a.Slices - 1) * a.Channels + d);
        return rows;
    }

    /// <summary>The weight of a lane's slice for a patch, into the map; returns 0 where dropout drops it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Weight(SliceGuidedAttentionArguments a, int patch, int slice, float score)
    {
        float largest = WarpSums.Max(slice < a.Slices ? score : float.NegativeInfinity);
        float exponential = slice < a.Slices ? DeviceMath.Exp(score - largest) : 0f;
        float weight = ScalarInstructions.Divide(exponential, WarpSums.Sum(exponential));
        int at = patch * a.Slices + slice;
        if (patch < a.Patches && slice < a.Slices)
            a.Map[at] = weight;
        return DropoutMask.Factor(a.DropoutSeed, at, a.DropoutRate) == 0f ? 0f : weight;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PutFour<TFormat>(SliceGuidedAttentionArguments a, int patch, int d, FourSums sums, float kept)
        where TFormat : struct, IActivationFormat
    {
        PutQuad<TFormat>(a, patch, d, sums.P0, kept);
        PutQuad<TFormat>(a, patch + 1, d, sums.P1, kept);
        PutQuad<TFormat>(a, patch + 2, d, sums.P2, kept);
        PutQuad<TFormat>(a, patch + 3, d, sums.P3, kept);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PutQuad<TFormat>(SliceGuidedAttentionArguments a, int patch, int d, Float4 y, float kept)
        where TFormat : struct, IActivationFormat
    {
        y.X *= kept;
        y.Y *= kept;
        y.Z *= kept;
        y.W *= kept;
        if (patch < a.Patches)
            TFormat.StoreQuad(a.Y, patch * a.Channels + d, y);
    }
}
