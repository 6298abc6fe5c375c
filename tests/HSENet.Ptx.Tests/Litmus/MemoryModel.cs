// The memory model of PTX (PTX ISA, "Memory Consistency Model") by trying every execution of a litmus test, unlike the checker.
namespace HSENet.Ptx.Tests;

/// <summary>Enumerates what every read may take its value from and every order of writes and of fences, and keeps what the axioms
/// allow.</summary>
sealed class MemoryModel
{
    readonly LitmusTest _test;
    readonly Placement _placement;
    readonly List<(string Outcome, bool Race)> _executions = [];

    // Events of the execution that is being tried: 0 to the number of words are the initial writes.
    List<(LitmusOp? Op, int Thread, string Word)> _events = [];

    MemoryModel(LitmusTest test, Placement placement) => (_test, _placement) = (test, placement);

    /// <summary>The outcomes that are allowed; each with true for an execution with a race, false for one without.</summary>
    public static ILookup<string, bool> Outcomes(LitmusTest test, Placement placement)
    {
        MemoryModel model = new(test, placement);
        int guards = test.Threads.Count(thread => thread.Any(op => op.If));
        for (int taken = 0; taken < 1 << guards; taken++)
            model.TryEvents(taken);
        return model._executions.Distinct().ToLookup(execution => execution.Outcome, execution => execution.Race);
    }

    void TryEvents(int taken)
    {
        _events = [.. _test.Words.Select(word => ((LitmusOp?)null, -1, word))];
        bool[] follows = new bool[_test.Threads.Length];
        for (int n = 0, guard = 0; n < _test.Threads.Length; n++)
        {
            follows[n] = _test.Threads[n].Any(op => op.If) && (taken >> guard++ & 1) != 0;
            foreach (LitmusOp op in _test.Threads[n])
                if (!op.If || follows[n])
                    _events.Add((op, n, op.IsFence ? "" : op.Word));
        }
        int[] reads = [.. Each(e => _events[e].Op?.Reads == true)];
        int[][] sources = [.. reads.Select(read => Each(e => Writes(e) && e != read && _events[e].Word == _events[read].Word).ToArray())];
        foreach (int[] chosen in Product(sources))
        {
            Dictionary<int, int> from = reads.Zip(chosen).ToDictionary(pair => pair.First, pair => pair.Second);
            bool fits = true;
            for (int n = 0; n < _test.Threads.Length; n++)
                if (_test.Threads[n].Any(op => op.If))
                    fits &= follows[n] == (Value(from[reads.First(read => _events[read].Thread == n)]) == 1);
            if (fits)
                TryOrders(from);
        }
    }

    void TryOrders(Dictionary<int, int> from)
    {
        int[][][] orders = [.. _test.Words.Select(word =>
            Permutations([.. Each(e => Writes(e) && _events[e].Word == word && Thread(e) >= 0)]))];
        int[][] fences = Permutations([.. Each(e => _events[e].Op is { IsFence: true } op && op.Has("sc"))]);
        foreach (int[][] order in Product(orders))
            foreach (int[] fenceOrder in fences)
                Try(from, order, fenceOrder);
    }

    void Try(Dictionary<int, int> from, int[][] order, int[] fenceOrder)
    {
        int count = _events.Count;
        bool[,] coherence = new bool[count, count], fromRead = new bool[count, count], seen = new bool[count, count];
        for (int word = 0; word < order.Length; word++)
            for (int i = 0; i < order[word].Length; i++)
            {
                coherence[word, order[word][i]] = true;
                for (int j = i + 1; j < order[word].Length; j++)
                    coherence[order[word][i], order[word][j]] = true;
            }
        foreach ((int read, int write) in from)
        {
            seen[write, read] = Thread(write) >= 0 && MorallyStrong(write, read);
            foreach (int later in Each(e => coherence[write, e] && e != read))
                fromRead[read, later] = true;
            // Nothing comes between the two halves of an exchange.
            if (_events[read].Op!.IsExchange && (coherence[read, write] || Each(e => coherence[write, e] && coherence[e, read]).Any()))
                return;
        }
        // A chain of exchanges carries an observation on.
        for (int middle = 0; middle < count; middle++)
            foreach (int a in Each(e => seen[e, middle] && _events[middle].Op!.IsExchange).ToArray())
                foreach (int b in Each(e => seen[middle, e]).ToArray())
                    seen[a, b] = true;
        bool[,] base_ = Base(seen, fenceOrder);
        bool[,] causality = (bool[,])base_.Clone();
        for (int a = 0; a < count; a++)
            for (int z = 0; z < count; z++)
                for (int b = 0; seen[a, z] && b < count; b++)
                    causality[a, b] |= base_[z, b];
        for (int a = 0; a < count; a++)
        {
            if (causality[a, a])
                return;
            for (int b = 0; b < count; b++)
            {
                bool communicates = coherence[b, a] || fromRead[b, a] || (from.TryGetValue(a, out int source) && source == b);
                if (communicates && (causality[a, b] || (ProgramOrder(a, b) && _events[a].Word == _events[b].Word)))
                    return;
            }
        }
        if (!PerWord(coherence, fromRead, from))
            return;
        bool race = false;
        for (int a = 0; a < count; a++)
            for (int b = a + 1; b < count; b++)
                race |= Thread(a) >= 0 && Thread(a) != Thread(b) && _events[a].Word != "" && _events[a].Word == _events[b].Word
                    && (Writes(a) || Writes(b)) && !MorallyStrong(a, b) && !causality[a, b] && !causality[b, a];
        _executions.Add((Outcome(from), race));
    }

