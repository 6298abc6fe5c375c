// One instruction of machine code, with the line of PTX that it comes from and the fields by which it is scheduled.
namespace HSENet.Ptx;

/// <summary>An instruction of a GPU's machine code (Volta and newer), as a disassembler writes it.</summary>
/// <param name="Address">Byte offset in the function; instructions have 16 bytes.</param>
/// <param name="Line">Line of the PTX text that it was made from; 0 where nothing says so.</param>
/// <param name="Guard">The predicate with its sign, <c>P0</c> or <c>!UP1</c>; empty for none.</param>
/// <param name="Mnemonic">Opcode and modifiers: <c>LDG.E.128</c>.</param>
/// <param name="Operands">The operands as text; a branch's target is an address, <c>0x1f0</c>.</param>
/// <param name="Control">How it is scheduled.</param>
public sealed record MachineInstruction(int Address, int Line, string Guard, string Mnemonic, string Operands, MachineControl Control)
{
    /// <summary>Bytes of an instruction.</summary>
    public const int Size = 16;

    string[]? _parts;

    /// <summary>The word before the first dot.</summary>
    public string Opcode => Parts[0];

    /// <summary>What it does, for tables and pipes.</summary>
    public MachineClass Class => MachineClasses.Of(this);

    /// <summary>Bytes that a lane moves; 0 for instructions that access no memory.</summary>
    public int MemoryBytes => MachineClasses.AccessesMemory(Class) ? Width() : 0;

    /// <summary>Address that a branch, call or BSSY names, or -1.</summary>
    public int Target => Opcode is "BRA" or "CALL" or "BSSY" or "JMP"
        && Operands.LastIndexOf("0x", StringComparison.Ordinal) is >= 0 and int at
        && int.TryParse(Operands.AsSpan(at + 2), System.Globalization.NumberStyles.HexNumber, null, out int target) ? target : -1;

    /// <summary>Whether a modifier is there.</summary>
    public bool Has(string modifier) => Array.IndexOf(Parts, modifier, 1) > 0;

    string[] Parts => _parts ??= Mnemonic.Split('.');

    int Width()
    {
        if (Opcode is "LDSM" or "STSM")
            return Mnemonic.EndsWith(".4", StringComparison.Ordinal) ? 16 : Mnemonic.EndsWith(".2", StringComparison.Ordinal) ? 8 : 4;
        foreach (string part in Parts)
            switch (part)
            {
                case "128":
                    return 16;
                case "64":
                    return 8;
                case "U8" or "S8":
                    return 1;
                case "U16" or "S16":
                    return 2;
            }
        return 4;
    }
}

/// <summary>The scheduling fields of an instruction.</summary>
/// <param name="Stall">Clocks until the warp's next instruction may issue.</param>
/// <param name="Yield">The bit by which the scheduler prefers another warp.</param>
/// <param name="WriteBarrier">Barrier (0 to 5) that is set until the result is there; 7 for none.</param>
/// <param name="ReadBarrier">Barrier that is set until the operands are read; 7 for none.</param>
/// <param name="WaitMask">A bit for each barrier that must be clear before it issues.</param>
/// <param name="Reuse">A bit for each operand that the register cache keeps.</param>
public readonly record struct MachineControl(int Stall, bool Yield, int WriteBarrier, int ReadBarrier, int WaitMask, int Reuse)
{
    /// <summary>The number that stands for no barrier.</summary>
    public const int None = 7;

    /// <summary>The fields as they stand in bits 41 to 61 of the second word of an instruction, shifted down.</summary>
    public int Bits => Stall | (Yield ? 1 << 4 : 0) | WriteBarrier << 5 | ReadBarrier << 8 | WaitMask << 11 | Reuse << 17;

    /// <summary>The reverse of <see cref="Bits"/>.</summary>
    public static MachineControl FromBits(int bits) =>
        new(bits & 15, (bits >> 4 & 1) != 0, bits >> 5 & 7, bits >> 8 & 7, bits >> 11 & 63, bits >> 17 & 15);
}
