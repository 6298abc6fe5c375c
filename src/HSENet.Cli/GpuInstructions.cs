// The instructions that ILGPU lacks, each alone, on a device against the emulator: the same bits, or within a bound where none are promised.
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using HSENet.Kernels;

namespace HSENet.Cli;

static class GpuInstructions
{
    const int Lanes = 32, Warps = 64;

    // Of approximations, relative; and what is too small to be a normal number, which either side may make 0.
    const double ApproximateBound = 1.0 / (1 << 21), Smallest = 1.0 / (1L << 62) / (1L << 62);

    struct InstructionArguments
    {
        public View<byte> Input, Output;
    }

    /// <summary>An instruction: what a thread reads, what it writes, and the kernel.</summary>
    sealed record Trial(string Mnemonic, int InputWords, Type Input, int OutputWords, Type Output, Rung<InstructionArguments> Rung);

    /// <summary>Runs all on both.</summary>
    public static List<VerifiedRung> Run(Device device, CancellationToken cancellation)
    {
        List<VerifiedRung> verified = [];
        using EmulatorDevice emulator = new();
        foreach (Trial trial in Trials())
        {
            cancellation.ThrowIfCancellationRequested();
            byte[] input = Input(trial);
            verified.Add(Compare(trial.Mnemonic, trial.Output, Launch(emulator, trial, input), Launch(device, trial, input)));
        }
        return verified;
    }

    static IEnumerable<Trial> Trials()
    {
        MethodInfo[] methods = [.. typeof(ScalarInstructions).GetMethods(), .. typeof(SpecialFunctions).GetMethods(),
            .. typeof(TensorInstructions).GetMethods()];
        foreach (MethodInfo method in methods)
            if (method.GetCustomAttribute<PtxInstructionAttribute>()?.Template is { } template)
                if (!template.Contains('['))
                {
                    if (template.Contains("{d}", StringComparison.Ordinal))
                        yield return OfValues(method, template);
                }
                else if (template.StartsWith("ldmatrix", StringComparison.Ordinal))
                    yield return OfMatrices(template);
    }

