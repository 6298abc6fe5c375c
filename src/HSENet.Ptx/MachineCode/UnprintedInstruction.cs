// Instructions of sm_90 that ptxas writes and nvdisasm of the same release (11.8) prints as nothing, the label before them included.
using System.Globalization;

namespace HSENet.Ptx;

/// <summary>Reads them from their encoding, as far as listings show what its fields mean.</summary>
static class UnprintedInstruction
{
    // The low 9 bits are the operation, the next 3 the form of the second input.
    const ulong OperationMask = 0x1ff, IntegerMinimum = 0x048;
    const int Immediate = 4, Uniform = 6;

    /// <summary>The instruction whose first word this is; its scheduling fields come with <see cref="Finished"/>.</summary>
    public static MachineInstruction Of(int address, int line, ulong word)
    {
        bool minimum = (word & OperationMask) == IntegerMinimum;
        string second = (int)(word >> 9 & 7) switch
        {
            Immediate => "0x" + ((uint)(word >> 32)).ToString("x", CultureInfo.InvariantCulture),
            Uniform => Register("UR", word >> 32 & 0x3f, 63),
            _ => Register("R", word >> 32 & 0xff, 255),
        };
        string operands = $"{Register("R", word >> 16 & 0xff, 255)}, {Register("R", word >> 24 & 0xff, 255)}, {second}";
        ulong guard = word >> 12 & 7;
        string shown = guard == 7 ? "" : ((word >> 15 & 1) != 0 ? "!P" : "P") + guard.ToString(CultureInfo.InvariantCulture);
        return new MachineInstruction(address, line, shown, minimum ? "VIMNMX" : "UNPRINTED", minimum ? operands : "", default);
    }

    /// <summary>With what the second word says: scheduling, guard and whether the smaller or the larger is taken.</summary>
    public static MachineInstruction Finished(MachineInstruction instruction, ulong second) =>
        instruction.Mnemonic != "VIMNMX" || instruction.Operands.EndsWith("PT", StringComparison.Ordinal) ? instruction
            : instruction with { Operands = $"{instruction.Operands}, {((second >> 26 & 1) == 0 ? "PT" : "!PT")}" };

    /// <summary>Where a branch goes: words of 4 bytes from the next instruction on, the low 8 bits apart from the others.</summary>
    public static int Target(MachineInstruction branch, ulong word) =>
        branch.Address + MachineInstruction.Size + (int)((word >> 16 & 0xff) * 4) + (int)((long)word >> 34) * 0x400;

    static string Register(string kind, ulong number, ulong zero) =>
        number == zero ? $"{kind}Z" : kind + number.ToString(CultureInfo.InvariantCulture);
}