    // Program order, release and acquire patterns that meet, and the order of fence.sc.
    bool[,] Base(bool[,] seen, int[] fenceOrder)
    {
        int count = _events.Count;
        bool[,] order = new bool[count, count];
        for (int a = 0; a < count; a++)
            for (int b = 0; b < count; b++)
                order[a, b] = ProgramOrder(a, b) || (Thread(a) < 0 && Thread(b) >= 0);
        for (int i = 0; i < fenceOrder.Length; i++)
            for (int j = i + 1; j < fenceOrder.Length; j++)
                order[fenceOrder[i], fenceOrder[j]] |= MorallyStrong(fenceOrder[i], fenceOrder[j]);
        for (int w = 0; w < count; w++)
            foreach (int r in Each(e => seen[w, e]).ToArray())
                foreach (int x in Each(e => e == w ? _events[e].Op!.Releases : ProgramOrder(e, w) && _events[e].Op!.Releases
                    && (_events[e].Op!.IsFence || _events[e].Word == _events[w].Word)).ToArray())
                    foreach (int y in Each(e => e == r ? _events[e].Op!.Acquires : ProgramOrder(r, e) && _events[e].Op!.Acquires
                        && (_events[e].Op!.IsFence || _events[e].Word == _events[r].Word)))
                        order[x, y] |= MorallyStrong(x, y);
        for (int z = 0; z < count; z++)
            for (int a = 0; a < count; a++)
                for (int b = 0; order[a, z] && b < count; b++)
                    order[a, b] |= order[z, b];
        return order;
    }

    // Operations on a word that are strong for each other have one order, which program order does not contradict.
    bool PerWord(bool[,] coherence, bool[,] fromRead, Dictionary<int, int> from)
    {
        int count = _events.Count;
        bool[,] order = new bool[count, count];
        for (int a = 0; a < count; a++)
            for (int b = 0; b < count; b++)
                order[a, b] = _events[a].Word != "" && _events[a].Word == _events[b].Word && (ProgramOrder(a, b) || (MorallyStrong(a, b)
                    && (coherence[a, b] || fromRead[a, b] || (from.TryGetValue(b, out int source) && source == a))));
        for (int z = 0; z < count; z++)
            for (int a = 0; a < count; a++)
                for (int b = 0; order[a, z] && b < count; b++)
                    order[a, b] |= order[z, b];
        return !Each(e => order[e, e]).Any();
    }

    string Outcome(Dictionary<int, int> from)
    {
        List<string> values = [];
        for (int n = 0; n < _test.Threads.Length; n++)
        {
            int[] made = [.. from.Keys.Where(read => _events[read].Thread == n).Order()];
            LitmusOp[] all = [.. _test.Threads[n].Where(op => op.Reads)];
            values.AddRange(all.Select((_, i) => i < made.Length ? $"{Value(from[made[i]])}" : "-1"));
        }
        return string.Join(' ', values);
    }

    bool MorallyStrong(int a, int b)
    {
        LitmusOp? first = _events[a].Op, second = _events[b].Op;
        if (first == null || second == null)
            return true;
        return Thread(a) == Thread(b) || (first.Strong && second.Strong
            && (_placement != Placement.Blocks || (!first.IsOfBlock && !second.IsOfBlock)));
    }

    bool ProgramOrder(int a, int b) => Thread(a) >= 0 && Thread(a) == Thread(b) && a < b;

    bool Writes(int e) => _events[e].Op?.Writes ?? true;

    int Value(int write) => _events[write].Op?.Value ?? 0;

    int Thread(int e) => _events[e].Thread;

    IEnumerable<int> Each(Func<int, bool> wanted) => Enumerable.Range(0, _events.Count).Where(wanted);

    static int[][] Permutations(int[] items) => items.Length == 0 ? [[]]
        : [.. items.SelectMany(item => Permutations([.. items.Where(other => other != item)]).Select(rest => (int[])[item, .. rest]))];

    static IEnumerable<T[]> Product<T>(T[][] choices) => choices.Aggregate<T[], IEnumerable<T[]>>([[]],
        (chosen, next) => chosen.SelectMany(_ => next, (before, item) => (T[])[.. before, item]));
}
