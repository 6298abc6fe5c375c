// Instructions in which lanes of a warp take part together: shuffles, votes, matches, reductions, bar.warp.sync.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>Operands: D and D2 (<see cref="Instruction.More"/>) the results, A the value, B and C as the instruction has them, mask last in
/// More.</summary>
static unsafe class WarpInstructions
{
    /// <summary>What a shuffle gives where it reads a lane that never existed.</summary>
    const uint Nothing = FloatBits.CanonicalNaN;

    /// <summary>shfl.sync; More holds the second destination or -1, then the mask's row. The mode is in the immediate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Shuffle(Warp w, Instruction* i, uint mask)
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B), c = (uint*)(w.Rows + i->C), d = (uint*)(w.Rows + i->D);
        uint members = Members(w, i, mask, i->More[1], FindingKind.MissingLanes);
        uint inSegment = 0;
        if ((mask & members) == uint.MaxValue)
        {
            inSegment = WarpExchange.Shuffle((ShuffleMode)i->Immediate, a, b, c, d);
            if (i->More[0] >= 0)
                Lanes.Merge(w, i->More[0], inSegment, mask);
            return;
        }
        uint* values = stackalloc uint[32];
        Unsafe.CopyBlock(values, a, 128);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            (int source, bool inRange) = WarpExchange.ShuffleSource((ShuffleMode)i->Immediate, l, b[l], c[l]);
            inSegment |= (inRange ? 1u : 0) << l;
            if ((mask & members & 1u << source) != 0)
                d[l] = values[source];
            else if ((w.Born & 1u << source) == 0)
                d[l] = Nothing;
            else
            {
                d[l] = values[l];
                w.Block.Findings.Add(w, i, l, FindingKind.MissingLanes, 0, "",
                    $"lane {l} reads lane {source}, which does not take part in the shuffle");
            }
        }
        if (i->More[0] >= 0)
            Lanes.Merge(w, i->More[0], inSegment, mask);
    }

    /// <summary>vote.sync.{all,any,uni}: A is a predicate, the functor gets members and predicate.</summary>
    public static void Vote<TOp>(Warp w, Instruction* i, uint mask) where TOp : ITest<uint>
    {
        uint members = Members(w, i, mask, i->More[0], FindingKind.MissingLanes) & mask;
        Lanes.Merge(w, i->D, TOp.Of(members, *(uint*)(w.Rows + i->A)) ? uint.MaxValue : 0, mask);
    }

    /// <summary>vote.sync.ballot.</summary>
    public static void Ballot(Warp w, Instruction* i, uint mask)
    {
        uint members = Members(w, i, mask, i->More[0], FindingKind.MissingLanes) & mask;
        Spread((uint*)(w.Rows + i->D), WarpExchange.VoteBallot(members, *(uint*)(w.Rows + i->A)), mask);
    }

    /// <summary>match.any.sync.</summary>
    public static void MatchAny<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, IBinaryInteger<T>
    {
        uint members = Members(w, i, mask, i->More[1], FindingKind.MissingLanes) & mask;
        Span<ulong> values = stackalloc ulong[32];
        Values<T>(w, i, values);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            ((uint*)(w.Rows + i->D))[l] = WarpExchange.MatchAny(members, values, l);
        }
    }

    /// <summary>match.all.sync.</summary>
    public static void MatchAll<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, IBinaryInteger<T>
    {
        uint members = Members(w, i, mask, i->More[1], FindingKind.MissingLanes) & mask;
        Span<ulong> values = stackalloc ulong[32];
        Values<T>(w, i, values);
        (uint same, bool all) = WarpExchange.MatchAll(members, values);
        Spread((uint*)(w.Rows + i->D), same, mask);
        if (i->More[0] >= 0)
            Lanes.Merge(w, i->More[0], all ? uint.MaxValue : 0, mask);
    }

    /// <summary>redux.sync; the immediate holds the operation, and bit 8 for signed.</summary>
    public static void Reduce(Warp w, Instruction* i, uint mask)
    {
        uint members = Members(w, i, mask, i->More[0], FindingKind.MissingLanes) & mask;
        uint result = WarpExchange.Reduce((ReduxOperation)(i->Immediate & 0xff), i->Immediate >> 8 != 0, members == 0 ? mask : members,
            new(w.Rows + i->A, 32));
        Spread((uint*)(w.Rows + i->D), result, mask);
    }

    /// <summary>elect.sync: the lowest lane of those that are named.</summary>
    public static void Elect(Warp w, Instruction* i, uint mask)
    {
        uint members = Members(w, i, mask, i->More[1], FindingKind.MissingLanes) & mask;
        int leader = BitOperations.TrailingZeroCount(members == 0 ? mask : members);
        Spread((uint*)(w.Rows + i->D), (uint)leader, mask);
        if (i->More[0] >= 0)
            Lanes.Merge(w, i->More[0], 1u << leader, mask);
    }

    public static void ActiveMask(Warp w, Instruction* i, uint mask) => Spread((uint*)(w.Rows + i->D), mask, mask);

    /// <summary>bar.warp.sync.</summary>
    public static void Barrier(Warp w, Instruction* i, uint mask)
    {
        Members(w, i, mask, i->More[0], FindingKind.Barrier);
        w.Block.Races?.Order.SyncLanes(w, mask);
    }

    // The mask of lanes that an instruction names. All of them that live must be here, and nobody else.
    static uint Members(Warp w, Instruction* i, uint mask, int row, string kind)
    {
        int first = BitOperations.TrailingZeroCount(mask);
        uint* named = (uint*)(w.Rows + row);
        uint members = named[first];
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            uint missing = named[l] & w.Live & ~mask;
            if (missing != 0)
            {
                Divergence.EndLeavers(w);
                missing &= w.Live;
            }
            if (missing == 0 && (named[l] >> l & 1) != 0)
                continue;
            w.Block.Findings.Add(w, i, missing != 0 ? BitOperations.TrailingZeroCount(missing) : l, kind, 0, "", missing != 0
                ? $"lane {BitOperations.TrailingZeroCount(missing)} is named in the mask 0x{named[l]:x8} but is not here: only "
                    + $"0x{mask:x8} are"
                : $"lane {l} is here but not in its mask 0x{named[l]:x8}");
            break;
        }
        return members;
    }

    static void Values<T>(Warp w, Instruction* i, Span<ulong> values) where T : unmanaged, IBinaryInteger<T>
    {
        for (int l = 0; l < 32; l++)
            values[l] = ulong.CreateTruncating(((T*)(w.Rows + i->A))[l]);
    }

    static void Spread(uint* d, uint value, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
            d[BitOperations.TrailingZeroCount(m)] = value;
    }
}

readonly struct VoteAll : ITest<uint>
{
    public static bool Of(uint a, uint b) => WarpExchange.VoteAll(a, b);
}

readonly struct VoteAny : ITest<uint>
{
    public static bool Of(uint a, uint b) => WarpExchange.VoteAny(a, b);
}

readonly struct VoteUniform : ITest<uint>
{
    public static bool Of(uint a, uint b) => WarpExchange.VoteUniform(a, b);
}
