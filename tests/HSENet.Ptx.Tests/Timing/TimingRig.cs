// Kernels of machine code and runs of one multiprocessor for tests of the model of time.
namespace HSENet.Ptx.Tests;

static class TimingRig
{
    public static readonly GpuModel H100 = GpuModel.Find("h100")!;
    public static readonly GpuModel A6000 = GpuModel.Find("rtx-a6000")!;

    /// <summary>A listing of sm_90 from instructions as text: a guard in front with '@'; behind '|' fields as in "stall=4 write=0
    /// wait=1".</summary>
    public static MachineListing Listing(params IEnumerable<string> code) => new("k", "sm_90", 32, [.. code.Select(Instruction)]);

    /// <summary>The listing with a launch; its one parameter is 1234, or 64 bits of an address.</summary>
    public static MachineKernel Kernel(IEnumerable<string> code, int threads = 32, int blocks = 1, ulong parameter = 1234)
    {
        MachineListing listing = Listing(code);
        return new MachineKernel(new MachineProgram(listing), new Dim3(blocks), new Dim3(threads), BitConverter.GetBytes(parameter), 65536,
            null);
    }

    /// <summary>Runs some blocks together on an empty multiprocessor.</summary>
    public static MultiprocessorResult Run(MachineKernel kernel, GpuModel gpu, double memoryShare = 0, int blocks = 1)
    {
        TimedInstruction[] program = TimedInstruction.Of(kernel.Program.Listing, gpu with { LatencySpread = 0 });
        double[] shares = new double[program.Length];
        Array.Fill(shares, memoryShare);
        IEnumerable<IReadOnlyList<IWarpStream>> warps = Enumerable.Range(0, blocks).Select(n => kernel.Warps(n));
        return new Multiprocessor(gpu with { LatencySpread = 0 }, program, shares, [])
            .Run(warps.GetEnumerator(), new long[blocks], 128 * 1024);
    }

    /// <summary>Clocks that one more copy of some instructions takes, from runs with 40 and 20 copies.</summary>
    public static double ClocksOf(string[] before, string[] repeated, GpuModel gpu, int threads = 32, double memoryShare = 0,
        ulong parameter = 1234, int blocks = 1)
    {
        long Time(int copies) => Run(Kernel([.. before, .. Enumerable.Repeat(repeated, copies).SelectMany(code => code), "EXIT"],
            threads,
            blocks, parameter), gpu, memoryShare, blocks).Cycles;
        return (Time(40) - Time(20)) / 20.0;
    }

    /// <summary>Clocks of all warps by reason.</summary>
    public static long[] StallsByReason(this MultiprocessorResult result)
    {
        long[] sums = new long[StallReasons.Count];
        for (int i = 0; i < result.Executed.Length; i++)
            for (int r = 0; r < sums.Length; r++)
                sums[r] += result.Stalls[i, r];
        return sums;
    }

    static MachineInstruction Instruction(string text, int index)
    {
        string[] halves = text.Split('|', StringSplitOptions.TrimEntries);
        string body = halves[0];
        string guard = body.StartsWith('@') ? body[1..body.IndexOf(' ', StringComparison.Ordinal)] : "";
        if (guard.Length > 0)
            body = body[(body.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        int space = body.IndexOf(' ', StringComparison.Ordinal);
        Dictionary<string, int> fields = halves.Length < 2 ? [] : halves[1].Split(' ').Select(field => field.Split('='))
            .ToDictionary(pair => pair[0], pair => int.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture));
        MachineControl control = new(fields.GetValueOrDefault("stall", 1), false, fields.GetValueOrDefault("write", MachineControl.None),
            fields.GetValueOrDefault("read", MachineControl.None), fields.GetValueOrDefault("wait"), 0);
        return new MachineInstruction(index * MachineInstruction.Size, index + 1, guard, space < 0 ? body : body[..space],
            space < 0 ? "" : body[(space + 1)..], control);
    }
}
