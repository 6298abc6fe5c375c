// How many registers an instruction reads from each bank of the register file.
namespace HSENet.Ptx;

/// <summary>
/// Registers with even and odd numbers lie in two banks, each of which gives one operand a clock. An operand that the instruction before
/// marked for reuse at the same place comes from a small cache instead.
/// </summary>
static class RegisterReads
{
    const int Places = 4;

    /// <summary>Reads of each instruction from the even and the odd bank; none for those that read at leisure: memory and tensor
    /// cores.</summary>
    public static (byte Even, byte Odd)[] Of(MachineListing listing)
    {
        (byte, byte)[] reads = new (byte, byte)[listing.Instructions.Count];
        int[] kept = [-1, -1, -1, -1];
        foreach ((int n, MachineInstruction i) in listing.Instructions.Index())
        {
            string[] words = i.Operands.Split(',', StringSplitOptions.TrimEntries);
            bool counts = i.Class is MachineClass.F32 or MachineClass.F64 or MachineClass.Half or MachineClass.Integer or MachineClass.Move
                or MachineClass.Compare or MachineClass.Conversion;
            (byte even, byte odd) = (0, 0);
            int place = -1;
            int[] next = [-1, -1, -1, -1];
            foreach (string word in words.Skip(1))
            {
                if (word.StartsWith('P') || word.StartsWith("UP", StringComparison.Ordinal))
                    continue; // carries stand between the result and its sources
                if (++place >= Places)
                    break;
                string name = word.TrimStart('-', '~', '|').Split('.', '|')[0];
                if (name.Length < 2 || name[0] != 'R' || !int.TryParse(name.AsSpan(1), out int register))
                    continue;
                if (word.Contains(".reuse", StringComparison.Ordinal))
                    next[place] = register;
                if (kept[place] == register || !counts)
                    continue;
                if (register % 2 == 0)
                    even++;
                else
                    odd++;
            }
            kept = next;
            reads[n] = (even, odd);
        }
        return reads;
    }
}
