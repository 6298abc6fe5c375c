// Computes  y[t] = Σ_s p[s] · v[s] / Σ_s p[s],  p[s] = e^(scale·q[t]·k[s] − max)   for bf16 heads of 64 or 128
// Idea      both products on tensor cores: a group computes 64 queries of a head, a warp 16 of them, and walks along the keys, 64 at a
//           time. The sums of q·k lie in a warp's registers exactly as the first factor of p·v must, so scores never leave them. Tiles
//           of K and V come by asynchronous copies while the tile before is used. Parts of 16 bytes are permuted (part ^ row % 8), so
//           that eight rows of a part meet every bank once
// Numerics  p is rounded to bf16 (2⁻⁸), products are exact, sums and the running maximum f32; 2^x by the special function unit. The
//           sum below the fraction is of unrounded p: 16 sums of a lane, then of four lanes
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    const int TensorQueries = 64, TensorKeys = 64, TensorThreads = 128, HeadPart = 64;

    /// <summary>How many times 64 dimensions a head has.</summary>
    interface IHeadParts
    {
        static abstract int Count { get; }
    }

    readonly struct Head64 : IHeadParts
    {
        public static int Count => 1;
    }

    readonly struct Head128 : IHeadParts
    {
        public static int Count => 2;
    }

    // 16 queries at 64 dimensions.
    struct QueryFragments
    {
        public Bits4 A0, A1, A2, A3;
    }

    // What a lane knows of rows g and g + 8 of a warp's 16 queries.
    struct RowPair
    {
        public float Upper, Lower;
    }

    static int TensorRowBytes<THead>() where THead : struct, IHeadParts => 2 * HeadPart * THead.Count;

    // Shared memory: two tiles of K and V, in words.
    static int TensorTile<THead>() where THead : struct, IHeadParts => TensorKeys * TensorRowBytes<THead>() / 4;

    static Rung<AttentionArguments> Tensor<THead>(string size, Action<AttentionArguments> kernel) where THead : struct, IHeadParts =>
        Rung.Gpu("V3.TensorCores64x64", kernel) with
        {
            Suffix = size,
            Activations = ActivationType.BF16,
            Group = TensorThreads,
            Launch = static a => new(Parts.Of(a.Queries, TensorQueries), a.QueryHeads, a.Batch, 16 * TensorTile<THead>()),
            GroupsPerMultiprocessor = THead.Count == 1 ? 3 : 2,
            Roundoff = Roundoff.TensorCoresTwice,
            Accepts = static a => a.Q.Type == ActivationType.BF16 && a.HeadSize == HeadPart * THead.Count && a.DropoutRate == 0f
                && (a.QueryStride | a.KeyStride) % 8 == 0 && (a.Q.Address | a.K.Address | a.V.Address | a.Y.Address) % 16 == 0,
            Suits = static a => a.Queries >= TensorQueries / 4,
            Claims = new() { TensorCores = true, NoBankConflicts = true, MainLoop = new() },
        };

    static void ForwardV3<THead>(AttentionArguments a) where THead : struct, IHeadParts
    {
        var shared = SharedMemory.GetDynamic<float>();
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, h = Grid.IdxY, b = Grid.IdxZ;
        int firstQuery = Grid.IdxX * TensorQueries, row = firstQuery + warp * 16 + (lane >> 2);
        int keyHead = h / (a.QueryHeads / a.KeyHeads);
        // Sixteen-byte parts of a row of a tile: eight or sixteen.
        int parts = 8 * THead.Count, copyRow = Group.IdxX / parts, copyPart = Group.IdxX % parts;
        int to = copyRow * (TensorRowBytes<THead>() / 4) + PartOf(copyRow, copyPart);
        long fromRow = 2L * (b * a.Keys * a.KeyStride + keyHead * a.HeadSize + copyPart * 8);

        CopyTiles<THead>(a, ref shared[to], fromRow, copyRow);
        TensorInstructions.Commit();
        QueryFragments q0 = LoadQueries(a, b, h, row, 0), q1 = default;
        if (THead.Count == 2)
            q1 = LoadQueries(a, b, h, row, HeadPart);

        // A lane's row in fragments of K (a key is a column of the product) and of V (a key is a row).
        int keyRow = (lane & 7) + (lane >> 4) * 8, keyHalf = lane >> 3 & 1, valueRow = lane & 15, valueHalf = lane >> 4;
        int fromK = keyRow * (TensorRowBytes<THead>() / 4), fromV = 2 * TensorTile<THead>() + valueRow * (TensorRowBytes<THead>() / 4);
        int last = Math.Min(firstQuery + TensorQueries, a.Queries) - 1, seen = Visible(a, last); // sees the most keys
        int seenUpper = Visible(a, Math.Min(row, a.Queries - 1)), seenLower = Visible(a, Math.Min(row + 8, a.Queries - 1));
        int seenByAll = Visible(a, Math.Min(firstQuery, a.Queries - 1));
        float scale = a.Scale * ElementaryCoefficients.Log2E; // powers of two from here on
        FragmentRow y0 = default, y1 = default;
        RowPair max = default, sum = default;
        max.Upper = max.Lower = float.NegativeInfinity;
        int stage = 0;
        for (int firstKey = 0; firstKey < seen; firstKey += TensorKeys)
        {
            TensorInstructions.WaitForAll();
            Group.Barrier(); // the tiles are whole, and all have read those that are overwritten now
            if (firstKey + TensorKeys < seen)
            {
                CopyTiles<THead>(a, ref shared[TensorTile<THead>() - stage + to], fromRow, firstKey + TensorKeys + copyRow);
                TensorInstructions.Commit();
            }
            FragmentRow s = default;
            s = Scores<THead>(s, q0, shared, stage + fromK, keyRow, keyHalf, 0);
            if (THead.Count == 2)
                s = Scores<THead>(s, q1, shared, stage + fromK, keyRow, keyHalf, 2 * HeadPart);
            if (firstKey + TensorKeys > seenByAll)
                s = Mask(s, seenUpper - firstKey - 2 * (lane & 3), seenLower - firstKey - 2 * (lane & 3));
            // The first tile has a key that every query sees, so that the maximum is a number from then on.
            float upper = MathF.Max(max.Upper, OfFour(LargestUpper(s))), lower = MathF.Max(max.Lower, OfFour(LargestLower(s)));
            float shrinkUpper = SpecialFunctions.Exponential2((max.Upper - upper) * scale);
            float shrinkLower = SpecialFunctions.Exponential2((max.Lower - lower) * scale);
            max.Upper = upper;
            max.Lower = lower;
            s = Powers(s, scale, -upper * scale, -lower * scale);
            sum.Upper = ScalarInstructions.FusedMultiplyAdd(sum.Upper, shrinkUpper, SumUpper(s));
            sum.Lower = ScalarInstructions.FusedMultiplyAdd(sum.Lower, shrinkLower, SumLower(s));
            y0 = Values<THead>(Shrink(y0, shrinkUpper, shrinkLower), s, shared, stage + fromV, valueRow, valueHalf, 0);
            if (THead.Count == 2)
                y1 = Values<THead>(Shrink(y1, shrinkUpper, shrinkLower), s, shared, stage + fromV, valueRow, valueHalf, 2 * HeadPart);
            stage = TensorTile<THead>() - stage;
        }

        sum.Upper = AddFour(sum.Upper);
        sum.Lower = AddFour(sum.Lower);
        float perUpper = ScalarInstructions.Divide(1f, sum.Upper), perLower = ScalarInstructions.Divide(1f, sum.Lower);
        StoreRows(a, b, h, row, 0, Shrink(y0, perUpper, perLower));
        if (THead.Count == 2)
            StoreRows(a, b, h, row, HeadPart, Shrink(y1, perUpper, perLower));
        if ((lane & 3) == 0 && row < a.Queries)
            StoreLogSum(a, b, h, row, max.Upper * a.Scale, sum.Upper);
        if ((lane & 3) == 0 && row + 8 < a.Queries)
            StoreLogSum(a, b, h, row + 8, max.Lower * a.Scale, sum.Lower);
    }

    /// <summary>Words from the begin of a row to one of its 16-byte parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int PartOf(int row, int part) => (part ^ row & 7) << 2;

    // A thread brings the same part of every eighth or sixteenth row of K and V: the permutation stays.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyTiles<THead>(AttentionArguments a, ref float to, long from, int key) where THead : struct, IHeadParts
    {
        const int bytes = 16 * TensorThreads;
        int rows = 16 / THead.Count;
        CopyRow<THead>(a, ref to, 0, from, key);
        CopyRow<THead>(a, ref to, bytes, from, key + rows);
        CopyRow<THead>(a, ref to, 2 * bytes, from, key + 2 * rows);
        CopyRow<THead>(a, ref to, 3 * bytes, from, key + 3 * rows);
        if (THead.Count == 2)
        {
            CopyRow<THead>(a, ref to, 4 * bytes, from, key + 4 * rows);
            CopyRow<THead>(a, ref to, 5 * bytes, from, key + 5 * rows);
            CopyRow<THead>(a, ref to, 6 * bytes, from, key + 6 * rows);
            CopyRow<THead>(a, ref to, 7 * bytes, from, key + 7 * rows);
        }
    }

    // Beyond the last key it is that one again; its score is masked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void CopyRow<THead>(AttentionArguments a, ref float to, int bytes, long from, int key) where THead : struct, IHeadParts
    {
        from += 2L * (Math.Min(key, a.Keys - 1) * a.KeyStride);
        TensorInstructions.Copy(ref to, bytes, ref *(Bits4*)(a.K.Address + from));
        TensorInstructions.Copy(ref to, bytes + 8 * TensorTile<THead>(), ref *(Bits4*)(a.V.Address + from));
    }

    // Fragments straight from memory: a lane reads two neighbours of rows g and g + 8, four lanes a sector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static QueryFragments LoadQueries(AttentionArguments a, int b, int h, int row, int firstDimension)
    {
        int column = h * a.HeadSize + firstDimension + 2 * (Group.IdxX & 3);
        int upper = (b * a.Queries + Math.Min(row, a.Queries - 1)) * a.QueryStride + column;
        int lower = (b * a.Queries + Math.Min(row + 8, a.Queries - 1)) * a.QueryStride + column;
        QueryFragments q = default;
        q.A0 = LoadQuery(a, upper, lower);
        q.A1 = LoadQuery(a, upper + 16, lower + 16);
        q.A2 = LoadQuery(a, upper + 32, lower + 32);
        q.A3 = LoadQuery(a, upper + 48, lower + 48);
        return q;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Bits4 LoadQuery(AttentionArguments a, int upper, int lower)
    {
        Bits4 fragment = default;
        fragment.X = LoadPair(a, upper);
        fragment.Y = LoadPair(a, lower);
        fragment.Z = LoadPair(a, upper + 8);
        fragment.W = LoadPair(a, lower + 8);
        return fragment;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe uint LoadPair(AttentionArguments a, int at) => ((uint*)a.Q.Address)[at >> 1];
}