    // Operands as they come, results as they come, a thread's side by side.
    static Trial OfValues(MethodInfo method, string template)
    {
        List<string> lines = [];
        int words = 0;
        Type element = typeof(uint);
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            string[] names = Names($"%in{parameter.Position}_", parameter.ParameterType, out element);
            lines.AddRange(names.Select(name => $".reg .{Register(element)} {name};"));
            lines.AddRange(names.Select((name, i) =>
                Invariant($"ld.global.{Register(element)} {name}, [%from+{(words + i) * GpuVerification.Bytes(element)}];")));
            words += names.Length;
            template = template.Replace($"{{{parameter.Position}}}", Operand(names), StringComparison.Ordinal);
        }
        Type input = element;
        string[] results = Names("%out", method.ReturnType, out Type output);
        lines.AddRange(results.Select(name => $".reg .{Register(output)} {name};"));
        lines.Add(template.Replace("{d}", Operand(results), StringComparison.Ordinal) + ";");
        lines.AddRange(results.Select((name, i) =>
            Invariant($"st.global.{Register(output)} [%to+{i * GpuVerification.Bytes(output)}], {name};")));
        return New(template.Split(' ')[0], words, input, results.Length, output, lines);
    }

    // Four matrices come by an asynchronous copy, 16 bytes a lane.
    static Trial OfMatrices(string template) => New(template.Split(' ')[0], 4, typeof(uint), 4, typeof(uint),
    [
        ".shared .align 16 .b8 tile[512];",
        ".reg .b32 %row, %out0, %out1, %out2, %out3;",
        "mov.u32 %row, tile;",
        "mad.lo.u32 %row, %lane, 16, %row;",
        "cp.async.cg.shared.global [%row], [%from], 16;",
        "cp.async.commit_group;",
        "cp.async.wait_group 0;",
        "bar.sync 0;",
        template.Replace("{d}", "{%out0, %out1, %out2, %out3}", StringComparison.Ordinal)
            .Replace("[{0}+{1}]", "[%row]", StringComparison.Ordinal) + ";",
        "st.global.v4.b32 [%to], {%out0, %out1, %out2, %out3};",
    ]);

    static Trial New(string mnemonic, int inputWords, Type input, int outputWords, Type output, IEnumerable<string> lines)
    {
        Rung<InstructionArguments> rung = Rung.Gpu<InstructionArguments>(mnemonic, static _ => { }) with
        {
            Operation = "instruction",
            Group = Lanes,
            Launch = static _ => new(Warps),
        };
        string text = string.Create(CultureInfo.InvariantCulture, $$"""
            .version 7.0
            .target sm_80
            .address_size 64

            .visible .entry {{rung.EntryName}}(.param .align 8 .b8 arguments[32])
            .maxntid {{Lanes}}, 1, 1
            {
            .reg .b32 %lane, %warp, %thread;
            .reg .b64 %from, %to, %offset;
            ld.param.u64 %from, [arguments];
            ld.param.u64 %to, [arguments+16];
            mov.u32 %lane, %tid.x;
            mov.u32 %warp, %ctaid.x;
            mad.lo.u32 %thread, %warp, {{Lanes}}, %lane;
            mul.wide.u32 %offset, %thread, {{inputWords * GpuVerification.Bytes(input)}};
            add.u64 %from, %from, %offset;
            mul.wide.u32 %offset, %thread, {{outputWords * GpuVerification.Bytes(output)}};
            add.u64 %to, %to, %offset;
            {{string.Join('\n', lines)}}
            ret;
            }

            """);
        return new(mnemonic, inputWords, input, outputWords, output, rung with { Text = text });
    }

    static string[] Names(string prefix, Type type, out Type element)
    {
        (element, int count) = type == typeof(Float4) ? (typeof(float), 4) : type == typeof(Bits4) ? (typeof(uint), 4)
            : type == typeof(Bits2) ? (typeof(uint), 2) : (type, 1);
        return [.. Enumerable.Range(0, count).Select(i => Invariant($"{prefix}{i}"))];
    }

    static string Operand(string[] names) => names.Length == 1 ? names[0] : $"{{{string.Join(", ", names)}}}";

    static string Register(Type element) => element == typeof(float) ? "f32" : element == typeof(double) ? "f64" : "b32";

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    // Every bit pattern may occur, some on purpose; in products of matrices numbers between −1 and 1, of which nothing overflows.
    static byte[] Input(Trial trial)
    {
        Random random = new(1);
        bool tensor = IsProduct(trial.Mnemonic);
        int count = Lanes * Warps * trial.InputWords;
        float[] special = [0f, -0f, 1f, -1f, 0.5f, 1.5f, 2.5f, float.Epsilon, 1.17549435e-38f, float.MaxValue, float.MinValue,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        if (trial.Input == typeof(double))
            return MemoryMarshal.AsBytes<double>([.. Enumerable.Range(0, count).Select(i => i % 3 == 0 ? special[random.Next(special.Length)]
                : BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)))]).ToArray();
        return MemoryMarshal.AsBytes<uint>([.. Enumerable.Range(0, count).Select(i => tensor ? Pair(i)
            : i % 3 == 0 ? BitConverter.SingleToUInt32Bits(special[random.Next(special.Length)]) : (uint)random.NextInt64(1L << 32))]).ToArray();

        // Two bf16 are as good a float.
        uint Pair(int i) => Upper() | Upper() >> 16;

        uint Upper() => BitConverter.SingleToUInt32Bits(2 * random.NextSingle() - 1) & 0xFFFF_0000;
    }

    static unsafe byte[] Launch(Device device, Trial trial, byte[] input)
    {
        var output = new byte[Lanes * Warps * trial.OutputWords * GpuVerification.Bytes(trial.Output)];
        using DeviceMemory from = device.Allocate(input.Length, "operands"), to = device.Allocate(output.Length, "results");
        device.Upload(input, from.Bytes);
        device.Launch(trial.Rung, new InstructionArguments { Input = from.Bytes, Output = to.Bytes });
        device.Synchronize();
        device.Download(to.Bytes, output);
        return output;
    }

    internal static VerifiedRung Compare(string mnemonic, Type output, byte[] expected, byte[] actual)
    {
        bool tensor = IsProduct(mnemonic), approximate = mnemonic.Contains(".approx", StringComparison.Ordinal);
        double[] right = GpuVerification.Numbers(expected, output), got = GpuVerification.Numbers(actual, output);
        bool same = right.Zip(got, Same).All(equal => equal);
        double bound = tensor ? GpuVerification.F32Bound : approximate ? ApproximateBound : 0;
        double error = same ? 0 : tensor ? GpuVerification.Error(right, got)
            : approximate ? right.Zip(got, Relative).Max() : double.PositiveInfinity;
        return new VerifiedRung(mnemonic, Invariant($"{Lanes} lanes, {Warps} warps"), same, error, bound,
            right.Length);
    }

    static bool IsProduct(string mnemonic) => mnemonic.StartsWith("mma", StringComparison.Ordinal);

    // Of what is no number there is one kind.
    static bool Same(double expected, double actual) =>
        double.IsNaN(expected) ? double.IsNaN(actual) : BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual);

    static double Relative(double expected, double actual) => Same(expected, actual) || Math.Abs(actual - expected) <= Smallest ? 0
        : double.IsFinite(expected) && double.IsFinite(actual) ? Math.Abs((actual - expected) / expected) : double.PositiveInfinity;
}
