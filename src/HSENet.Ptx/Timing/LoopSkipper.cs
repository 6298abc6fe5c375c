// Rounds of loops that a walk which only counts may leave out: each does what the one before did, to numbers that grow in equal steps.
namespace HSENet.Ptx;

/// <summary>
/// After three rounds of a loop that went the same way, in which every number that decides something changed by the same amount, a further
/// round does so, too, as long as its comparisons come out as before: what follows from the changing numbers are sums and products with
/// numbers that stay (<see cref="LoopBody.Steady"/>). How long that lasts is computed, and those rounds are added up: the walk finds the
/// same counts as one that goes through all of them.
/// </summary>
/// <param name="program">The code.</param>
/// <param name="warp">The warp that walks.</param>
/// <param name="way">What it counts.</param>
sealed class LoopSkipper(MachineProgram program, MachineWarp warp, WarpWay way)
{
    const int Lanes = 32;

    // Rounds without one that could be left out, after which a loop is no longer looked at.
    const int MostTries = 200;

    readonly Watched?[] _loops = new Watched?[program.Steps.Length];

    /// <summary>Where the warp leaves what the comparisons of whole numbers that decide something compared, by instruction.</summary>
    public uint[]?[] Compared { get; } = [.. program.Steps.Select(step =>
        step.Decides && step.Opcode == MachineOpcode.ISETP ? new uint[2 * Lanes] : null)];

    /// <summary>The warp has taken the branch back of a loop, all lanes that are in it together.</summary>
    public void EndRound(int branch, uint lanes)
    {
        Watched loop = _loops[branch] ??= new Watched(program.Loop(branch));
        if (!loop.Body.IsWatched || loop.Tries > MostTries)
            return;
        loop.Tries++;
        Look(loop);
        bool follows = loop.Seen > 0 && loop.Active == lanes;
        if (follows)
        {
            Minus(loop.State, loop.Before, loop.Changes);
            Minus(loop.Counts, loop.CountsBefore, loop.Round);
            follows = WarpWay.IsInside(loop.Round, loop.Body.Last - loop.Body.First + 1);
        }
        bool repeats = follows && loop.Seen > 1 && loop.Changes.AsSpan().SequenceEqual(loop.LastChanges)
            && loop.Round.AsSpan().SequenceEqual(loop.LastRound);
        (loop.Seen, loop.Active) = (follows ? 2 : 1, lanes);
        loop.Keep();
        if (!repeats || Times(loop, lanes) is not (> 0 and long times))
            return;
        Skip(loop, times);
        Look(loop);
        loop.Keep();
        (loop.Seen, loop.Tries) = (1, 0);
    }

    // What decides something, as it is now: registers, predicates, what was compared, and counts.
    void Look(Watched loop)
    {
        warp.CopyState(loop.Body.Registers, loop.Body.Uniforms, loop.State);
        int at = loop.ComparedAt;
        foreach (int comparison in loop.Body.Comparisons)
        {
            Compared[comparison]!.CopyTo(loop.State, at);
            at += 2 * Lanes;
        }
        way.CopyCounts(loop.Body.First, loop.Body.Last, loop.Counts);
    }

    // How many rounds more are surely like the last one.
    long Times(Watched loop, uint lanes)
    {
        if (loop.Changes.AsSpan(loop.PredicatesAt, MachineWarp.PredicateWords).ContainsAnyExcept(0u)
            || loop.Body.Steady(Changing(loop)) is not { } comparisons)
            return 0;
        long times = long.MaxValue;
        foreach (int comparison in comparisons)
        {
            long issued = WarpWay.Issued(loop.LastRound, comparison - loop.Body.First);
            if (issued > 1)
                return 0;
            int at = loop.ComparedAt + 2 * Lanes * IndexOf(loop.Body.Comparisons, comparison);
            for (uint rest = issued == 0 ? 0 : lanes; rest != 0; rest &= rest - 1)
            {
                int lane = at + System.Numerics.BitOperations.TrailingZeroCount(rest);
                times = Math.Min(times, Unchanged(program.Steps[comparison], loop.Before[lane], loop.LastChanges[lane],
                    loop.Before[lane + Lanes], loop.LastChanges[lane + Lanes]));
            }
        }
        return times < long.MaxValue ? times : throw new EmulatorException(MachineKernel.NoEnd);
    }

    // A bit for each register that the last round changed.
    static ulong Changing(Watched loop)
    {
        ulong changing = 0;
        int registers = loop.Body.Registers.Count;
        for (int n = 0; n < registers; n++)
            if (loop.LastChanges.AsSpan(n * Lanes, Lanes).ContainsAnyExcept(0u))
                changing |= 1UL << n;
        for (int n = 0; n < loop.Body.Uniforms.Count; n++)
            if (loop.LastChanges[registers * Lanes + n] != 0)
                changing |= 1UL << registers + n;
        return changing;
    }

