// What an assembler would make of PTX, by a small set of rules: for the estimate where no machine code is at hand.
namespace HSENet.Ptx;

/// <summary>
/// One instruction of the machine for each of PTX, but: moves, parameters and conversions of addresses vanish; an addition behind a product
/// that it takes up is one with it; neighbouring loads of shared memory become one of 8 or 16 bytes; loads move up in their block as far as
/// their addresses allow; four rounds of a loop without a barrier go through side by side; nothing waits for arithmetic, everything for
/// loads.
/// </summary>
sealed class PtxRules
{
    /// <summary>Rounds of a small loop that an assembler unrolls.</summary>
    public const int Unrolled = 4;

    const int Boards = 15, LongestUnrolled = 40;

    readonly DecodedKernel _kernel;
    readonly GpuModel _gpu;

    public PtxRules(DecodedKernel kernel, GpuModel gpu)
    {
        (_kernel, _gpu) = (kernel, gpu);
        int count = kernel.Statements.Count;
        Vanishes = new bool[count];
        Bytes = new int[count];
        Program = new TimedInstruction[count * Unrolled];
        Orders = new int[kernel.Blocks.Length][];
        Fuse();
        for (int b = 0; b < kernel.Blocks.Length; b++)
            Orders[b] = Order(b);
        Translate();
    }

    /// <summary>Statements that are no instruction of the machine.</summary>
    public bool[] Vanishes { get; }

    /// <summary>Bytes of a lane's access, merged ones included.</summary>
    public int[] Bytes { get; }

    /// <summary>The statements of each block in the order in which they issue, counted from its first.</summary>
    public int[][] Orders { get; }

    /// <summary>An instruction for each statement, in four copies for rounds that go side by side.</summary>
    public TimedInstruction[] Program { get; }

    /// <summary>Whether rounds of a block that is a loop of its own go side by side.</summary>
    public bool Unrolls(int block)
    {
        ref CodeBlock code = ref _kernel.Blocks[block];
        return code.Ending == Ending.Branch && code.Target == block && code.Statements <= LongestUnrolled;
    }

    void Fuse()
    {
        Dictionary<string, int> products = [];
        for (int s = 0; s < _kernel.Statements.Count; s++)
        {
            PtxInstruction i = _kernel.Statements[s];
            Bytes[s] = i.Opcode is "ld" or "st" or "ldu" or "atom" or "red" ? i.Types[^1].Bytes() * i.VectorWidth
                : i.Opcode == "cp" && i.Operands.Count > 2 && i.Operands[2] is PtxInteger size ? (int)size.Value : 0;
            bool address = i.Opcode is "cvta" or "mov" || i.Opcode == "cvt" && i.Types.All(type => type.Word()[0] is 'u' or 's' or 'b');
            bool product = i.Opcode is "add" && i.Types[0].Word()[0] is 'u' or 's' && i.Reads().Any(products.ContainsKey);
            Vanishes[s] = address || product || i.Opcode is "ld" or "st" && i.Space == PtxSpace.Param || i.Opcode == "ret";
            if (product)
                products.Remove(i.Reads().First(products.ContainsKey));
            if (i.Opcode == "mul" && (i.Has("wide") || i.Has("lo")))
                foreach (string register in i.Writes())
                    products[register] = s;
        }
    }

    int[] Order(int block)
    {
        ref CodeBlock code = ref _kernel.Blocks[block];
        double[] keys = new double[code.Statements];
        Dictionary<string, double> written = [];
        double fence = -1;
        for (int n = 0; n < code.Statements; n++)
        {
            PtxInstruction i = _kernel.Statements[code.Statement + n];
            bool load = i.Opcode is "ld" or "ldmatrix" or "ldu" && i.Space != PtxSpace.Param;
            double needs = i.Reads().Select(register => written.GetValueOrDefault(register, -1)).DefaultIfEmpty(-1).Max();
            keys[n] = load ? Math.Max(needs, fence) + 0.5 : Vanishes[code.Statement + n] ? Math.Max(needs, fence) : n;
            foreach (string register in i.Writes())
                written[register] = keys[n];
            if (i.Opcode is "st" or "atom" or "red" or "cp" or "bar" or "barrier" or "call")
                fence = n;
        }
        int[] order = [.. Enumerable.Range(0, keys.Length).OrderBy(n => keys[n])];
        Merge(code.Statement, order);
        return order;
    }

    // Loads of shared memory at neighbouring places behind one register: the first takes the others along.
    void Merge(int first, int[] order)
    {
        for (int n = 0; n < order.Length; n++)
        {
            int s = first + order[n];
            PtxInstruction i = _kernel.Statements[s];
            if (Vanishes[s] || i.Opcode != "ld" || i.Space != PtxSpace.Shared || i.Predicate != null || Bytes[s] != 4)
                continue;
            PtxAddress address = (PtxAddress)i.Operands[1];
            int[] following = [.. order.Select(other => first + other).Where(other => other != s && !Vanishes[other] && Bytes[other] == 4
                && _kernel.Statements[other] is { Opcode: "ld", Predicate: null, Space: PtxSpace.Shared } load
                && load.Operands[1] is PtxAddress place && Equals(place.Base, address.Base) && place.Offset > address.Offset
                && place.Offset < address.Offset + 16).OrderBy(other => ((PtxAddress)_kernel.Statements[other].Operands[1]).Offset)];
            int count = following.Length >= 3 && address.Offset % 16 == 0 ? 4 : following.Length >= 1 && address.Offset % 8 == 0
                && ((PtxAddress)_kernel.Statements[following[0]].Operands[1]).Offset == address.Offset + 4 ? 2 : 1;
            Bytes[s] = 4 * count;
            foreach (int other in following.Take(count - 1))
                Vanishes[other] = true;
        }
    }

