// A walk that only counts: what decides the way is computed, all else is passed over, and rounds that repeat themselves are left out.
namespace HSENet.Ptx;

sealed unsafe partial class MachineWarp
{
    /// <summary>Goes to the end of the kernel.</summary>
    /// <exception cref="EmulatorException">It takes too long.</exception>
    public void Follow(WarpWay way)
    {
        LoopSkipper skipper = new(_program, this, way);
        _compared = skipper.Compared;
        while (Choose() is >= 0 and int chosen)
        {
            (int pc, uint lanes) = _groups[chosen];
            ExecutedStep step = default;
            int first = pc, limit = _program.Steps.Length;
            foreach ((int other, _) in _groups)
                if (other > pc && other < limit)
                    limit = other;
            while (true)
            {
                pc = Math.Min(_program.Stops[pc], limit);
                if (pc == limit || _program.Steps[pc].Parts)
                    break;
                MachineStep s = _program.Steps[pc++];
                if (Guarded(s, lanes) is var mask && mask == 0)
                    continue;
                if (s.Address >= 0)
                    Access(s, ref step, mask);
                Execute(s, mask);
            }
            if (pc == limit)
            {
                way.Issue(first, pc);
                _groups[chosen] = (pc, lanes);
                continue;
            }
            way.Issue(first, pc + 1);
            if (way.Walked > MachineKernel.MostSteps)
                throw new EmulatorException(MachineKernel.NoEnd);
            MachineStep branch = _program.Steps[pc];
            step = new ExecutedStep { Index = pc };
            Branch(branch, ref step, chosen, pc, lanes, Guarded(branch, lanes));
            if (branch is { Target: >= 0, Branch: BranchKind.Jump or BranchKind.Call })
                way.Branch(pc, step.Taken, step.EndsRound);
            if (step.EndsRound && InLoop(branch.Target, pc) is var inside && inside != 0)
                skipper.EndRound(pc, inside);
        }
    }

    // The lanes that go on in a loop whose round has ended, if all others have left it: these wait behind it until those come.
    uint InLoop(int first, int last)
    {
        uint inside = 0;
        foreach ((int pc, uint lanes) in _groups)
            if (pc == first)
                inside |= lanes;
            else if (pc <= last)
                return 0;
        return inside;
    }

    // Where the comparisons that decide leave what they compared; null where nobody asks.
    uint[]?[]? _compared;

    uint Guarded(MachineStep s, uint lanes)
    {
        if (s.Guard.Kind == OperandKind.None)
            return lanes;
        uint guard = s.Guard.Kind == OperandKind.Predicate ? _predicates[s.Guard.Index] : _uniformPredicates[s.Guard.Index];
        return lanes & (s.Guard.Negated ? ~guard : guard);
    }

    // Of the groups of lanes the one that goes on, others at the same place joined to it; -1 at the end.
    int Choose()
    {
        while (_groups.Count > 0)
        {
            int chosen = 0;
            for (int g = 1; g < _groups.Count; g++)
                if (_groups[g].Pc < _groups[chosen].Pc)
                    chosen = g;
            (int pc, uint lanes) = _groups[chosen];
            for (int g = _groups.Count - 1; g >= 0 && _groups.Count > 1; g--)
                if (g != chosen && _groups[g].Pc == pc)
                {
                    lanes |= _groups[g].Mask;
                    _groups.RemoveAt(g);
                    chosen -= g < chosen ? 1 : 0;
                }
            _groups[chosen] = (pc, lanes);
            if (pc < _program.Steps.Length)
                return chosen;
            _groups.RemoveAt(chosen);
        }
        return -1;
    }

    /// <summary>Copies registers, of the common and of the uniform data path, and the predicates.</summary>
    public void CopyState(IReadOnlyList<int> registers, IReadOnlyList<int> uniforms, uint[] to)
    {
        int at = 0;
        foreach (int register in registers)
        {
            new ReadOnlySpan<uint>(Row(register), Lanes).CopyTo(to.AsSpan(at));
            at += Lanes;
        }
        foreach (int uniform in uniforms)
            to[at++] = _uniform[uniform];
        _predicates.CopyTo(to, at);
        _uniformPredicates.CopyTo(to, at + _predicates.Length);
    }

    /// <summary>Adds to registers what some rounds of a loop add.</summary>
    public void Advance(IReadOnlyList<int> registers, IReadOnlyList<int> uniforms, uint[] round, long times)
    {
        int at = 0;
        foreach (int register in registers)
        {
            uint* row = Row(register);
            for (int l = 0; l < Lanes; l++)
                row[l] += round[at++] * (uint)times;
        }
        foreach (int uniform in uniforms)
            _uniform[uniform] += round[at++] * (uint)times;
    }

    /// <summary>Words of a state that are predicates, at its end.</summary>
    public const int PredicateWords = 16;
}
