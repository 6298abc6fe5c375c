// Decodes a kernel and the functions that it calls: blocks, control flow, and the order of everything else.
namespace HSENet.Ptx;

/// <summary>Makes a <see cref="DecodedKernel"/>. What stands in the parts of this class: where variables lie, operands, memory, instructions
/// of warps.</summary>
sealed unsafe partial class Decoder
{
    readonly EmulatorModule _module;
    readonly PtxFunction _entry;
    readonly CheckLevel _level;
    readonly DecodedKernel _kernel;
    readonly RowAllocator _rows;
    readonly List<Instruction> _instructions = [];
    readonly List<int> _operands = [];
    readonly List<CodeBlock> _blocks = [];
    readonly Dictionary<string, Routine> _routines = [];
    readonly Dictionary<string, int> _kernelParameters = [];
    readonly Dictionary<(string Function, string Name), (int Offset, int Bytes)> _callParameters = [];
    readonly Dictionary<(string Function, string Name), ulong> _variables = [];
    Routine _routine = null!;
    PtxInstruction _current = null!;
    int _statement;

    /// <summary>A function on its way into the kernel.</summary>
    sealed record Routine(PtxFunction Function, ControlFlowGraph Graph)
    {
        /// <summary>Index of its first block in the kernel.</summary>
        public int FirstBlock { get; set; }

        public UnwrittenRegisters Unwritten { get; } = new(Graph);

        public string Name => Function.Name;
    }

    Decoder(EmulatorModule module, PtxFunction entry, CheckLevel level)
    {
        (_module, _entry, _level) = (module, entry, level);
        _kernel = new DecodedKernel
        {
            Name = entry.Name,
            Level = level,
            LockstepWarps = Architecture(module.Program.Target) < 70,
            Sources = PtxSourceLines.Of(module.Program),
        };
        Collect(entry, []);
        _rows = new RowAllocator(_kernel, _routines.Values.Select(routine => routine.Graph.Code));
    }

    /// <summary>Decodes an entry.</summary>
    /// <exception cref="PtxException">An instruction or operand that the emulator does not execute, recursion, or a missing
    /// function.</exception>
    public static DecodedKernel Decode(EmulatorModule module, PtxFunction entry, CheckLevel level) =>
        new Decoder(module, entry, level).Decode();

    DecodedKernel Decode()
    {
        LayOutMemory();
        int first = 0;
        foreach (Routine routine in _routines.Values)
        {
            routine.FirstBlock = first;
            first += routine.Graph.Blocks.Count;
        }
        foreach (Routine routine in _routines.Values)
        {
            _routine = routine;
            foreach (BasicBlock block in routine.Graph.Blocks)
                _blocks.Add(DecodeBlock(block));
        }
        if (_blocks.Count == 0)
            throw new PtxException(_entry.Line, $"'{_entry.Name}' has no instructions");
        _kernel.Blocks = [.. _blocks];
        MarkEnds();
        _kernel.Seal(_instructions, _operands);
        return _kernel;
    }

    // Depth first, so that a function which calls itself, however indirectly, is found.
    void Collect(PtxFunction function, HashSet<string> callers)
    {
        if (!callers.Add(function.Name))
            throw new PtxException(function.Line, $"'{function.Name}' calls itself; the emulator has no recursion");
        if (function.Refusal is { } refusal)
            throw refusal;
        if (!_routines.ContainsKey(function.Name))
        {
            function = CallLowering.Apply(_module, ParameterAddressLowering.Apply(function));
            Routine routine = new(function, ControlFlowGraph.Of(PtxCode.Of(function), EndsBlock));
            _routines[function.Name] = routine;
            foreach (PtxInstruction call in routine.Graph.Code.Instructions)
                if (call.Opcode == "call" && !DeviceCalls.IsOne(call))
                    Collect(_module.Function(call), callers);
        }
        callers.Remove(function.Name);
    }

    static bool EndsBlock(PtxInstruction instruction) =>
        instruction.Opcode == "call" && !DeviceCalls.IsOne(instruction) || IsBarrier(instruction);

    static bool IsBarrier(PtxInstruction instruction) => instruction.Opcode is "bar" or "barrier"
        && !(instruction.Has("cluster") && instruction.Has("arrive"));

    CodeBlock DecodeBlock(BasicBlock block)
    {
        PtxCode code = _routine.Graph.Code;
        CodeBlock result = new()
        {
            First = (Instruction*)_instructions.Count,
            Statement = _kernel.Statements.Count,
            Statements = block.End - block.Start,
            Ending = Ending.Next,
            Guard = -1,
            Target = -1,
            Next = Global(_routine.Graph.BlockOf(block.End)),
            Rejoin = Global(block.ImmediatePostDominator),
        };
        int start = _instructions.Count, count = -1;
        IReadOnlyList<string>[] unwritten = _level == CheckLevel.Bounds ? [] : _routine.Unwritten.Of(block);
        for (int at = block.Start; at < block.End; at++)
        {
            _current = code.Instructions[at];
            _statement = _kernel.Statements.Count;
            _kernel.Statements.Add(_current);
            _rows.StartInstruction();
            foreach (string name in unwritten.Length == 0 ? [] : unwritten[at - block.Start])
            {
                _kernel.UnwrittenNames.Add(name);
                Emit(&UnwrittenRegisters.Report, _kernel.UnwrittenNames.Count - 1);
            }
            if (IsEnding(_current))
            {
                DecodeEnding(ref result);
                // The operands of an ending stand behind the instructions that compute them, and are not executed.
                count = _instructions.Count - start;
                if (count > 0 && _instructions[^1].Execute == null)
                    count--;
            }
            else
                DecodeGuarded();
        }
        result.Count = count >= 0 ? count : _instructions.Count - start;
        return result;
    }

