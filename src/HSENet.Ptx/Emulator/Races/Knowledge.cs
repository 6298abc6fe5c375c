// What a thread knows of the others: for each thread of the launch a time before which its accesses come first.
namespace HSENet.Ptx;

/// <summary>
/// A vector clock over all threads of a launch, as an unchanging tree with 32 branches: lanes, warps, and blocks. A node's floor holds for
/// all threads below, so what a barrier gives is one number. Trees share their parts, and joining stops where both are the same, so it
/// costs what is new. The thread's key is its block's number times 1024 plus its number in the block.
/// </summary>
sealed class Knowledge
{
    const int Bits = 5, Fan = 1 << Bits;

    /// <summary>Levels of a lane, a warp and a block in a tree.</summary>
    public const int Lane = -1, Warp = 0, Block = 1;

    readonly uint _floor, _most;
    readonly uint[]? _lanes;
    readonly Knowledge?[]? _parts;

    Knowledge(uint floor, uint[]? lanes, Knowledge?[]? parts)
    {
        (_floor, _lanes, _parts) = (floor, lanes, parts);
        _most = floor;
        foreach (uint lane in lanes ?? [])
            _most = Math.Max(_most, lane);
        foreach (Knowledge? part in parts ?? [])
            _most = Math.Max(_most, part?._most ?? 0);
    }

    /// <summary>The level of the root of trees for a number of blocks.</summary>
    public static int Root(long blocks)
    {
        int level = Block + 1;
        for (long most = Fan; most < blocks; most *= Fan)
            level++;
        return level;
    }

    /// <summary>The time known of a thread.</summary>
    public static uint Of(Knowledge? tree, int root, long key)
    {
        uint time = 0;
        for (int level = root; tree != null; level--)
        {
            time = Math.Max(time, tree._floor);
            if (tree._lanes != null)
                return Math.Max(time, tree._lanes[key & (Fan - 1)]);
            tree = tree._parts?[key >> (Bits * level) & (Fan - 1)];
        }
        return time;
    }

    /// <summary>The time known of all threads of a block, at least.</summary>
    public static uint OfBlock(Knowledge? tree, int root, long block)
    {
        uint time = 0;
        long key = block << (2 * Bits);
        for (int level = root; tree != null; level--)
        {
            time = Math.Max(time, tree._floor);
            if (level == Block)
                break;
            tree = tree._parts?[key >> (Bits * level) & (Fan - 1)];
        }
        return time;
    }

    /// <summary>The tree with a time for the thread of a key, or for its whole warp or block.</summary>
    public static Knowledge With(Knowledge? tree, int level, long key, int what, uint time)
    {
        if (tree != null && tree._floor >= time)
            return tree;
        if (level == what)
            return tree == null || tree._most <= time ? new Knowledge(time, null, null) : new Knowledge(time, tree._lanes, tree._parts);
        int branch = (int)(key >> (Bits * level) & (Fan - 1));
        if (level == Warp)
        {
            if (tree?._lanes?[branch] >= time)
                return tree;
            uint[] lanes = tree?._lanes == null ? new uint[Fan] : [.. tree._lanes];
            lanes[branch] = time;
            return new Knowledge(tree?._floor ?? 0, lanes, null);
        }
        Knowledge? before = tree?._parts?[branch], after = With(before, level - 1, key, what, time);
        if (tree != null && before == after)
            return tree;
        Knowledge?[] parts = tree?._parts == null ? new Knowledge?[Fan] : [.. tree._parts];
        parts[branch] = after;
        return new Knowledge(tree?._floor ?? 0, null, parts);
    }

    /// <summary>What both know.</summary>
    public static Knowledge? Join(Knowledge? a, Knowledge? b)
    {
        if (a == b || b == null)
            return a;
        if (a == null || b._floor >= a._most)
            return b;
        if (a._floor >= b._most)
            return a;
        uint floor = Math.Max(a._floor, b._floor);
        if (a._lanes != null || b._lanes != null)
        {
            uint[] lanes = new uint[Fan];
            bool isA = floor == a._floor && a._lanes != null, isB = floor == b._floor && b._lanes != null;
            for (int i = 0; i < Fan; i++)
            {
                uint ofA = a._lanes?[i] ?? 0, ofB = b._lanes?[i] ?? 0, lane = Math.Max(ofA, ofB);
                lanes[i] = lane;
                isA &= lane == ofA;
                isB &= lane == ofB;
            }
            return isA ? a : isB ? b : new Knowledge(floor, lanes, null);
        }
        Knowledge?[] parts = new Knowledge?[Fan];
        bool sameA = floor == a._floor && a._parts != null, sameB = floor == b._floor && b._parts != null;
        for (int i = 0; i < Fan; i++)
        {
            Knowledge? ofA = a._parts?[i], ofB = b._parts?[i], part = Join(ofA, ofB);
            parts[i] = part;
            sameA &= part == ofA;
            sameB &= part == ofB;
        }
        return sameA ? a : sameB ? b : new Knowledge(floor, null, parts);
    }
}
