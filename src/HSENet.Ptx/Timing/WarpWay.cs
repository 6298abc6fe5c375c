// The way that a warp took through machine code: how often it issued each instruction, rounds of loops, and the branches in order.
namespace HSENet.Ptx;

/// <summary>A branch that a warp came to; or, with a length, that so many entries before it come so many times more.</summary>
readonly record struct WayEntry(int Branch, bool Taken, int Length = 0, long Times = 0);

/// <summary>What a walk that only counts finds out.</summary>
/// <param name="instructions">Instructions of the program.</param>
/// <param name="keepsBranches">Whether branches are noted in their order.</param>
sealed class WarpWay(int instructions, bool keepsBranches)
{
    // Of runs of instructions the beginnings, less the ends.
    readonly long[] _begun = new long[instructions + 1];

    /// <summary>Instructions that the warp issues.</summary>
    public long Steps { get; private set; }

    /// <summary>Those of them that were gone through one by one.</summary>
    public long Walked { get; private set; }

    /// <summary>How often each branch back to an earlier instruction was taken.</summary>
    public long[] Rounds { get; } = new long[instructions];

    /// <summary>How many instructions had issued when it was first taken.</summary>
    public long[] FirstRound { get; } = new long[instructions];

    /// <summary>The branches.</summary>
    public List<WayEntry> Branches { get; } = [];

    /// <summary>How often each instruction issued.</summary>
    public long[] Executed()
    {
        long[] executed = new long[instructions];
        long running = 0;
        for (int i = 0; i < instructions; i++)
            executed[i] = running += _begun[i];
        return executed;
    }

    /// <summary>The warp issued the instructions from one to before another.</summary>
    public void Issue(int from, int to)
    {
        _begun[from]++;
        _begun[to]--;
        Steps += to - from;
        Walked += to - from;
    }

    /// <summary>It came to a branch.</summary>
    public void Branch(int index, bool taken, bool endsRound)
    {
        if (keepsBranches)
            Branches.Add(new WayEntry(index, taken));
        if (!endsRound)
            return;
        Rounds[index]++;
        if (FirstRound[index] == 0)
            FirstRound[index] = Steps;
    }

    /// <summary>Numbers that <see cref="CopyCounts"/> copies of a loop: steps, branches, and for its instructions what was begun and the
    /// rounds.</summary>
    public static int Counts(int first, int last) => 2 + (last - first + 2) + (last - first + 1);

    /// <summary>Copies what was counted so far of the instructions of a loop.</summary>
    public void CopyCounts(int first, int last, long[] to)
    {
        (to[0], to[1]) = (Steps, Branches.Count);
        _begun.AsSpan(first, last - first + 2).CopyTo(to.AsSpan(2));
        Rounds.AsSpan(first, last - first + 1).CopyTo(to.AsSpan(4 + last - first));
    }

    /// <summary>Whether all that was counted in a round lies in the loop.</summary>
    public static bool IsInside(ReadOnlySpan<long> round, int instructions)
    {
        long running = 0, inside = 0;
        for (int i = 0; i < instructions; i++)
            inside += running += round[2 + i];
        return inside == round[0];
    }

    /// <summary>How often the n-th instruction of a loop issued in a round.</summary>
    public static long Issued(ReadOnlySpan<long> round, int n)
    {
        long issued = 0;
        for (int i = 0; i <= n; i++)
            issued += round[2 + i];
        return issued;
    }

    /// <summary>Counts a round of a loop some times more.</summary>
    /// <param name="first">The loop's first instruction.</param>
    /// <param name="last">Its branch.</param>
    /// <param name="round">What was counted in the round.</param>
    /// <param name="times">How many times.</param>
    public void Repeat(int first, int last, ReadOnlySpan<long> round, long times)
    {
        Steps += round[0] * times;
        int instructions = last - first + 1;
        for (int i = 0; i <= instructions; i++)
            _begun[first + i] += round[2 + i] * times;
        for (int i = 0; i < instructions; i++)
            Rounds[first + i] += round[3 + instructions + i] * times;
        if (keepsBranches)
            Branches.Add(new WayEntry(-1, false, (int)round[1], times));
    }
}
