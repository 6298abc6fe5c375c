// Basic blocks of a function, their edges, and where divergent paths meet again.
namespace HSENet.Ptx;

/// <summary>Instructions <see cref="Start"/> to <see cref="End"/> (exclusive) of a <see cref="PtxCode"/> that run one after the
/// other.</summary>
public sealed record BasicBlock(int Index, int Start, int End)
{
    /// <summary>Blocks that may follow, the taken branch first; <see cref="ControlFlowGraph.Exit"/> stands for leaving the
    /// function.</summary>
    public IReadOnlyList<int> Successors { get; internal set; } = [];

    /// <summary>Blocks that may precede.</summary>
    public IReadOnlyList<int> Predecessors { get; internal set; } = [];

    /// <summary>
    /// The first block that every path from here must pass: where the lanes of a diverged warp meet.
    /// <see cref="ControlFlowGraph.Exit"/> when there is none.
    /// </summary>
    public int ImmediatePostDominator { get; internal set; }
}

/// <summary>The control-flow graph of a function.</summary>
public sealed class ControlFlowGraph
{
    readonly int[] _blockOf;

    ControlFlowGraph(PtxCode code, BasicBlock[] blocks)
    {
        Code = code;
        Blocks = blocks;
        _blockOf = new int[code.Instructions.Count];
        foreach (BasicBlock block in blocks)
            _blockOf.AsSpan(block.Start, block.End - block.Start).Fill(block.Index);
    }

    /// <summary>The instructions that the blocks are of.</summary>
    public PtxCode Code { get; }

    /// <summary>The blocks in the order of the text; the first is the entry.</summary>
    public IReadOnlyList<BasicBlock> Blocks { get; }

    /// <summary>The number of blocks, used as the index of the end of the function.</summary>
    public int Exit => Blocks.Count;

    /// <summary>The block of an instruction; <see cref="Exit"/> for the index behind the last.</summary>
    public int BlockOf(int instruction) => instruction == _blockOf.Length ? Exit : _blockOf[instruction];

    /// <summary>The graph of a function.</summary>
    /// <exception cref="PtxException">The function has no body, or a label is missing.</exception>
    public static ControlFlowGraph Of(PtxFunction function) => Of(PtxCode.Of(function));

    /// <summary>The graph of code; blocks also end after instructions that <paramref name="endsBlock"/> names, such as barriers.</summary>
    public static ControlFlowGraph Of(PtxCode code, Func<PtxInstruction, bool>? endsBlock = null)
    {
        ArgumentNullException.ThrowIfNull(code);
        SortedSet<int> starts = [0, .. code.Labels.Values];
        for (int i = 0; i < code.Instructions.Count; i++)
            if (IsTransfer(code.Instructions[i]) || endsBlock?.Invoke(code.Instructions[i]) == true)
                starts.Add(i + 1);
        starts.Remove(code.Instructions.Count);
        int[] bounds = [.. starts, code.Instructions.Count];
        if (code.Instructions.Count == 0)
            bounds = [0];
        ControlFlowGraph graph = new(code,
            [.. Enumerable.Range(0, bounds.Length - 1).Select(i => new BasicBlock(i, bounds[i], bounds[i + 1]))]);
        List<int>[] predecessors = [.. Enumerable.Range(0, graph.Exit + 1).Select(_ => new List<int>())];
        foreach (BasicBlock block in graph.Blocks)
        {
            block.Successors = graph.SuccessorsOf(block);
            foreach (int successor in block.Successors)
                predecessors[successor].Add(block.Index);
        }
        foreach (BasicBlock block in graph.Blocks)
            block.Predecessors = predecessors[block.Index];
        int[] postDominators = PostDominators(graph, predecessors);
        foreach (BasicBlock block in graph.Blocks)
            block.ImmediatePostDominator = postDominators[block.Index];
        return graph;
    }

    static bool IsTransfer(PtxInstruction instruction) => instruction.Opcode is "bra" or "brx" or "ret" or "exit" or "trap";

    int[] SuccessorsOf(BasicBlock block)
    {
        PtxInstruction last = Code.Instructions[block.End - 1];
        int next = BlockOf(block.End);
        IEnumerable<int> taken = last.Opcode switch
        {
            "bra" => [BlockOf(Code.Labels[((PtxSymbol)last.Operands[0]).Name])],
            "brx" => Code.BranchTargets[((PtxSymbol)last.Operands[1]).Name].Select(label => BlockOf(Code.Labels[label])),
            "ret" or "exit" or "trap" => [Exit],
            _ => [next],
        };
        return [.. (last.Predicate == null ? taken : taken.Append(next)).Distinct()];
    }

    // Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm", on the reversed graph.
    static int[] PostDominators(ControlFlowGraph graph, List<int>[] predecessors)
    {
        int exit = graph.Exit;
        List<int>[] successors = [.. graph.Blocks.Select(block => block.Successors.ToList())];
        List<int> order = [];
        int[] rank = new int[exit + 1];
        bool[] seen = new bool[exit + 1];
        Walk(exit, predecessors, seen, order);
        // Loops without an end do not reach the exit: they get an edge to it, the last block first, and are walked before it.
        for (int block = exit - 1; block >= 0; block--)
            if (!seen[block])
            {
                successors[block].Add(exit);
                order.RemoveAt(order.Count - 1);
                Walk(block, predecessors, seen, order);
                order.Add(exit);
            }
        for (int i = 0; i < order.Count; i++)
            rank[order[i]] = i;
        int[] immediate = new int[exit + 1];
        Array.Fill(immediate, -1);
        immediate[exit] = exit;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = order.Count - 2; i >= 0; i--)
            {
                int found = -1;
                foreach (int successor in successors[order[i]])
                    if (immediate[successor] >= 0)
                        found = found < 0 ? successor : Meet(found, successor, immediate, rank);
                changed |= immediate[order[i]] != found;
                immediate[order[i]] = found;
            }
        }
        return immediate;
    }

    static int Meet(int a, int b, int[] immediate, int[] rank)
    {
        while (a != b)
            if (rank[a] < rank[b])
                a = immediate[a];
            else
                b = immediate[b];
        return a;
    }

    // Post-order of what is reached against the edges, without recursion.
    static void Walk(int start, List<int>[] predecessors, bool[] seen, List<int> order)
    {
        Stack<(int Block, int Next)> path = new([(start, 0)]);
        seen[start] = true;
        while (path.TryPop(out (int Block, int Next) top))
        {
            if (top.Next == predecessors[top.Block].Count)
            {
                order.Add(top.Block);
                continue;
            }
            path.Push((top.Block, top.Next + 1));
            int next = predecessors[top.Block][top.Next];
            if (!seen[next])
            {
                seen[next] = true;
                path.Push((next, 0));
            }
        }
    }
}