    void Translate()
    {
        // The registers that a load, a special function or an exchange fills wait for it; a copy waits for what it copies.
        Dictionary<string, ulong> boards = [];
        int count = _kernel.Statements.Count, next = 0;
        int[] board = new int[count];
        for (int pass = 0; pass < 2; pass++)
            for (int s = 0; s < count; s++)
            {
                PtxInstruction i = _kernel.Statements[s];
                bool variable = Variable(i);
                if (pass == 0)
                    board[s] = variable ? next++ % Boards : -1;
                ulong mask = variable ? 1UL << board[s] : Vanishes[s]
                    ? i.Reads().Aggregate(0UL, (all, register) => all | boards.GetValueOrDefault(register)) : 0;
                foreach (string register in mask == 0 ? [] : i.Writes())
                    boards[register] = boards.GetValueOrDefault(register) | mask;
            }
        for (int s = 0; s < count; s++)
        {
            PtxInstruction i = _kernel.Statements[s];
            ulong waits = i.Reads().Aggregate(0UL, (all, register) => all | boards.GetValueOrDefault(register));
            for (int copy = 0; copy < Unrolled; copy++)
                Program[copy * count + s] = Timed(i, s) with
                {
                    WriteBarrier = board[s] < 0 ? -1 : board[s] + Boards * copy,
                    WaitMask = waits << Boards * copy | (copy == 0 ? 0 : waits),
                };
        }
    }

    static bool Variable(PtxInstruction i) => InstructionClass.Of(i) is "special function" or "warp exchange" or "atomic"
        or "matrix load and store" or "global load" or "shared load" or "local load" or "generic load";

    TimedInstruction Timed(PtxInstruction i, int statement)
    {
        string kind = InstructionClass.Of(i);
        double operations = LaunchProfile.MatrixOperations(i);
        (TimedKind, TimedPipe, double) of = kind switch
        {
            "tensor core" => (TimedKind.Plain, TimedPipe.Tensor, operations * _gpu.IssuesPerClock
                / _gpu.MmaOperations(InstructionClass.MatrixType(i), i.Types[0].Word() == "f16")),
            "matrix load and store" => (TimedKind.MatrixLoad, TimedPipe.None, 0),
            "async copy" => (i.Has("commit_group") ? TimedKind.CopyCommit : i.Has("wait_group") || i.Has("wait_all") ? TimedKind.CopyWait
                : TimedKind.Copy, TimedPipe.None, 0),
            "barrier" when !i.Has("warp") => (i.Has("arrive") ? TimedKind.Arrive : TimedKind.Barrier, TimedPipe.None, 0),
            "warp exchange" => (i.Opcode == "shfl" ? TimedKind.Exchange : TimedKind.Variable, TimedPipe.None, 0),
            "atomic" => (i.Space == PtxSpace.Shared ? TimedKind.SharedAtomic : TimedKind.GlobalAtomic, TimedPipe.None, 0),
            "special function" => (TimedKind.Variable, TimedPipe.Special, _gpu.SpecialClocks),
            "control" => (TimedKind.Branch, TimedPipe.None, 0),
            "shared load" => (TimedKind.SharedLoad, TimedPipe.None, 0),
            "shared store" => (TimedKind.SharedStore, TimedPipe.None, 0),
            "local load" or "local store" => (TimedKind.Local, TimedPipe.None, 0),
            "global load" or "generic load" => (TimedKind.GlobalLoad, TimedPipe.None, 0),
            "global store" or "generic store" => (TimedKind.GlobalStore, TimedPipe.None, 0),
            "integer" when i.Opcode is "mul" or "mad" => (TimedKind.Plain, TimedPipe.Multiply, _gpu.IntegerClocks),
            "f32 arithmetic" => (TimedKind.Plain, TimedPipe.Float, i.Opcode == "div" ? 10 * _gpu.F32Clocks : _gpu.F32Clocks),
            "f64 arithmetic" => (TimedKind.Plain, TimedPipe.Double, _gpu.F64Clocks),
            _ when kind.EndsWith("arithmetic", StringComparison.Ordinal) => (TimedKind.Plain, TimedPipe.Half, _gpu.HalfClocks),
            "fence" or "parameter load" or "parameter store" => (TimedKind.Plain, TimedPipe.None, 0),
            _ => (TimedKind.Plain, TimedPipe.Integer, _gpu.IntegerClocks),
        };
        return new TimedInstruction(i.Line, of.Item1, of.Item2, of.Item3, 1, 0, -1, -1)
        {
            Bytes = of.Item1 == TimedKind.MatrixLoad ? 16 : Bytes[statement],
            Cached = !(i.Opcode == "cp" && i.Has("cg")),
            Count = of.Item1 == TimedKind.MatrixLoad ? i.Has("x4") ? 4 : i.Has("x2") ? 2 : 1
                : of.Item1 == TimedKind.CopyWait && i.Operands.Count > 0 && i.Operands[0] is PtxInteger left ? (int)left.Value : 0,
            Operations = operations,
        };
    }
}
