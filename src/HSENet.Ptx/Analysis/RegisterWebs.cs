// Tells apart the values that share a register: ILGPU's allocator gives one register to several.
using System.Collections;

namespace HSENet.Ptx;

/// <summary>
/// A web is the largest set of writes and reads of a register that belong together: a read joins all writes that may reach it.
/// The instructions are given again with a name of its own for each web.
/// </summary>
sealed class RegisterWebs
{
    readonly ControlFlowGraph _graph;

    // A definition is a write, or the unknown value at the entry; parents of a union-find over definitions.
    readonly List<int> _parent = [];
    readonly Dictionary<string, List<int>> _definitionsOf = [];
    readonly Dictionary<(int Instruction, string Register), int> _definitionAt = [];

    public RegisterWebs(ControlFlowGraph graph)
    {
        _graph = graph;
        IReadOnlyList<PtxInstruction> code = graph.Code.Instructions;
        foreach (string register in graph.Code.Registers.Keys)
            _definitionsOf[register] = [Define()];
        for (int i = 0; i < code.Count; i++)
            foreach (string register in code[i].Writes().Distinct())
                _definitionsOf[register].Add(_definitionAt[(i, register)] = Define());
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
        _parent.Add(_parent.Count);
        return _parent.Count - 1;
    }

    int Root(int definition)
    {
        while (_parent[definition] != definition)
            definition = _parent[definition] = _parent[_parent[definition]];
        return definition;
    }

    // Definitions that reach the start of each block.
    BitArray[] Reaching()
    {
        BitArray[] into = [.. _graph.Blocks.Select(_ => new BitArray(_parent.Count))];
        BitArray[] made = [.. _graph.Blocks.Select(_ => new BitArray(_parent.Count))];
        BitArray[] kept = [.. _graph.Blocks.Select(_ => new BitArray(_parent.Count, true))];
        foreach (BasicBlock block in _graph.Blocks)
            for (int i = block.Start; i < block.End; i++)
                foreach (string register in _graph.Code.Instructions[i].Writes().Distinct())
                {
                    if (_graph.Code.Instructions[i].Predicate == null)
                        foreach (int definition in _definitionsOf[register])
                            made[block.Index][definition] = kept[block.Index][definition] = false;
                    made[block.Index][_definitionAt[(i, register)]] = true;
                }
        if (into.Length > 0)
            foreach (List<int> definitions in _definitionsOf.Values)
                into[0][definitions[0]] = true;
        Queue<int> open = new(Enumerable.Range(0, into.Length));
        while (open.TryDequeue(out int index))
        {
            BitArray leaving = new BitArray(into[index]).And(kept[index]).Or(made[index]);
            foreach (int successor in _graph.Blocks[index].Successors.Where(successor => successor != _graph.Exit))
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
            PtxInstruction instruction = _graph.Code.Instructions[i];
            foreach (string register in instruction.Reads())
            {
                List<int> definitions = Current(register);
                foreach (int definition in definitions)
                    _parent[Root(definition)] = Root(definitions[0]);
                reads[(i, register)] = definitions[0];
            }
            foreach (string register in instruction.Writes())
                current[register] = [.. instruction.Predicate == null ? [] : Current(register), _definitionAt[(i, register)]];
        }

        // A block that nothing reaches has no definitions: its registers keep the value of the entry.
        List<int> Current(string register)
        {
            if (!current.TryGetValue(register, out List<int>? definitions))
            {
                definitions = [.. _definitionsOf[register].Where(definition => reaching[definition])];
                current[register] = definitions = definitions.Count > 0 ? definitions : [_definitionsOf[register][0]];
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
            $"{register}#{Root(isWrite ? _definitionAt[(index, register)] : reads[(index, register)])}";

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
