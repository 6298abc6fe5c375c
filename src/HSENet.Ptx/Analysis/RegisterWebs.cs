// Tells apart the values that share a register: ILGPU's allocator gives one register to several.
using System.Collections;

namespace HSENet.Ptx;

/// <summary>
/// A web is the largest set of writes and reads of a register that belong together: a read joins all writes that may reach it.
/// The instructions are given again with a name of its own for each web.
/// </summary>
sealed class RegisterWebs
{
    readonly ControlFlowGraph graph;

    // A definition is a write, or the unknown value at the entry; parents of a union-find over definitions.
    readonly List<int> parent = [];
    readonly Dictionary<string, List<int>> definitionsOf = [];
    readonly Dictionary<(int Instruction, string Register), int> definitionAt = [];

    public RegisterWebs(ControlFlowGraph graph)
    {
        this.graph = graph;
        IReadOnlyList<PtxInstruction> code = graph.Code.Instructions;
        foreach (string register in graph.Code.Registers.Keys)
            definitionsOf[register] = [Define()];
        for (int i = 0; i < code.Count; i++)
            foreach (string register in code[i].Writes().Distinct())
                definitionsOf[register].Add(definitionAt[(i, register)] = Define());
        Dictionary<(int Instruction, string Register), int> reads = [];
        BitArray[] reaching = Reaching();
        foreach (BasicBlock block in graph.Blocks)
            JoinReads(block, reaching[block.Index], reads);
        Instructions = [.. code.Select((instruction, i) => Renamed(instruction, i, reads))];
    }

    /// <summary>The instructions of the code, registers named by web.</summary>
    public IReadOnlyList<PtxInstruction> Instructions { get; }

    int Define()
    {
        parent.Add(parent.Count);
        return parent.Count - 1;
    }

    int Root(int definition)
    {
        while (parent[definition] != definition)
            definition = parent[definition] = parent[parent[definition]];
        return definition;
    }

    // Definitions that reach the start of each block.
    BitArray[] Reaching()
    {
        BitArray[] into = [.. graph.Blocks.Select(_ => new BitArray(parent.Count))];
        BitArray[] made = [.. graph.Blocks.Select(_ => new BitArray(parent.Count))];
        BitArray[] kept = [.. graph.Blocks.Select(_ => new BitArray(parent.Count, true))];
        foreach (BasicBlock block in graph.Blocks)
            for (int i = block.Start; i < block.End; i++)
                foreach (string register in graph.Code.Instructions[i].Writes().Distinct())
                {
                    if (graph.Code.Instructions[i].Predicate == null)
                        foreach (int definition in definitionsOf[register])
                            made[block.Index][definition] = kept[block.Index][definition] = false;
                    made[block.Index][definitionAt[(i, register)]] = true;
                }
        if (into.Length > 0)
            foreach (List<int> definitions in definitionsOf.Values)
                into[0][definitions[0]] = true;
        Queue<int> open = new(Enumerable.Range(0, into.Length));
        while (open.TryDequeue(out int index))
        {
            BitArray leaving = new BitArray(into[index]).And(kept[index]).Or(made[index]);
            foreach (int successor in graph.Blocks[index].Successors.Where(successor => successor != graph.Exit))
            {
                BitArray before = new(into[successor]);
                if (into[successor].Or(leaving).Xor(before).HasAnySet())
                    open.Enqueue(successor);
                into[successor].Or(before);
            }
        }
        return into;
    }

    void JoinReads(BasicBlock block, BitArray reaching, Dictionary<(int, string), int> reads)
    {
        Dictionary<string, List<int>> current = [];
        for (int i = block.Start; i < block.End; i++)
        {
            PtxInstruction instruction = graph.Code.Instructions[i];
            foreach (string register in instruction.Reads())
            {
                List<int> definitions = Current(register);
                foreach (int definition in definitions)
                    parent[Root(definition)] = Root(definitions[0]);
                reads[(i, register)] = definitions[0];
            }
            foreach (string register in instruction.Writes())
                current[register] = [.. instruction.Predicate == null ? [] : Current(register), definitionAt[(i, register)]];
        }

        // A block that nothing reaches has no definitions: its registers keep the value of the entry.
        List<int> Current(string register)
        {
            if (!current.TryGetValue(register, out List<int>? definitions))
            {
                definitions = [.. definitionsOf[register].Where(definition => reaching[definition])];
                current[register] = definitions = definitions.Count > 0 ? definitions : [definitionsOf[register][0]];
            }
            return definitions;
        }
    }

    PtxInstruction Renamed(PtxInstruction instruction, int index, Dictionary<(int, string), int> reads)
    {
        bool writesFirst = instruction.Writes().Any();
        return instruction with
        {
            Predicate = instruction.Predicate is PtxRegister predicate ? new PtxRegister(Name(predicate.Name, false)) : null,
            Operands = [.. instruction.Operands.Select((operand, i) => Rename(operand, writesFirst && i == 0))],
        };

        string Name(string register, bool isWrite) =>
            $"{register}#{Root(isWrite ? definitionAt[(index, register)] : reads[(index, register)])}";

        PtxOperand Rename(PtxOperand operand, bool isWrite) => operand switch
        {
            PtxRegister register => new PtxRegister(Name(register.Name, isWrite)),
            PtxNegated negated => new PtxNegated(new PtxRegister(Name(negated.Register.Name, isWrite))),
            PtxAddress { Base: PtxRegister register } address => address with { Base = new PtxRegister(Name(register.Name, isWrite)) },
            PtxVector vector => new PtxVector([.. vector.Elements.Select(element => Rename(element, isWrite))]),
            PtxOperandList list => new PtxOperandList([.. list.Elements.Select(element => Rename(element, isWrite))]),
            PtxPair pair => new PtxPair(Rename(pair.First, isWrite), Rename(pair.Second, isWrite)),
            _ => operand,
        };
    }
}
