// How many 32-bit registers are live at once: an estimate of what an assembler needs.
using System.Collections;

namespace HSENet.Ptx;

static class RegisterPressure
{
    /// <summary>
    /// The largest number of 32-bit registers live behind any instruction: a 64-bit value counts two, a 16-bit value one, a predicate none.
    /// An assembler may need fewer (it recomputes and reorders) or more (addresses, alignment of pairs).
    /// </summary>
    public static int LargestLive(ControlFlowGraph graph)
    {
        PtxCode code = graph.Code;
        string[] names = [.. code.Registers.Keys];
        Dictionary<string, int> indices = names.Select((name, index) => (name, index)).ToDictionary(pair => pair.name, pair => pair.index);
        int[] weights = [.. names.Select(name => code.Registers[name] == PtxType.Pred ? 0 : Math.Max(1, code.Registers[name].Bits() / 32))];
        int[][] reads = [.. code.Instructions.Select(instruction => instruction.Reads().Select(name => indices[name]).ToArray())];
        int[][] writes = [.. code.Instructions.Select(instruction =>
            instruction.Writes().Select(name => indices[name]).Distinct().ToArray())];
        BitArray[] entering = [.. graph.Blocks.Select(_ => new BitArray(names.Length))];
        Queue<int> open = new(graph.Blocks.Select(block => block.Index).Reverse());
        while (open.TryDequeue(out int index))
        {
            BitArray live = Leaving(graph.Blocks[index]);
            for (int i = graph.Blocks[index].End - 1; i >= graph.Blocks[index].Start; i--)
                Step(i, live);
            if (!new BitArray(live).Xor(entering[index]).HasAnySet())
                continue;
            entering[index] = live;
            foreach (int predecessor in graph.Blocks[index].Predecessors)
                open.Enqueue(predecessor);
        }
        return graph.Blocks.Select(Largest).DefaultIfEmpty(0).Max();

        BitArray Leaving(BasicBlock block) => block.Successors.Where(successor => successor != graph.Exit)
            .Aggregate(new BitArray(names.Length), (live, successor) => live.Or(entering[successor]));

        // From behind an instruction to before it; a guarded write may leave the old value.
        void Step(int instruction, BitArray live)
        {
            if (code.Instructions[instruction].Predicate == null)
                foreach (int register in writes[instruction])
                    live[register] = false;
            foreach (int register in reads[instruction])
                live[register] = true;
        }

        int Largest(BasicBlock block)
        {
            BitArray live = Leaving(block);
            int count = Enumerable.Range(0, names.Length).Where(register => live[register]).Sum(register => weights[register]);
            int largest = 0;
            for (int i = block.End - 1; i >= block.Start; i--)
            {
                largest = Math.Max(largest, count + writes[i].Where(register => !live[register]).Sum(register => weights[register]));
                int[] touched = [.. writes[i].Concat(reads[i]).Distinct()];
                count -= touched.Where(register => live[register]).Sum(register => weights[register]);
                Step(i, live);
                count += touched.Where(register => live[register]).Sum(register => weights[register]);
            }
            return Math.Max(largest, count);
        }
    }
}
