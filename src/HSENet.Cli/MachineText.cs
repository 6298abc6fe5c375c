// An assembled kernel for people and for programs: facts, loops, and the machine code below its lines of PTX.
using System.Globalization;
using System.Text;
using System.Text.Json;
using HSENet.Ptx;

namespace HSENet.Cli;

static class MachineText
{
    public static string Write(Assembled assembled, Version release, bool listed)
    {
        AssembledKernel kernel = assembled.Kernel;
        MachineListing listing = kernel.Listing;
        MachineRow row = MachineRow.Of(kernel, "");
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{listing.Kernel}, {listing.Architecture}, ptxas {release}\n");
        Line("registers", $"{kernel.Listing.Registers}");
        Line("stack, spills", $"{kernel.StackBytes} bytes, {kernel.SpillStoreBytes} stored and {kernel.SpillLoadBytes} loaded");
        Line("shared memory", $"{kernel.SharedBytes} bytes");
        Line("instructions", $"{row.Instructions}: {row.Classes}");
        if (row.Widths.Length > 0)
            Line("accesses", row.Widths);
        foreach (MachineLoop loop in MachineLoop.Of(listing))
            Line($"loop, depth {loop.Depth}", $"{loop.Start:x4} to {loop.End:x4}{(loop.IsInnermost ? "" : ", others inside")}, "
                + $"{loop.Instructions.Count}: {MachineRow.ByClass(loop.Instructions)}");
        if (listed)
            Listing(text, assembled);
        return text.Append('\n').ToString();

        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"  {name,-16} {value}\n");
    }

    public static string Json(Assembled assembled, bool listed)
    {
        AssembledKernel kernel = assembled.Kernel;
        IReadOnlyDictionary<int, long> executed = Executed(assembled.Counts);
        return JsonSerializer.Serialize(new
        {
            kernel = kernel.Listing.Kernel,
            architecture = kernel.Listing.Architecture,
            registers = kernel.Listing.Registers,
            stack_bytes = kernel.StackBytes,
            spill_store_bytes = kernel.SpillStoreBytes,
            spill_load_bytes = kernel.SpillLoadBytes,
            shared_bytes = kernel.SharedBytes,
            instructions = kernel.Listing.Instructions.Count,
            by_class = Classes(kernel.Listing.Instructions),
            loops = MachineLoop.Of(kernel.Listing).Select(loop => new
            {
                start = loop.Start,
                end = loop.End,
                depth = loop.Depth,
                innermost = loop.IsInnermost,
                instructions = loop.Instructions.Count,
                by_class = Classes(loop.Instructions),
            }),
            listing = !listed ? null : kernel.Listing.Instructions.Select(i => new
            {
                address = i.Address,
                line = i.Line,
                source = assembled.Sources.GetValueOrDefault(i.Line),
                guard = i.Guard,
                mnemonic = i.Mnemonic,
                operands = i.Operands,
                stall = i.Control.Stall,
                executed = executed.TryGetValue(i.Line, out long count) ? count : (long?)null,
            }),
        });
    }

    static Dictionary<string, int> Classes(IEnumerable<MachineInstruction> code) =>
        code.CountBy(i => i.Class).OrderByDescending(pair => pair.Value).ToDictionary(pair => pair.Key.ToString(), pair => pair.Value);

    // What a line of PTX became may stand in several places: each begins with the line.
    static void Listing(StringBuilder text, Assembled assembled)
    {
        string[] lines = assembled.Ptx.Split('\n');
        IReadOnlyDictionary<int, long> executed = Executed(assembled.Counts);
        text.Append("\n  address  stall  machine code\n");
        int last = -1;
        foreach (MachineInstruction i in assembled.Kernel.Listing.Instructions)
        {
            if (i.Line != last && i.Line > 0 && i.Line <= lines.Length)
            {
                text.Append(CultureInfo.InvariantCulture, $"  line {i.Line}: {lines[i.Line - 1].Trim()}");
                if (assembled.Sources.TryGetValue(i.Line, out string? source))
                    text.Append(CultureInfo.InvariantCulture, $"  ({source})");
                if (executed.TryGetValue(i.Line, out long count))
                    text.Append(CultureInfo.InvariantCulture, $"  executed {ProfileText.Number(count)} times by warps");
                text.Append('\n');
            }
            last = i.Line;
            text.Append(CultureInfo.InvariantCulture,
                $"     {i.Address:x4}  {i.Control.Stall,5}  {(i.Guard.Length == 0 ? "" : "@" + i.Guard),-4} {i.Mnemonic} {i.Operands}\n");
        }
    }

    static Dictionary<int, long> Executed(LaunchProfile? counts) => counts == null ? [] : counts.Instructions.Index()
        .GroupBy(pair => pair.Item.Line).ToDictionary(group => group.Key, group => group.Max(pair => counts.WarpInstructions[pair.Index]));
}