    void Skip(Watched loop, long times)
    {
        warp.Advance(loop.Body.Registers, loop.Body.Uniforms, loop.LastChanges, times);
        int at = loop.ComparedAt;
        foreach (int comparison in loop.Body.Comparisons)
            for (int n = 0; n < 2 * Lanes; n++)
                Compared[comparison]![n] += loop.LastChanges[at++] * (uint)times;
        way.Repeat(loop.Body.First, loop.Body.Last, loop.LastRound, times);
    }

    static int IndexOf(IReadOnlyList<int> list, int value)
    {
        int at = 0;
        while (list[at] != value)
            at++;
        return at;
    }

    static void Minus(uint[] a, uint[] b, uint[] difference)
    {
        for (int i = 0; i < a.Length; i++)
            difference[i] = a[i] - b[i];
    }

    static void Minus(long[] a, long[] b, long[] difference)
    {
        for (int i = 0; i < a.Length; i++)
            difference[i] = a[i] - b[i];
    }

    // How many rounds more a comparison comes out as it did, if its operands go on growing as they do.
    internal static long Unchanged(MachineStep comparison, uint a, uint growthOfA, uint b, uint growthOfB)
    {
        bool signed = !comparison.Has(MachineWord.U32);
        (long x, long y, long dx, long dy) = (Value(a), Value(b), (int)growthOfA, (int)growthOfB);
        // Not beyond where a number starts again from the other end.
        long most = Math.Min(Rest(x, dx), Rest(y, dy)), distance = x - y, growth = dx - dy;
        var (below, equal, above) = MachineWarp.Holds(comparison);
        if (growth == 0)
            return growthOfA == 0 ? long.MaxValue : most;
        bool now = Of(distance);
        if (Math.Sign(distance) * Math.Sign(growth) >= 0) // it grows away from where both are equal
            return Of(growth) == now ? most : 0;
        long size = Math.Abs(distance), step = Math.Abs(growth), before = (size - 1) / step;
        if (before >= most || Of(growth) != now && (size % step != 0 || equal != now))
            return Math.Min(most, before);
        if (size % step == 0 && equal != now)
            return before;
        return Of(growth) == now ? most : Math.Min(most, before + 1);

        long Value(uint word) => signed ? (int)word : word;
        long Rest(long value, long growth) => growth == 0 ? long.MaxValue
            : growth > 0 ? ((signed ? int.MaxValue : uint.MaxValue) - value) / growth : (value - (signed ? int.MinValue : 0)) / -growth;
        bool Of(long order) => order < 0 ? below : order == 0 ? equal : above;
    }

    // A loop with the ends of its last rounds.
    sealed class Watched
    {
        public Watched(LoopBody body)
        {
            Body = body;
            PredicatesAt = Lanes * body.Registers.Count + body.Uniforms.Count;
            ComparedAt = PredicatesAt + MachineWarp.PredicateWords;
            int words = ComparedAt + 2 * Lanes * body.Comparisons.Count, counts = WarpWay.Counts(body.First, body.Last);
            (State, Before, Changes, LastChanges) = (new uint[words], new uint[words], new uint[words], new uint[words]);
            (Counts, CountsBefore, Round, LastRound) = (new long[counts], new long[counts], new long[counts], new long[counts]);
        }

        public LoopBody Body { get; }
        public int PredicatesAt { get; }
        public int ComparedAt { get; }

        /// <summary>Rounds that were looked at since one could be left out.</summary>
        public int Tries { get; set; }

        /// <summary>Ends of rounds, one behind the other: 2 for two or more.</summary>
        public int Seen { get; set; }

        /// <summary>Lanes that were in the loop when its last round ended.</summary>
        public uint Active { get; set; }

        /// <summary>What decides something, now and when the round before ended, and by how much that changed.</summary>
        public uint[] State { get; private set; }
        public uint[] Before { get; private set; }
        public uint[] Changes { get; private set; }
        public uint[] LastChanges { get; private set; }

        /// <summary>What was counted, likewise.</summary>
        public long[] Counts { get; private set; }
        public long[] CountsBefore { get; private set; }
        public long[] Round { get; private set; }
        public long[] LastRound { get; private set; }

        /// <summary>What is now becomes what was before.</summary>
        public void Keep()
        {
            (State, Before, Changes, LastChanges) = (Before, State, LastChanges, Changes);
            (Counts, CountsBefore, Round, LastRound) = (CountsBefore, Counts, LastRound, Round);
        }
    }
}
