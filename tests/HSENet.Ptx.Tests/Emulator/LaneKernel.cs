// A kernel of one instruction: every thread loads its operands, executes it, and stores the result.
using System.Text;

namespace HSENet.Ptx.Tests;

/// <summary>Runs one instruction on many operands. Types are PTX words; <c>pred</c> and <c>imm=…</c> (a constant) are allowed.</summary>
static class LaneKernel
{
    /// <param name="mnemonic">Opcode and modifiers.</param>
    /// <param name="results">Types of the destinations: one, or two for d|p.</param>
    /// <param name="sources">Types of the sources.</param>
    /// <param name="operands">For each source that is no constant the bits of all threads.</param>
    /// <returns>For each destination the bits of all threads, as far as its type reaches.</returns>
    public static ulong[][] Run(string mnemonic, string[] results, string[] sources, ulong[][] operands)
    {
        int count = operands[0].Length;
        using EmulatorMemory memory = new();
        EmulatorAllocation[] inputs = [.. operands.Select((values, n) => memory.Allocate<ulong>(values, "input " + n))];
        EmulatorAllocation[] outputs = [.. results.Select((_, n) => memory.Allocate(count * 8, "output " + n))];
        using EmulatorModule module = EmulatorModule.Load(Text(mnemonic, results, sources));
        byte[] parameters = new byte[8 * (inputs.Length + outputs.Length) + 4];
        foreach ((int n, EmulatorAllocation allocation) in inputs.Concat(outputs).Index())
            BitConverter.TryWriteBytes(parameters.AsSpan(8 * n), allocation.Address);
        BitConverter.TryWriteBytes(parameters.AsSpan(parameters.Length - 4), count);
        EmulatorResult result = new Emulator(memory)
            .Launch(module.Kernel("k"), (count + 127) / 128, 128, 0, parameters, new() { Threads = 1 });
        Assert.Empty(result.Findings);
        return [.. outputs.Select(output =>
        {
            ulong[] values = new ulong[count];
            output.Read<ulong>(values);
            return values;
        })];
    }

    static string Text(string mnemonic, string[] results, string[] sources)
    {
        StringBuilder text = new();
        List<string> names = [.. sources.Where(type => !type.StartsWith("imm=", StringComparison.Ordinal)).Select((_, n) => "in" + n),
            .. results.Select((_, n) => "out" + n)];
        text.AppendLine(".version 8.6\n.target sm_90\n.address_size 64\n.visible .entry k(");
        foreach (string name in names)
            text.AppendLine($".param .u64 {name},");
        text.AppendLine(".param .u32 count)\n{\n.reg .pred %p<9>;\n.reg .b16 %rs<9>;\n.reg .b32 %r<20>;\n.reg .b64 %rd<20>;");
        text.AppendLine("""
            mov.u32 %r10, %ctaid.x; mov.u32 %r11, %tid.x; mad.lo.u32 %r10, %r10, 128, %r11; ld.param.u32 %r11, [count];
            setp.ge.u32 %p8, %r10, %r11; @%p8 ret; mul.wide.u32 %rd10, %r10, 8;
            """);
        List<string> arguments = [];
        int input = 0;
        foreach ((int n, string type) in sources.Index())
        {
            if (type.StartsWith("imm=", StringComparison.Ordinal))
            {
                arguments.Add(type[4..]);
                continue;
            }
            text.AppendLine($"ld.param.u64 %rd11, [in{input++}]; add.u64 %rd11, %rd11, %rd10;");
            if (type == "pred")
                text.AppendLine($"ld.global.u32 %r12, [%rd11]; setp.ne.u32 %p{n + 1}, %r12, 0;");
            else
                text.AppendLine($"ld.global.b{Width(type)} {Register(type, n + 1)}, [%rd11];");
            arguments.Add(Register(type, n + 1));
        }
        string[] destinations = [.. results.Select((type, n) => Register(type, n == 0 ? 0 : 7))];
        text.AppendLine($"{mnemonic} {string.Join('|', destinations)}, {string.Join(", ", arguments)};");
        foreach ((int n, string type) in results.Index())
        {
            text.AppendLine($"ld.param.u64 %rd11, [out{n}]; add.u64 %rd11, %rd11, %rd10; st.global.u64 [%rd11], 0;");
            if (type == "pred")
                text.AppendLine($"selp.u32 %r12, 1, 0, {destinations[n]}; st.global.u32 [%rd11], %r12;");
            else
                text.AppendLine($"st.global.b{Width(type)} [%rd11], {destinations[n]};");
        }
        return text.AppendLine("ret;\n}").ToString();
    }

    /// <summary>Bits of the register that holds a type; there are none of 8.</summary>
    public static int Width(string type) =>
        PtxTypes.TryParse(type, out PtxType parsed) ? Math.Max(16, parsed.Bits()) : throw new ArgumentException(type);

    static string Register(string type, int number) =>
        (type == "pred" ? "%p" : Width(type) switch { 16 => "%rs", 32 => "%r", _ => "%rd" }) + number;
}
