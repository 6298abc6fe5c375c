// Opcodes and modifiers of machine code as numbers: a walk asks for them at every step.
namespace HSENet.Ptx;

/// <summary>Opcodes whose results a walk computes, without the U of the uniform data path.</summary>
enum MachineOpcode : byte
{
    Other,
    MOV,
    MOV64,
    S2R,
    S2UR,
    CS2R,
    R2UR,
    LDC,
    LDCU,
    IADD,
    IADD3,
    IMAD,
    LEA,
    LOP3,
    SHF,
    ISETP,
    FSETP,
    PLOP3,
    P2R,
    R2P,
    SHFL,
    VOTE,
    VOTEU,
    VIADD,
    SEL,
    VIMNMX,
    IMNMX,
    PRMT,
    IABS,
    POPC,
    BREV,
    FLO,
    SGXT,
    BMSK,
    SHL,
    SHR,
    I2F,
    I2FP,
    F2I,
    FSEL,
    FADD,
    FMUL,
    FFMA,
    FMNMX,
    MUFU,
    FRND,
    F2F,
    DADD,
    DMUL,
    DFMA,
    DMNMX,
    DSETP,
    FCHK,
    HFMA2,
}

/// <summary>Modifiers that a walk asks for.</summary>
[Flags]
enum MachineWord : ulong
{
    None = 0,
    Bits32 = 1UL << 0,
    Bits64 = 1UL << 1,
    Bits128 = 1UL << 2,
    U32 = 1UL << 3,
    S32 = 1UL << 4,
    U64 = 1UL << 5,
    S64 = 1UL << 6,
    S8 = 1UL << 7,
    S16 = 1UL << 8,
    X = 1UL << 9,
    EX = 1UL << 10,
    WIDE = 1UL << 11,
    HI = 1UL << 12,
    SX32 = 1UL << 13,
    W = 1UL << 14,
    L = 1UL << 15,
    SH = 1UL << 16,
    RP = 1UL << 17,
    GE = 1UL << 18,
    GT = 1UL << 19,
    LE = 1UL << 20,
    LT = 1UL << 21,
    EQ = 1UL << 22,
    NE = 1UL << 23,
    NAN = 1UL << 24,
    NUM = 1UL << 25,
    Unordered = 1UL << 26,
    OR = 1UL << 27,
    XOR = 1UL << 28,
    UP = 1UL << 29,
    DOWN = 1UL << 30,
    BFLY = 1UL << 31,
    ALL = 1UL << 32,
    TRUNC = 1UL << 33,
    FLOOR = 1UL << 34,
    CEIL = 1UL << 35,
    RCP = 1UL << 36,
    RSQ = 1UL << 37,
    SQRT = 1UL << 38,
    EX2 = 1UL << 39,
    LG2 = 1UL << 40,
    F64 = 1UL << 41,
    RCP64H = 1UL << 42,
    CAS = 1UL << 43,
    CAST = 1UL << 44,
}

static class MachineWords
{
    /// <summary>The opcode; that of the common data path for one of the uniform one.</summary>
    public static MachineOpcode Opcode(MachineInstruction i)
    {
        string name = i.Opcode[0] == 'U' ? i.Opcode[1..] : i.Opcode;
        return Enum.TryParse(name, out MachineOpcode opcode) && Enum.IsDefined(opcode) && !char.IsAsciiDigit(name[0]) ? opcode
            : MachineOpcode.Other;
    }

    /// <summary>The modifiers among <see cref="MachineWord"/>; a comparison that also holds for what has no order (GEU) is the comparison
    /// and <see cref="MachineWord.Unordered"/>.</summary>
    public static MachineWord Of(MachineInstruction i)
    {
        MachineWord words = i.Mnemonic.Contains("U.", StringComparison.Ordinal) ? MachineWord.Unordered : MachineWord.None;
        foreach (string part in i.Mnemonic.Split('.').Skip(1))
            words |= part switch
            {
                "32" => MachineWord.Bits32,
                "64" => MachineWord.Bits64,
                "128" => MachineWord.Bits128,
                "GEU" => MachineWord.GE,
                "GTU" => MachineWord.GT,
                "LEU" => MachineWord.LE,
                "LTU" => MachineWord.LT,
                "EQU" => MachineWord.EQ,
                _ => part.Length > 0 && char.IsAsciiLetter(part[0]) && Enum.TryParse(part, out MachineWord word) ? word : MachineWord.None,
            };
        return words;
    }
}
