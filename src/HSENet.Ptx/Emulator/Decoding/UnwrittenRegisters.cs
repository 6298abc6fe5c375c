// Registers that are read although nothing can have written them.
using System.Collections;

namespace HSENet.Ptx;

/// <summary>
/// Follows for each basic block which registers some path may have written. A register that no path has written when it is read has
/// whatever the hardware left there.
/// </summary>
sealed class UnwrittenRegisters
{
    readonly ControlFlowGraph _graph;
    readonly Dictionary<string, int> _indices;
    readonly BitArray[] _entering;

    public UnwrittenRegisters(ControlFlowGraph graph)
    {
        _graph = graph;
        _indices = graph.Code.Registers.Keys.Select((name, index) => (name, index)).ToDictionary(pair => pair.name, pair => pair.index);
        _entering = [.. graph.Blocks.Select(_ => new BitArray(_indices.Count))];
        Queue<int> open = new(graph.Blocks.Select(block => block.Index));
        while (open.TryDequeue(out int index))
        {
            BitArray leaving = new(_entering[index]);
            for (int at = graph.Blocks[index].Start; at < graph.Blocks[index].End; at++)
                Write(leaving, graph.Code.Instructions[at]);
            foreach (int successor in graph.Blocks[index].Successors.Where(successor => successor != graph.Exit))
            {
                BitArray before = new(_entering[successor]);
                if (_entering[successor].Or(leaving).Xor(before).HasAnySet())
                    open.Enqueue(successor);
                _entering[successor].Or(before);
            }
        }
    }

    /// <summary>For each instruction of a block the registers that it reads unwritten.</summary>
    public IReadOnlyList<string>[] Of(BasicBlock block)
    {
        BitArray written = new(_entering[block.Index]);
        IReadOnlyList<string>[] found = new IReadOnlyList<string>[block.End - block.Start];
        for (int at = block.Start; at < block.End; at++)
        {
            PtxInstruction instruction = _graph.Code.Instructions[at];
            found[at - block.Start] =
                [.. instruction.Reads().Distinct().Where(name => _indices.TryGetValue(name, out int index) && !written[index])];
            Write(written, instruction);
        }
        return found;
    }

    void Write(BitArray written, PtxInstruction instruction)
    {
        foreach (string name in instruction.Writes())
            if (_indices.TryGetValue(name, out int index))
                written[index] = true;
    }

    /// <summary>Reports the read of a register: D is its place among the kernel's names.</summary>
    public static unsafe void Report(Warp w, Instruction* i, uint mask) => w.Block.Findings.Add(w, i,
        System.Numerics.BitOperations.TrailingZeroCount(mask), FindingKind.UninitialisedRead, 0, "",
        $"register {w.Block.Kernel.UnwrittenNames[i->D]} is read, which nothing wrote");
}
