// shfl, vote, match and redux: what each lane of a warp gets from the others
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Ptx;

/// <summary>How shfl chooses the lane that it reads.</summary>
enum ShuffleMode { Up, Down, Butterfly, Index }

enum ReduxOperation { Add, Min, Max, And, Or, Xor }

static class WarpExchange
{
    /// <summary>
    /// The lane that <paramref name="lane"/> reads, and whether it lies in the lane's segment; if not, the lane reads itself.
    /// <paramref name="c"/> holds the clamp in bits 0 to 4 and the segment mask in bits 8 to 12; of <paramref name="b"/> five bits count.
    /// </summary>
    public static (int Source, bool InRange) ShuffleSource(ShuffleMode mode, int lane, uint b, uint c)
    {
        int distance = (int)(b & 31), clamp = (int)(c & 31), segment = (int)(c >> 8 & 31);
        int first = lane & segment;
        int limit = first | (clamp & ~segment);
        int source = mode switch
        {
            ShuffleMode.Up => lane - distance,
            ShuffleMode.Down => lane + distance,
            ShuffleMode.Butterfly => lane ^ distance,
            _ => first | (distance & ~segment),
        };
        bool inRange = mode == ShuffleMode.Up ? source >= limit : source <= limit;
        return (inRange ? source : lane, inRange);
    }

    /// <summary>A shuffle in which all 32 lanes take part: sixteen lanes at a time. Rows are 32 words; the result's may be one of the
    /// others.</summary>
    /// <returns>The lanes whose source lies in their segment.</returns>
    public static unsafe uint Shuffle(ShuffleMode mode, uint* values, uint* b, uint* c, uint* result)
    {
        Vector512<uint> low = Vector512.Load(values), high = Vector512.Load(values + 16);
        Vector512<int> first = Sources(mode, 0, Vector512.Load(b), Vector512.Load(c), out uint inRange);
        Vector512<int> second = Sources(mode, 16, Vector512.Load(b + 16), Vector512.Load(c + 16), out uint inRangeToo);
        if (Avx512F.IsSupported)
        {
            Vector512.Store(Avx512F.PermuteVar16x32x2(low, first.AsUInt32(), high), result);
            Vector512.Store(Avx512F.PermuteVar16x32x2(low, second.AsUInt32(), high), result + 16);
        }
        else
        {
            uint* copy = stackalloc uint[32];
            Vector512.Store(low, copy);
            Vector512.Store(high, copy + 16);
            for (int lane = 0; lane < 16; lane++)
            {
                result[lane] = copy[first[lane]];
                result[lane + 16] = copy[second[lane]];
            }
        }
        return inRange | inRangeToo << 16;
    }

    // ShuffleSource of sixteen lanes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Sources(ShuffleMode mode, int start, Vector512<uint> b, Vector512<uint> c, out uint inRange)
    {
        Vector512<int> five = Vector512.Create(31), lane = Vector512<int>.Indices + Vector512.Create(start);
        Vector512<int> distance = b.AsInt32() & five, segment = (c >> 8).AsInt32() & five;
        Vector512<int> first = lane & segment, limit = first | (c.AsInt32() & five & ~segment);
        Vector512<int> source = mode switch
        {
            ShuffleMode.Up => lane - distance,
            ShuffleMode.Down => lane + distance,
            ShuffleMode.Butterfly => lane ^ distance,
            _ => first | (distance & ~segment),
        };
        Vector512<int> inside = mode == ShuffleMode.Up ? Vector512.GreaterThanOrEqual(source, limit)
            : Vector512.LessThanOrEqual(source, limit);
        inRange = (uint)inside.ExtractMostSignificantBits();
        return Vector512.ConditionalSelect(inside, source, lane);
    }

    public static bool VoteAll(uint members, uint predicate) => (predicate & members) == members;

    public static bool VoteAny(uint members, uint predicate) => (predicate & members) != 0;

    /// <summary>True when the predicate is the same in all members.</summary>
    public static bool VoteUniform(uint members, uint predicate) => VoteAll(members, predicate) || !VoteAny(members, predicate);

    public static uint VoteBallot(uint members, uint predicate) => predicate & members;

    /// <summary>match.any: the members that hold the same value as <paramref name="lane"/>.</summary>
    public static uint MatchAny(uint members, ReadOnlySpan<ulong> values, int lane)
    {
        uint same = 0;
        for (uint rest = members; rest != 0; rest &= rest - 1)
        {
            int other = BitOperations.TrailingZeroCount(rest);
            if (values[other] == values[lane])
                same |= 1u << other;
        }
        return same;
    }

    /// <summary>match.all: the members and true if all hold the same value, else 0 and false.</summary>
    public static (uint Members, bool All) MatchAll(uint members, ReadOnlySpan<ulong> values)
    {
        bool all = members != 0 && MatchAny(members, values, BitOperations.TrailingZeroCount(members)) == members;
        return (all ? members : 0, all);
    }

    /// <summary>redux: the members' values combined; sums wrap, <paramref name="signed"/> matters for min and max.</summary>
    public static uint Reduce(ReduxOperation operation, bool signed, uint members, ReadOnlySpan<uint> values)
    {
        uint result = values[BitOperations.TrailingZeroCount(members)];
        for (uint rest = members & (members - 1); rest != 0; rest &= rest - 1)
        {
            uint value = values[BitOperations.TrailingZeroCount(rest)];
            result = operation switch
            {
                ReduxOperation.Add => result + value,
                ReduxOperation.Min => signed ? (uint)Math.Min((int)result, (int)value) : Math.Min(result, value),
                ReduxOperation.Max => signed ? (uint)Math.Max((int)result, (int)value) : Math.Max(result, value),
                ReduxOperation.And => result & value,
                ReduxOperation.Or => result | value,
                ReduxOperation.Xor => result ^ value,
                _ => throw new ArgumentOutOfRangeException(nameof(operation)),
            };
        }
        return result;
    }
}