    static bool IsEnding(PtxInstruction instruction) => instruction.Opcode is "bra" or "brx" or "ret" or "exit" or "trap"
        || EndsBlock(instruction);

    // Blocks in which a thread of the kernel only leaves.
    void MarkEnds()
    {
        int entryBlocks = _routines[_entry.Name].Graph.Blocks.Count;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int n = 0; n < entryBlocks; n++)
            {
                ref CodeBlock block = ref _kernel.Blocks[n];
                if (block.EndsKernel || block.Count > 0 || block.Guard >= 0)
                    continue;
                int next = block.Ending == Ending.Branch ? block.Target : block.Next;
                changed |= block.EndsKernel = block.Ending is Ending.Return or Ending.Exit
                    || (block.Ending is Ending.Next or Ending.Branch && (next < 0 || _kernel.Blocks[next].EndsKernel));
            }
        }
    }

    // The number of ".target sm_90a"; 70 where it is no GPU's.
    static int Architecture(string target) =>
        target.StartsWith("sm_", StringComparison.Ordinal)
            && int.TryParse(string.Concat(target.Skip(3).TakeWhile(char.IsAsciiDigit)), out int number) ? number : 70;

    // Index of a routine's block among all blocks, -1 for leaving the routine.
    int Global(int block) => block == _routine.Graph.Exit ? -1 : _routine.FirstBlock + block;

    int Target(string label) => Global(_routine.Graph.BlockOf(_routine.Graph.Code.Labels[label]));

    void DecodeEnding(ref CodeBlock block)
    {
        if (_current.Predicate is { } predicate)
        {
            block.Guard = Source(predicate, RowKind.Predicate);
            block.GuardNegated = _current.PredicateNegated;
        }
        switch (_current.Opcode)
        {
            case "bra":
                block.Ending = Ending.Branch;
                block.Target = Target(((PtxSymbol)_current.Operands[0]).Name);
                break;
            case "brx":
                block.Ending = Ending.Indexed;
                block.Targets = [.. _routine.Graph.Code.BranchTargets[((PtxSymbol)_current.Operands[1]).Name].Select(Target)];
                block.Operands = (Instruction*)Emit(null, a: Source(_current.Operands[0], RowKind.Bits32));
                break;
            case "call":
                block.Ending = Ending.Call;
                DecodeCall(ref block);
                break;
            case "ret":
                block.Ending = Ending.Return;
                break;
            case "exit":
                block.Ending = Ending.Exit;
                break;
            case "trap":
                block.Ending = Ending.Trap;
                block.Operands = (Instruction*)Emit(null);
                break;
            case "bar" when _current.Has("warp"):
                block.Ending = Ending.WarpBarrier;
                block.Operands = (Instruction*)Emit(null, a: Source(_current.Operands[0], RowKind.Bits32));
                break;
            default:
                block.Ending = Ending.Barrier;
                DecodeBarrier(ref block);
                break;
        }
    }

    void DecodeCall(ref CodeBlock block)
    {
        (IReadOnlyList<PtxOperand> results, _, IReadOnlyList<PtxOperand> arguments) = _current.Call();
        string target = _module.Function(_current).Name;
        PtxFunction function = _routines[target].Function;
        block.Target = _routines[target].FirstBlock;
        if (results.Count != function.Results.Count || arguments.Count != function.Parameters.Count)
            throw Fault($"'{target}' takes {function.Parameters.Count} arguments and gives {function.Results.Count} results");
        block.Copies = new CallCopies(
            [.. arguments.Zip(function.Parameters, (argument, parameter) =>
                Copy(CallParameter(argument), Formal(function, parameter), target))],
            [.. results.Zip(function.Results, (result, formal) => Copy(Formal(function, formal), CallParameter(result), target))]);
    }

    (int From, int To, int Bytes) Copy((int Offset, int Bytes) from, (int Offset, int Bytes) to, string target)
    {
        if (from.Bytes != to.Bytes)
            throw Fault($"an argument or result of '{target}' has {to.Bytes} bytes, here it has {from.Bytes}");
        return (from.Offset, to.Offset, from.Bytes);
    }

    (int Offset, int Bytes) Formal(PtxFunction function, PtxVariable parameter) =>
        _callParameters.TryGetValue((function.Name, parameter.Name), out var found)
        ? found : throw Fault($"parameter {parameter.Name} of '{function.Name}' is no .param variable");

    (int Offset, int Bytes) CallParameter(PtxOperand operand) =>
        operand is PtxSymbol { Offset: 0 } symbol && _callParameters.TryGetValue((_routine.Name, symbol.Name), out var found)
            ? found : throw Fault($"'{operand}' is no .param variable");

    PtxException Fault(string what) => new(_current.Line, $"{what}: {_current}");
}
