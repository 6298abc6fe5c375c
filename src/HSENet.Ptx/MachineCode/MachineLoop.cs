// Loops of machine code: where most kernels spend their time.
namespace HSENet.Ptx;

/// <summary>A branch back, and all that lies between its target and it. A round executes less where a branch skips a part.</summary>
/// <param name="Start">Address of the first instruction.</param>
/// <param name="End">Address of the branch.</param>
/// <param name="Depth">1 for a loop in no other.</param>
/// <param name="IsInnermost">Whether no other loop is inside.</param>
/// <param name="Instructions">Its instructions, those of loops inside once.</param>
public sealed record MachineLoop(int Start, int End, int Depth, bool IsInnermost, IReadOnlyList<MachineInstruction> Instructions)
{
    /// <summary>The loops of a kernel in the order of their addresses. Branches to the same target are one loop.</summary>
    public static IReadOnlyList<MachineLoop> Of(MachineListing listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        (int Start, int End)[] ranges = [.. listing.Instructions
            .Where(i => i.Opcode == "BRA" && i.Target >= 0 && i.Target < i.Address)
            .GroupBy(i => i.Target, (start, branches) => (start, branches.Max(branch => branch.Address))).Order()];
        return [.. ranges.Select(range => new MachineLoop(range.Start, range.End,
            ranges.Count(other => other.Start <= range.Start && range.End <= other.End),
            !ranges.Any(other => other != range && range.Start <= other.Start && other.End <= range.End),
            [.. listing.Instructions.Where(i => i.Address >= range.Start && i.Address <= range.End)]))];
    }
}
