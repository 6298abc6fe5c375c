// Computes  y = Σ_s p[s] · v[s] / Σ_s p[s],  p[s] = e^(scale·q·k[s] − max)   for one query of a sequence: a generated token
// Idea      there is one query, so the keys are divided: a group takes 64 of them, a warp 16, each row of K and V as one load of four
//           values a lane, four rows under way at once. A part keeps its maximum, its sum and its values in scratch; a kernel behind
//           (Combine) puts the parts together
// Numerics  scores: four dimensions a lane, then a butterfly; sums: 16 keys from the first on, four warps, then every fourth
//           part by a warp from its first on, and four warps.
//           Each part is relative to its own maximum and shrinks by e^(its own − that of all)
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    const int SplitKeysCount = 64, SplitWarps = 4, WarpKeys = SplitKeysCount / SplitWarps;

    // Of a part: the values of a head, its maximum, its sum, and up to whole 16 bytes.
    const int PartFloats = LargestHead + 4;

    static int KeyParts(AttentionArguments a) => Parts.Of(a.Keys, SplitKeysCount);

    static Rung<AttentionArguments> SplitKeys<TFormat>(Action<AttentionArguments> kernel, Action<AttentionArguments> combine)
        where TFormat : struct, IActivationFormat
    {
        static Rung<AttentionArguments> Staged(string name, Action<AttentionArguments> kernel) => Rung.Gpu(name, kernel) with
        {
            Activations = TFormat.Type,
            Group = 32 * SplitWarps,
            ScratchBytes = static a => 4L * a.Batch * a.QueryHeads * KeyParts(a) * PartFloats,
            WithScratch = static (a, scratch) => a with { Scratch = scratch },
        };
        return Staged("V4.SplitKeys64", kernel) with
        {
            Launch = static a => new(KeyParts(a), a.QueryHeads, a.Batch),
            Last = Staged("V4.SplitKeys64.Combine", combine) with
            {
                Launch = static a => new(a.QueryHeads, a.Batch),
                Claims = new() { NoBankConflicts = true },
            },
            Accepts = static a => a.Q.Type == TFormat.Type && a.Queries == 1 && a.HeadSize <= LargestHead && a.HeadSize % 4 == 0
                && a.DropoutRate == 0f && (a.QueryStride | a.KeyStride) % 4 == 0 && (a.Q.Address | a.K.Address | a.V.Address) % 16 == 0
                && (long)a.Batch * a.QueryHeads * KeyParts(a) * PartFloats <= int.MaxValue,
            Claims = new() { NoBankConflicts = true, MainLoop = new() },
        };
    }

    static unsafe void ForwardV4<TFormat>(AttentionArguments a) where TFormat : struct, IActivationFormat
    {
        var shared = SharedMemory.Allocate<float>(SplitWarps * PartFloats);
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, h = Grid.IdxY, b = Grid.IdxZ;
        int firstKey = Grid.IdxX * SplitKeysCount + warp * WarpKeys;
        // Lanes beyond the head have its last dimensions again, with a query of 0.
        int d = Math.Min(lane * 4, a.HeadSize - 4), column = h / (a.QueryHeads / a.KeyHeads) * a.HeadSize + d;
        Float4 q = TFormat.LoadQuad(a.Q, b * a.QueryStride + h * a.HeadSize + d);
        float used = lane * 4 < a.HeadSize ? a.Scale : 0f;
        q.X *= used;
        q.Y *= used;
        q.Z *= used;
        q.W *= used;
        float score = float.NegativeInfinity; // of key firstKey + lane
        for (int key = 0; key < WarpKeys; key += 4)
        {
            Float4 k0 = Row<TFormat>(a.K, a, b, firstKey + key, column), k1 = Row<TFormat>(a.K, a, b, firstKey + key + 1, column);
            Float4 k2 = Row<TFormat>(a.K, a, b, firstKey + key + 2, column), k3 = Row<TFormat>(a.K, a, b, firstKey + key + 3, column);
            float s0 = WarpSums.Sum(WeightVectors.Dot(q, k0, 0f)), s1 = WarpSums.Sum(WeightVectors.Dot(q, k1, 0f));
            float s2 = WarpSums.Sum(WeightVectors.Dot(q, k2, 0f)), s3 = WarpSums.Sum(WeightVectors.Dot(q, k3, 0f));
            int mine = lane - key;
            score = mine == 0 ? s0 : mine == 1 ? s1 : mine == 2 ? s2 : mine == 3 ? s3 : score;
        }
        score = MathF.Min(score, Bound(a.Keys - firstKey - lane));
        float max = WarpSums.Max(score);
        // A warp beyond the last key has no maximum: its weights are 0.
        float p = DeviceMath.Exp(MathF.Max(score, -float.MaxValue) - MathF.Max(max, -float.MaxValue / 2));
        float sum = WarpSums.Sum(p);
        Float4 y = default;
        for (int key = 0; key < WarpKeys; key += 4)
        {
            Float4 v0 = Row<TFormat>(a.V, a, b, firstKey + key, column), v1 = Row<TFormat>(a.V, a, b, firstKey + key + 1, column);
            Float4 v2 = Row<TFormat>(a.V, a, b, firstKey + key + 2, column), v3 = Row<TFormat>(a.V, a, b, firstKey + key + 3, column);
            y = MultiplyAdd(Warp.Shuffle(p, key), v0, y);
            y = MultiplyAdd(Warp.Shuffle(p, key + 1), v1, y);
            y = MultiplyAdd(Warp.Shuffle(p, key + 2), v2, y);
            y = MultiplyAdd(Warp.Shuffle(p, key + 3), v3, y);
        }
        int at = warp * PartFloats;
        VectorInstructions.StoreShared(ref shared[at + lane * 4], 0, y);
        if (lane == 0)
        {
            shared[at + LargestHead] = max;
            shared[at + LargestHead + 1] = sum;
        }
        Group.Barrier(); // all warps have written their parts

        // The group's part; its first warp has a key, so that the maximum is a number.
        float m0 = shared[LargestHead], m1 = shared[PartFloats + LargestHead];
        float m2 = shared[2 * PartFloats + LargestHead], m3 = shared[3 * PartFloats + LargestHead];
        float all = MathF.Max(MathF.Max(m0, m1), MathF.Max(m2, m3));
        float f0 = DeviceMath.Exp(m0 - all), f1 = DeviceMath.Exp(m1 - all), f2 = DeviceMath.Exp(m2 - all), f3 = DeviceMath.Exp(m3 - all);
        int i = Group.IdxX, part = ((b * a.QueryHeads + h) * KeyParts(a) + Grid.IdxX) * PartFloats;
        float* to = (float*)a.Scratch.Address + part;
        to[i] = Four(shared, i, f0, f1, f2, f3);
        if (i == 0)
        {
            to[LargestHead] = all;
            to[LargestHead + 1] = Four(shared, LargestHead + 1, f0, f1, f2, f3);
        }
    }

    // Beyond the last key it is that one again; its weight is 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Row<TFormat>(Activations rows, AttentionArguments a, int b, int key, int column)
        where TFormat : struct, IActivationFormat =>
        TFormat.LoadQuad(rows, (b * a.Keys + Math.Min(key, a.Keys - 1)) * a.KeyStride + column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Four(ArrayView<float> shared, int at, float f0, float f1, float f2, float f3)
    {
        float sum = shared[at] * f0;
        sum = ScalarInstructions.FusedMultiplyAdd(shared[at + PartFloats], f1, sum);
        sum = ScalarInstructions.FusedMultiplyAdd(shared[at + 2 * PartFloats], f2, sum);
        return ScalarInstructions.FusedMultiplyAdd(shared[at + 3 * PartFloats], f3, sum);
    }

    /// <summary>A group puts a head together: its four warps share the parts, a lane has four dimensions.</summary>
    static unsafe void Combine<TFormat>(AttentionArguments a) where TFormat : struct, IActivationFormat
    {
        const int maxima = SplitWarps * PartFloats;
        var shared = SharedMemory.Allocate<float>(maxima + SplitWarps);
        int d = Group.IdxX, lane = d & 31, warp = d >> 5, row = Grid.IdxY * a.QueryHeads + Grid.IdxX, parts = KeyParts(a);
        float* from = (float*)a.Scratch.Address + row * parts * PartFloats;
        float max = float.NegativeInfinity;
        for (int part = d; part < parts; part += Group.DimX)
            max = MathF.Max(max, from[part * PartFloats + LargestHead]);
        max = WarpSums.Max(max);
        if (lane == 0)
            shared[maxima + warp] = max;
        Group.Barrier(); // the warps' maxima are there
        max = MathF.Max(MathF.Max(shared[maxima], shared[maxima + 1]), MathF.Max(shared[maxima + 2], shared[maxima + 3]));
        PartSums sums = default;
        int mine = warp;
        for (; mine + 3 * SplitWarps < parts; mine += 4 * SplitWarps)
        {
            // Four parts are under way at once.
            float* part = from + mine * PartFloats;
            Float4 v0 = Values(part, lane), v1 = Values(part + SplitWarps * PartFloats, lane);
            Float4 v2 = Values(part + 2 * SplitWarps * PartFloats, lane), v3 = Values(part + 3 * SplitWarps * PartFloats, lane);
            sums = AddPart(sums, v0, part, max);
            sums = AddPart(sums, v1, part + SplitWarps * PartFloats, max);
            sums = AddPart(sums, v2, part + 2 * SplitWarps * PartFloats, max);
            sums = AddPart(sums, v3, part + 3 * SplitWarps * PartFloats, max);
        }
        for (; mine < parts; mine += SplitWarps)
            sums = AddPart(sums, Values(from + mine * PartFloats, lane), from + mine * PartFloats, max);
        VectorInstructions.StoreShared(ref shared[warp * PartFloats + 4 * lane], 0, sums.Y);
        if (lane == 0)
            shared[warp * PartFloats + LargestHead] = sums.Sum;
        Group.Barrier(); // all warps have written their sums
        float y = Four(shared, d, 1f, 1f, 1f, 1f), sum = Four(shared, LargestHead, 1f, 1f, 1f, 1f);
        if (d < a.HeadSize)
            TFormat.Store(a.Y, row * a.HeadSize + d, ScalarInstructions.Divide(y, sum));
        if (d == 0)
            StoreLogSum(a, Grid.IdxY, Grid.IdxX, 0, max, sum);
    }

    // Four dimensions, and the sum of the weights.
    struct PartSums
    {
        public Float4 Y;
        public float Sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Float4 Values(float* part, int lane) => VectorInstructions.Load(ref ((Float4*)part)[lane]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe PartSums AddPart(PartSums sums, Float4 values, float* part, float max)
    {
        float factor = DeviceMath.Exp(part[LargestHead] - max);
        sums.Y = MultiplyAdd(factor, values, sums.Y);
        sums.Sum = ScalarInstructions.FusedMultiplyAdd(part[LargestHead + 1], factor, sums.Sum);
        return sums;
    }
}
