// Computes  map = softmax(Q·Kᵀ/√D),  y = dropout(map)·V
// Idea      a group computes 16 patches against up to 32 slices: a warp two patches, a lane a slice, so that a softmax is a butterfly and no
//           score leaves its register. 128 channels of Q and K at a time lie in shared memory, where a load of 16 bytes gives four channels
//           of a slice, or of a patch for all lanes; those of the next step are under way meanwhile. Then a thread takes a channel of V
//           with the weights of all 16 patches
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

    // Of a slice the sums of all patches of the tile.
    struct PatchSums
    {
        public Float4 A, B, C, D;
    }

    static Rung<SliceGuidedAttentionArguments> Tiled<TFormat>(Action<SliceGuidedAttentionArguments> kernel)
        where TFormat : struct, IActivationFormat => Rung.Gpu("V2.Tile16x32", kernel) with
        {
            Activations = TFormat.Type,
            Group = TileThreads,
            Launch = static a => new(Parts.Of(a.Patches, TilePatches)),
            Accepts = static a => a.K.Type == TFormat.Type && a.Y.Type == TFormat.Type && a.Slices <= TileSlices && a.Channels % TileDepth == 0
                && (a.Q.Address | a.K.Address | a.V.Address) % 16 == 0,
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
        for (int d = thread; d < a.Channels; d += TileThreads)
        {
            PatchSums sums = default;
            for (int s = 0; s < a.Slices; s++)
            {
                float v = TFormat.Load(a.V, s * a.Channels + d);
                sums.A = Attention.MultiplyAdd(v, VectorInstructions.LoadShared(ref shared[s * WeightStride], 0), sums.A);
                sums.B = Attention.MultiplyAdd(v, VectorInstructions.LoadShared(ref shared[s * WeightStride], 16), sums.B);
                sums.C = Attention.MultiplyAdd(v, VectorInstructions.LoadShared(ref shared[s * WeightStride], 32), sums.C);
                sums.D = Attention.MultiplyAdd(v, VectorInstructions.LoadShared(ref shared[s * WeightStride], 48), sums.D);
            }
            PutFour<TFormat>(a, first, d, sums.A, kept);
            PutFour<TFormat>(a, first + 4, d, sums.B, kept);
            PutFour<TFormat>(a, first + 8, d, sums.C, kept);
            PutFour<TFormat>(a, first + 12, d, sums.D, kept);
        }
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
    static void PutFour<TFormat>(SliceGuidedAttentionArguments a, int patch, int d, Float4 sums, float kept)
        where TFormat : struct, IActivationFormat
    {
        if (patch < a.Patches)
            TFormat.Store(a.Y, patch * a.Channels + d, sums.X * kept);
        if (patch + 1 < a.Patches)
            TFormat.Store(a.Y, (patch + 1) * a.Channels + d, sums.Y * kept);
        if (patch + 2 < a.Patches)
            TFormat.Store(a.Y, (patch + 2) * a.Channels + d, sums.Z * kept);
        if (patch + 3 < a.Patches)
            TFormat.Store(a.Y, (patch + 3) * a.Channels + d, sums.W * kept);
    }
}
