// The machine code of a kernel: what a GPU would execute, instruction by instruction.
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

/// <summary>A kernel's machine code for one architecture.</summary>
/// <param name="Kernel">Name of the entry.</param>
/// <param name="Architecture">Such as <c>sm_90</c>.</param>
/// <param name="Registers">Registers of a thread; 0 where nobody said.</param>
/// <param name="Instructions">In the order of their addresses, padding behind the end left out.</param>
public sealed record MachineListing(string Kernel, string Architecture, int Registers, IReadOnlyList<MachineInstruction> Instructions)
{
    /// <summary>A name of what a kernel's PTX says, by which its listing is found: the same whatever stands beside the kernel, how it is
    /// laid out and numbered, and which lines of a compiler's source it names.</summary>
    /// <exception cref="PtxException">The text is no PTX or has no such entry.</exception>
    public static string Key(string ptx, string kernel) => KernelText.Of(ptx, kernel).Key;

    /// <summary>Line of the text, from 1, where an entry begins.</summary>
    /// <exception cref="PtxException">The text has no such entry.</exception>
    public static int FirstLine(string ptx, string kernel)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        int first = Array.FindIndex(ptx.Split('\n'), line => Regex.IsMatch(line, $@"\.entry\s+{Regex.Escape(kernel)}\b"));
        return first >= 0 ? first + 1 : throw new PtxException(0, $"there is no kernel '{kernel}'");
    }
}
