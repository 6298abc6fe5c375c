// Sorts machine instructions by what they do, for tables and for the pipes of a model of time.
namespace HSENet.Ptx;

/// <summary>Kinds of machine instructions.</summary>
public enum MachineClass
{
    /// <summary>f32 arithmetic.</summary>
    F32,

    /// <summary>f64 arithmetic.</summary>
    F64,

    /// <summary>Packed f16 and bf16 arithmetic.</summary>
    Half,

    /// <summary>Integer arithmetic and logic.</summary>
    Integer,

    /// <summary>Copies of registers, constants, special registers.</summary>
    Move,

    /// <summary>Conversions.</summary>
    Conversion,

    /// <summary>Special functions.</summary>
    Special,

    /// <summary>Comparisons and operations on predicates.</summary>
    Compare,

    /// <summary>Matrix multiplications.</summary>
    Tensor,

    /// <summary>Loads of global or generic memory.</summary>
    GlobalLoad,

    /// <summary>Stores to global or generic memory.</summary>
    GlobalStore,

    /// <summary>Asynchronous copies to shared memory.</summary>
    AsyncCopy,

    /// <summary>Loads of shared memory.</summary>
    SharedLoad,

    /// <summary>Stores to shared memory.</summary>
    SharedStore,

    /// <summary>Loads and stores of matrices in shared memory.</summary>
    Matrix,

    /// <summary>Atomics and reductions.</summary>
    Atomic,

    /// <summary>Local memory.</summary>
    Local,

    /// <summary>Loads of constants.</summary>
    Constant,

    /// <summary>Exchange between lanes.</summary>
    Exchange,

    /// <summary>Barriers, fences and waits.</summary>
    Barrier,

    /// <summary>Control flow.</summary>
    Branch,

    /// <summary>Nothing.</summary>
    Nop,

    /// <summary>All else.</summary>
    Other,
}

static class MachineClasses
{
    static readonly Dictionary<string, MachineClass> Opcodes = Table(
        (MachineClass.Tensor, "HMMA IMMA DMMA QMMA OMMA HGMMA IGMMA QGMMA UTCHMMA"),
        (MachineClass.Move, "MOV CS2R S2R S2UR UMOV R2UR P2R R2P UP2UR UR2UP MOV32I CS2UR MOVM"),
        (MachineClass.F32, "FFMA FADD FMUL FMNMX FSEL FFMA2 FADD2 FMUL2 FFMA32I FADD32I FMUL32I FMNMX3 FSWZADD"),
        (MachineClass.F64, "DFMA DADD DMUL DMNMX"),
        (MachineClass.Half, "HFMA2 HADD2 HMUL2 HMNMX2 HADD2_32I HFMA2_32I"),
        (MachineClass.Compare, "ISETP FSETP DSETP HSETP2 FSET HSET2 PLOP3 UISETP FCHK UPLOP3"),
        (MachineClass.Conversion, "F2I I2F F2F F2FP FRND I2FP I2I I2IP F2IP"),
        (MachineClass.Special, "MUFU"),
        (MachineClass.GlobalLoad, "LDG LD"), (MachineClass.GlobalStore, "STG ST"), (MachineClass.AsyncCopy, "LDGSTS UBLKCP UTMALDG"),
        (MachineClass.SharedLoad, "LDS"), (MachineClass.SharedStore, "STS"), (MachineClass.Matrix, "LDSM STSM"),
        (MachineClass.Atomic, "ATOM ATOMG ATOMS RED REDG REDS"), (MachineClass.Local, "LDL STL"), (MachineClass.Constant, "LDC ULDC LDCU"),
        (MachineClass.Exchange, "SHFL VOTE VOTEU MATCH REDUX"),
        (MachineClass.Barrier, "BAR DEPBAR LDGDEPBAR WARPSYNC MEMBAR ERRBAR CCTL SYNCS FENCE B2R ARRIVES"),
        (MachineClass.Branch,
            "BRA BRX JMP EXIT BSSY BSYNC BREAK RET CALL NANOSLEEP BPT WARPGROUP YIELD BMOV JMX KILL ELECT ACQBULK PREEXIT"),
        (MachineClass.Integer, "IMAD IADD3 LEA LOP3 SHF IABS IMNMX SEL PRMT POPC FLO BREV SGXT BMSK IADD VIADD VIMNMX VIADDMNMX UIMAD "
            + "UIADD3 ULOP3 USHF ULEA USEL UPRMT IDP IMUL USGXT UFLO UPOPC UBREV UIMNMX UVIADD VABSDIFF LOP SHL SHR UBMSK UIABS VIMNMX3 "
            + "UVIMNMX UISEL IMUL32I IADD32I ISCADD"),
        (MachineClass.Nop, "NOP"));

    public static MachineClass Of(MachineInstruction i)
    {
        // A half of zeros times zero is how a constant gets into a register when the integer pipe is busy.
        if (i.Opcode == "HFMA2" && (i.Has("MMA") || i.Operands.Contains("-RZ, RZ", StringComparison.Ordinal)))
            return MachineClass.Move;
        if (i.Opcode == "IMAD" && (i.Has("MOV") || i.Mnemonic == "IMAD.U32"))
            return MachineClass.Move;
        return Opcodes.GetValueOrDefault(i.Opcode, MachineClass.Other);
    }

    public static bool AccessesMemory(MachineClass c) => c is >= MachineClass.GlobalLoad and <= MachineClass.Local;

    static Dictionary<string, MachineClass> Table(params (MachineClass Class, string Words)[] rows) =>
        rows.SelectMany(row => row.Words.Split(' ').Select(word => (word, row.Class))).ToDictionary();
}
