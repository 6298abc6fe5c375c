// An instruction as the model of time sees it: which pipe it takes for how long, what it waits for, what waits for it.
namespace HSENet.Ptx;

/// <summary>What an instruction does besides taking its pipe.</summary>
enum TimedKind : byte
{
    Plain,
    Variable,
    SharedLoad,
    SharedStore,
    MatrixLoad,
    GlobalLoad,
    GlobalStore,
    Copy,
    CopyCommit,
    CopyWait,
    Barrier,
    Arrive,
    Branch,
    Exchange,
    Transpose,
    SharedAtomic,
    GlobalAtomic,
    Local,
}

/// <summary>Pipes of a scheduler.</summary>
enum TimedPipe : byte
{
    None,
    Float,
    Integer,
    Multiply,
    Half,
    Double,
    Special,
    Tensor,
}

/// <summary>One instruction of a program, once for all warps.</summary>
/// <param name="Line">Line of PTX.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Pipe">Pipe that it takes.</param>
/// <param name="PipeClocks">For how long.</param>
/// <param name="Stall">Clocks until the warp's next instruction.</param>
/// <param name="WaitMask">A bit for each barrier that must be clear.</param>
/// <param name="WriteBarrier">Barrier that is clear when the result is there, or -1.</param>
/// <param name="ReadBarrier">Barrier that is clear when the operands are read, or -1.</param>
readonly record struct TimedInstruction(int Line, TimedKind Kind, TimedPipe Pipe, double PipeClocks, int Stall, ulong WaitMask,
    int WriteBarrier,
    int ReadBarrier)
{
    /// <summary>Bytes of a lane's access.</summary>
    public int Bytes { get; init; }

    /// <summary>Whether a load looks into the first-level cache.</summary>
    public bool Cached { get; init; }

    /// <summary>Groups of copies that may be left under way; matrices of a matrix load; threads of a barrier (0: all).</summary>
    public int Count { get; init; }

    /// <summary>Number of the barrier.</summary>
    public int Barrier { get; init; }

    /// <summary>Operations of a matrix multiplication.</summary>
    public double Operations { get; init; }

    /// <summary>Registers that it reads from the even and the odd bank.</summary>
    public (byte Even, byte Odd) Reads { get; init; }

    /// <summary>The instructions of a listing, for a GPU.</summary>
    public static TimedInstruction[] Of(MachineListing listing, GpuModel gpu)
    {
        (byte, byte)[] reads = RegisterReads.Of(listing);
        return [.. listing.Instructions.Select((i, n) => Of(i, gpu) with { Reads = reads[n] })];
    }

    static TimedInstruction Of(MachineInstruction i, GpuModel gpu)
    {
        MachineControl control = i.Control;
        double operations = i.Class == MachineClass.Tensor ? MatrixOperations(i) : 0;
        (TimedPipe pipe, double clocks) = PipeOf(i, gpu, operations);
        TimedKind kind = KindOf(i);
        return new TimedInstruction(i.Line, kind, pipe, clocks, Math.Max(1, control.Stall), (ulong)control.WaitMask,
            kind == TimedKind.CopyCommit || control.WriteBarrier == MachineControl.None ? -1 : control.WriteBarrier,
            control.ReadBarrier == MachineControl.None ? -1 : control.ReadBarrier)
        {
            Bytes = i.MemoryBytes,
            Cached = !i.Has("BYPASS") && !i.Has("STRONG"),
            Count = kind switch
            {
                TimedKind.MatrixLoad => i.MemoryBytes / 4,
                TimedKind.Barrier or TimedKind.Arrive => Number(i, 1),
                TimedKind.CopyWait => Number(i, 1),
                _ => 0,
            },
            Barrier = kind is TimedKind.Barrier or TimedKind.Arrive ? Number(i, 0) & 15 : 0,
            Operations = operations,
        };
    }

    static TimedKind KindOf(MachineInstruction i) => i.Class switch
    {
        MachineClass.SharedLoad => TimedKind.SharedLoad,
        MachineClass.SharedStore => TimedKind.SharedStore,
        MachineClass.Matrix => TimedKind.MatrixLoad,
        MachineClass.GlobalLoad => TimedKind.GlobalLoad,
        MachineClass.GlobalStore => TimedKind.GlobalStore,
        MachineClass.AsyncCopy => TimedKind.Copy,
        MachineClass.Local => TimedKind.Local,
        MachineClass.Exchange when i.Opcode == "SHFL" => TimedKind.Exchange,
        MachineClass.Atomic => i.Opcode is "ATOMS" or "REDS" ? TimedKind.SharedAtomic : TimedKind.GlobalAtomic,
        MachineClass.Branch => TimedKind.Branch,
        MachineClass.Barrier => i.Opcode switch
        {
            "LDGDEPBAR" => TimedKind.CopyCommit,
            "DEPBAR" when i.Operands.StartsWith("SB0", StringComparison.Ordinal) => TimedKind.CopyWait,
            "BAR" => i.Has("ARV") ? TimedKind.Arrive : TimedKind.Barrier,
            _ => TimedKind.Plain,
        },
        MachineClass.Special or MachineClass.Constant or MachineClass.Conversion => TimedKind.Variable,
        MachineClass.Move when i.Opcode is "S2R" or "S2UR" or "R2UR" => TimedKind.Variable,
        MachineClass.Move when i.Opcode == "MOVM" => TimedKind.Transpose,
        MachineClass.Exchange => TimedKind.Variable,
        _ => TimedKind.Plain,
    };

    static (TimedPipe, double) PipeOf(MachineInstruction i, GpuModel gpu, double operations)
    {
        // The uniform data path has a pipe of its own and is never the limit.
        if (i.Opcode.StartsWith('U') && i.Class is MachineClass.Integer or MachineClass.Compare or MachineClass.Move)
            return (TimedPipe.None, 0);
        return i.Class switch
        {
            MachineClass.F32 => i.Opcode is "FMNMX" or "FSEL" ? (TimedPipe.Integer, gpu.IntegerClocks) : (TimedPipe.Float, gpu.F32Clocks),
            MachineClass.Half => (TimedPipe.Half, gpu.HalfClocks),
            MachineClass.F64 => (TimedPipe.Double, gpu.F64Clocks),
            MachineClass.Special => (TimedPipe.Special, gpu.SpecialClocks),
            MachineClass.Conversion when i.Opcode is "F2I" or "I2F" or "F2F" or "FRND" => (TimedPipe.Special, gpu.SpecialClocks),
            MachineClass.Conversion => (TimedPipe.Integer, gpu.IntegerClocks),
            MachineClass.Tensor => (TimedPipe.Tensor, operations * gpu.IssuesPerClock / MatrixRate(i, gpu)),
            MachineClass.Integer or MachineClass.Move when i.Opcode == "IMAD" => (TimedPipe.Multiply, gpu.IntegerClocks),
            MachineClass.Integer or MachineClass.Compare => (TimedPipe.Integer, gpu.IntegerClocks),
            MachineClass.Move when i.Opcode is "MOV" or "CS2R" or "SEL" => (TimedPipe.Integer, gpu.IntegerClocks),
            MachineClass.Move when i.Opcode == "HFMA2" => (TimedPipe.Half, gpu.HalfClocks),
            _ => (TimedPipe.None, 0),
        };
    }

    static double MatrixRate(MachineInstruction i, GpuModel gpu) => gpu.MmaOperations(i.Has("TF32") ? "tf32" : i.Opcode is "IMMA" or "QMMA"
        ? "s8" : "bf16", i.Opcode == "HMMA" && !i.Has("F32"));

    // HMMA.16816.F32, HMMA.1688.F32.TF32, IMMA.16832.S8.S8: rows, columns and depth stand in the second word.
    static double MatrixOperations(MachineInstruction i)
    {
        string shape = i.Mnemonic.Split('.').FirstOrDefault(word => word.Length >= 3 && word.All(char.IsAsciiDigit)) ?? "16816";
        (int rows, int columns, int depth) = shape switch
        {
            "884" => (8, 8, 4),
            "1684" => (16, 8, 4),
            "1688" => (16, 8, 8),
            "16816" => (16, 8, 16),
            "16832" => (16, 8, 32),
            "16864" => (16, 8, 64),
            "8816" => (8, 8, 16),
            "8832" => (8, 8, 32),
            _ => (16, 8, 16),
        };
        return 2.0 * rows * columns * depth;
    }

    static int Number(MachineInstruction i, int operand)
    {
        string[] words = i.Operands.Split(',', StringSplitOptions.TrimEntries);
        return operand < words.Length && words[operand].StartsWith("0x", StringComparison.Ordinal)
            ? System.Convert.ToInt32(words[operand], 16) : 0;
    }
}
