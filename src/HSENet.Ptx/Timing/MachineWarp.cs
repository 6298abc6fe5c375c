// Walks a warp through machine code: integers, predicates, addresses and branches are computed, all other arithmetic is passed over.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>What the warps of a block share.</summary>
sealed class MachineBlock(Dim3 position, Dim3 size, Dim3 grid, byte[] parameters, int sharedBytes, Func<ulong, uint>? memory)
{
    byte[]? _shared;

    public Dim3 Position => position;
    public Dim3 Size => size;
    public Dim3 Grid => grid;
    public byte[] Parameters => parameters;

    /// <summary>Shared memory as far as its values matter.</summary>
    public byte[] Shared => _shared ??= new byte[sharedBytes + 2048];

    /// <summary>A word of global memory as it was before the launch.</summary>
    public uint Read(ulong address) => memory == null ? 0 : memory(address);
}

/// <summary>
/// A warp's registers as far as they decide where it goes and what it accesses. Values of floating-point arithmetic that only reach results
/// are not computed. Lanes that part are run by the lowest address first, so that they meet again.
/// </summary>
sealed unsafe partial class MachineWarp : IWarpStream, IDisposable
{
    const int Lanes = 32, LocalBytes = 16384;

    /// <summary>High word of generic addresses that lie in shared memory.</summary>
    public const uint SharedWindow = 0x7f00_0000;

    readonly MachineProgram _program;
    readonly MachineBlock _block;
    readonly int _index;
    readonly uint[] _memory;
    readonly uint* _registers;
    readonly uint* _scratch;
    readonly uint[] _uniform = new uint[256];
    readonly uint[] _predicates = new uint[8];
    readonly uint[] _uniformPredicates = new uint[8];
    readonly ulong[] _addresses = new ulong[Lanes];
    readonly List<(int Pc, uint Mask)> _groups = [];
    byte[]? _local;

    public MachineWarp(MachineProgram program, MachineBlock block, int index)
    {
        (_program, _block, _index) = (program, block, index);
        _memory = program.TakeRegisters((program.RegisterCount + 9) * Lanes);
        _registers = (uint*)Unsafe.AsPointer(ref _memory[0]);
        _scratch = _registers + program.RegisterCount * Lanes;
        _predicates[MachineOperand.TruePredicate] = _uniformPredicates[MachineOperand.TruePredicate] = uint.MaxValue;
        int lanes = (int)Math.Min(Lanes, block.Size.Count - index * Lanes);
        _groups.Add((0, lanes == Lanes ? uint.MaxValue : (1u << lanes) - 1));
    }

    public ReadOnlySpan<ulong> Addresses => _addresses;

    /// <summary>Gives the registers back; the warp is of no use afterwards.</summary>
    public void Dispose()
    {
        if (_returned)
            return;
        _returned = true;
        _program.GiveRegisters(_memory);
    }

    /// <summary>Leaves loops early; null for none.</summary>
    public LoopCut? Cut { get; init; }

    IReadOnlyList<(int Branch, bool Taken)> _replay = [];
    int[]? _rounds;
    int _replayed;
    bool _returned;

    public bool Next(ref ExecutedStep step)
    {
        if (Choose() is not (>= 0 and int chosen))
            return false;
        (int pc, uint lanes) = _groups[chosen];
        MachineStep s = _program.Steps[pc];
        uint mask = Guarded(s, lanes);
        step = new ExecutedStep { Index = pc, Mask = mask };
        if (s.Class == MachineClass.Branch)
        {
            Branch(s, ref step, chosen, pc, lanes, mask);
            return true;
        }
        _groups[chosen] = (pc + 1, lanes);
        if (s.Address >= 0)
            Access(s, ref step, mask);
        if (s.Matters && mask != 0)
            Execute(s, mask);
        return true;
    }

    void Branch(MachineStep s, ref ExecutedStep step, int group, int pc, uint lanes, uint mask)
    {
        int target = s.Target;
        switch (s.Branch)
        {
            case BranchKind.Exit:
                mask &= Condition(s);
                Leave(group, pc, lanes, mask);
                step.Taken = mask != 0;
                return;
            case BranchKind.Jump or BranchKind.Call when target >= 0:
                mask &= Condition(s);
                if (Cut != null)
                    mask = Shortened(pc, lanes, mask);
                break;
            case BranchKind.Return when mask != 0:
                target = (int)(Row(s.Operands[0].Index)[BitOperations.TrailingZeroCount(mask)] / MachineInstruction.Size);
                break;
            case BranchKind.Passed:
                mask = 0;
                break;
            default:
                if (mask != 0)
                    throw new NotSupportedException($"the model of time does not follow {s.Source.Mnemonic} {s.Source.Operands}");
                break;
        }
        step.Taken = mask != 0;
        step.EndsRound = step.Taken && target <= pc && s.Branch == BranchKind.Jump;
        if (mask == lanes)
            _groups[group] = (target, lanes);
        else
        {
            _groups[group] = (pc + 1, lanes & ~mask);
            if (mask != 0)
                _groups.Add((target, mask));
        }
    }

