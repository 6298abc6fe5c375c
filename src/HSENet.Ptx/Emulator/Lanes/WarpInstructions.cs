// Instructions in which lanes of a warp take part together: shuffles, votes, matches, reductions.
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
        if (Parts(w, i, mask, i->More[1], &Shuffle))
            return;
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B), c = (uint*)(w.Rows + i->C), d = (uint*)(w.Rows + i->D);
        uint members = Members(w, i, mask, i->More[1]);
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
        if (Parts(w, i, mask, i->More[0], &Vote<TOp>))
            return;
        uint members = Members(w, i, mask, i->More[0]) & mask;
        Lanes.Merge(w, i->D, TOp.Of(members, *(uint*)(w.Rows + i->A)) ? uint.MaxValue : 0, mask);
    }

    /// <summary>vote.sync.ballot.</summary>
    public static void Ballot(Warp w, Instruction* i, uint mask)
    {
        if (Parts(w, i, mask, i->More[0], &Ballot))
            return;
        uint members = Members(w, i, mask, i->More[0]) & mask;
        Spread((uint*)(w.Rows + i->D), WarpExchange.VoteBallot(members, *(uint*)(w.Rows + i->A)), mask);
    }

    /// <summary>match.any.sync.</summary>
    public static void MatchAny<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, IBinaryInteger<T>
    {
        if (Parts(w, i, mask, i->More[1], &MatchAny<T>))
            return;
        uint members = Members(w, i, mask, i->More[1]) & mask;
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
        if (Parts(w, i, mask, i->More[1], &MatchAll<T>))
            return;
        uint members = Members(w, i, mask, i->More[1]) & mask;
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
        if (Parts(w, i, mask, i->More[0], &Reduce))
            return;
        uint members = Members(w, i, mask, i->More[0]) & mask;
        uint result = WarpExchange.Reduce((ReduxOperation)(i->Immediate & 0xff), i->Immediate >> 8 != 0, members == 0 ? mask : members,
            new(w.Rows + i->A, 32));
        Spread((uint*)(w.Rows + i->D), result, mask);
    }

    /// <summary>elect.sync: the lowest lane of those that are named.</summary>
    public static void Elect(Warp w, Instruction* i, uint mask)
    {
        if (Parts(w, i, mask, i->More[1], &Elect))
            return;
        uint members = Members(w, i, mask, i->More[1]) & mask;
        int leader = BitOperations.TrailingZeroCount(members == 0 ? mask : members);
        Spread((uint*)(w.Rows + i->D), (uint)leader, mask);
        if (i->More[0] >= 0)
            Lanes.Merge(w, i->More[0], 1u << leader, mask);
    }

    public static void ActiveMask(Warp w, Instruction* i, uint mask) => Spread((uint*)(w.Rows + i->D), mask, mask);

    // Lanes that name different masks do the instruction without each other.
    static bool Parts(Warp w, Instruction* i, uint mask, int row, Execute self)
    {
        uint* named = (uint*)(w.Rows + row);
        uint same = Lanes.Equal(named, named[BitOperations.TrailingZeroCount(mask)], mask);
        if (same == mask)
            return false;
        for (uint rest = mask; rest != 0; rest &= ~same)
        {
            same = Lanes.Equal(named, named[BitOperations.TrailingZeroCount(rest)], rest);
            self(w, i, same);
        }
        return true;
    }

    // The mask that all of these lanes name. All that it names and that live must be here, and nobody else.
    static uint Members(Warp w, Instruction* i, uint mask, int row)
    {
        uint members = ((uint*)(w.Rows + row))[BitOperations.TrailingZeroCount(mask)];
        if ((members & w.Live & ~mask) != 0)
            Divergence.EndLeavers(w);
        uint missing = members & w.Live & ~mask, uninvited = mask & ~members;
        if ((missing | uninvited) != 0)
        {
            int lane = BitOperations.TrailingZeroCount(missing != 0 ? missing : uninvited);
            w.Block.Findings.Add(w, i, lane, FindingKind.MissingLanes, 0, "", missing != 0
                ? $"lane {lane} is named in the mask 0x{members:x8} but is not here: only 0x{mask:x8} are"
                : $"lane {lane} is here but not in its mask 0x{members:x8}");
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
