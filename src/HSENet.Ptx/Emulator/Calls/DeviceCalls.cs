// Functions that every device has: vprintf and __assertfail, and what a call of an address that is no function does.
using System.Globalization;
using System.Numerics;
using System.Text;

namespace HSENet.Ptx;

/// <summary>
/// More holds the places of the arguments among the parameters of calls, in the order of the function's declaration; D is that of the
/// result, or -1.
/// </summary>
static unsafe class DeviceCalls
{
    /// <summary>The name that <see cref="CallLowering"/> gives to a call of an address that no function has.</summary>
    public const string NoFunction = "$no function";

    const int LongestText = 1 << 16, MostPrinted = 1 << 24;

    public static bool IsOne(PtxInstruction instruction) =>
        instruction.Opcode == "call" && instruction.Call().Target is "vprintf" or "__assertfail" or NoFunction;

    /// <summary>vprintf(format, arguments): lane after lane.</summary>
    public static void Print(Warp w, Instruction* i, uint mask)
    {
        StringBuilder printed = w.Block.Findings.Printed;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            PrintfArguments arguments = new(w, i, lane, Argument(w, i, lane, 1));
            string text = PrintfFormat.Write(Text(w, i, lane, Argument(w, i, lane, 0)), arguments);
            if (printed.Length + text.Length <= MostPrinted)
                printed.Append(text);
            if (i->D >= 0)
                *(int*)(Parameters(w, lane) + i->D) = arguments.Count;
        }
    }

    /// <summary>__assertfail(message, file, line, function, size of a character): ends the kernel.</summary>
    public static void Fail(Warp w, Instruction* i, uint mask)
    {
        int lane = BitOperations.TrailingZeroCount(mask);
        string message = Text(w, i, lane, Argument(w, i, lane, 0)), file = Text(w, i, lane, Argument(w, i, lane, 1));
        string function = Text(w, i, lane, Argument(w, i, lane, 3));
        uint line = (uint)Argument(w, i, lane, 2);
        throw new EmulatorException($"{Place(w, i, lane)}: failed assertion: {file}:{line}: {function}: {message}");
    }

    /// <summary>A call through an address: A holds it.</summary>
    public static void Refuse(Warp w, Instruction* i, uint mask)
    {
        int lane = BitOperations.TrailingZeroCount(mask);
        ulong address = ((ulong*)(w.Rows + i->A))[lane];
        throw new EmulatorException($"{Place(w, i, lane)}: call of 0x{address:x}, which is no function that takes these arguments");
    }

    static string Place(Warp w, Instruction* i, int lane) => string.Create(CultureInfo.InvariantCulture,
        $"{w.Block.Kernel.Name}: line {w.Block.Kernel.Statements[i->Statement].Line}, block {w.Block.Position}, thread "
            + $"{w.Block.BlockSize.Position(w.Index * 32L + lane)}");

    static byte* Parameters(Warp w, int lane) => w.CallParameters + lane * w.Block.Kernel.CallParameterBytes;

    static ulong Argument(Warp w, Instruction* i, int lane, int number) => *(ulong*)(Parameters(w, lane) + i->More[number]);

    /// <summary>The text that ends with a zero at a generic address, as far as memory goes.</summary>
    public static string Text(Warp w, Instruction* i, int lane, ulong address)
    {
        List<byte> bytes = [];
        while (bytes.Count < LongestText && Read(w, i, lane, address + (ulong)bytes.Count, 1) is { } value && value[0] != 0)
            bytes.Add(value[0]);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Bytes at a generic address; null, with a finding, when there is no memory.</summary>
    public static byte[]? Read(Warp w, Instruction* i, int lane, ulong address, uint bytes)
    {
        byte* p = w.Block.Kernel.Level == CheckLevel.Bounds
            ? MemoryCheck.Access<GenericSpace, BoundsOnly>(w, i, lane, address, bytes, AccessKind.Load)
            : MemoryCheck.Access<GenericSpace, AccessChecks>(w, i, lane, address, bytes, AccessKind.Load);
        return p == null ? null : new ReadOnlySpan<byte>(p, (int)bytes).ToArray();
    }
}

/// <summary>The arguments of one lane's printf, one after the other in memory, each at a multiple of its size.</summary>
sealed unsafe class PrintfArguments(Warp w, Instruction* i, int lane, ulong address)
{
    ulong _address = address;

    /// <summary>Arguments that were read.</summary>
    public int Count { get; private set; }

    public ulong Next(uint bytes)
    {
        _address = (_address + bytes - 1) / bytes * bytes;
        byte[] value = DeviceCalls.Read(w, i, lane, _address, bytes) ?? new byte[8];
        _address += bytes;
        Count++;
        return bytes == 8 ? BitConverter.ToUInt64(value) : BitConverter.ToUInt32(value);
    }

    public string NextText() => DeviceCalls.Text(w, i, lane, Next(8));
}