    // In a loop that is cut: out after some rounds, each time, and then the way that a warp takes which has done all of them.
    uint Shortened(int pc, uint lanes, uint mask)
    {
        IReadOnlyList<CutLoop> loops = Cut!.Loops;
        for (int loop = 0; loop < loops.Count; loop++)
        {
            if (pc != loops[loop].Branch)
                continue;
            _rounds ??= new int[loops.Count];
            // Rounds of the loops around this one go on; others, left in some way, begin anew.
            for (int other = 0; other < loops.Count; other++)
                if (other != loop && !(_program.Steps[loops[other].Branch].Target <= pc && pc < loops[other].Branch))
                    _rounds[other] = 0;
            _rounds[loop] = mask != 0 ? _rounds[loop] + 1 : 0;
            _replay = [];
            if (_rounds[loop] <= loops[loop].Rounds)
                return mask;
            (_rounds[loop], _replay, _replayed) = (0, loops[loop].Afterwards, 0);
            return 0;
        }
        if (_replayed >= _replay.Count || _replay[_replayed].Branch != pc)
            return mask;
        return _replay[_replayed++].Taken ? lanes : 0;
    }

    uint Condition(MachineStep s)
    {
        uint mask = uint.MaxValue;
        foreach (ref readonly MachineOperand condition in s.Conditions.AsSpan())
        {
            uint value = condition.Kind == OperandKind.Predicate ? _predicates[condition.Index] : _uniformPredicates[condition.Index];
            mask &= condition.Negated ? ~value : value;
        }
        return mask;
    }

    void Leave(int group, int pc, uint lanes, uint mask)
    {
        if ((lanes & ~mask) == 0)
            _groups.RemoveAt(group);
        else
            _groups[group] = (pc + 1, lanes & ~mask);
    }

    void Access(MachineStep s, ref ExecutedStep step, uint mask)
    {
        step.Space = s.Space;
        if (mask == 0)
            return;
        Fill(s.Operands[s.Address], s.Space == AccessSpace.Global);
        if (s.IsGeneric
            && (_addresses[BitOperations.TrailingZeroCount(mask)] >> 32) == SharedWindow)
        {
            step.Space = AccessSpace.Shared;
            for (int l = 0; l < Lanes; l++)
                _addresses[l] &= uint.MaxValue;
        }
    }

    void Fill(in MachineOperand address, bool global)
    {
        ulong fixedPart = (ulong)address.Value;
        if (address.Second >= 0)
            fixedPart += address.WideUniform ? Pair(_uniform, address.Second) : Uniform(address.Second);
        if (address.Index < 0 || address.Index == MachineOperand.ZeroRegister)
        {
            Array.Fill(_addresses, global ? fixedPart : (uint)fixedPart);
            return;
        }
        uint* low = Row(address.Index), high = Row(address.Index + 1);
        uint scale = (uint)address.Scale;
        Span<ulong> to = _addresses;
        if (address.Wide && global)
            for (int l = 0; l < to.Length; l++)
                to[l] = (low[l] | (ulong)high[l] << 32) + fixedPart;
        else
            for (int l = 0; l < to.Length; l++)
            {
                ulong value = (address.Wide ? low[l] | (ulong)high[l] << 32 : low[l] * scale) + fixedPart;
                to[l] = global ? value : (uint)value;
            }
    }

    // Numbers beyond what the code names (RZ as an index, ends of wide values) go to a row behind the scratch.
    uint* Row(int register) => _registers + (register < _program.RegisterCount ? register : _program.RegisterCount + 8) * Lanes;

    uint Uniform(int register) => register == MachineOperand.ZeroRegister ? 0 : _uniform[register];

    static ulong Pair(uint[] uniform, int register) =>
        register == MachineOperand.ZeroRegister ? 0 : uniform[register] | (ulong)uniform[register + 1] << 32;
}
