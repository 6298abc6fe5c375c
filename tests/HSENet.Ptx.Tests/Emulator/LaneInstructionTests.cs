// Each instruction on lanes once through text, parser, decoder and executor, against the function that is its meaning.
namespace HSENet.Ptx.Tests;

public class LaneInstructionTests
{
    const int Threads = 2000;

    public static TheoryData<string> Names => [.. LaneInstructionCases.All.Select(c => c.Text)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_instruction_does_what_its_function_says(string text)
    {
        LaneCase c = LaneInstructionCases.All.First(c => c.Text == text);
        Random random = new(text.Length);
        ulong[][] operands = [.. c.Sources.Where(type => !type.StartsWith("imm=", StringComparison.Ordinal)).Select(type =>
        {
            List<ulong> samples = Samples(type);
            return Enumerable.Range(0, Threads).Select(_ => samples[random.Next(samples.Count)]).ToArray();
        })];
        ulong[] results = LaneKernel.Run(c.Mnemonic, [c.Result], c.Sources, operands)[0];
        ulong mask = c.Result == "pred" || LaneKernel.Width(c.Result) == 64 ? ulong.MaxValue : (1UL << LaneKernel.Width(c.Result)) - 1;
        ulong[] arguments = new ulong[4];
        for (int i = 0; i < Threads; i++)
        {
            for (int n = 0; n < operands.Length; n++)
                arguments[n] = operands[n][i];
            ulong expected = c.Function(arguments) & mask;
            if (expected != results[i])
                Assert.Fail($"{text} of {string.Join(", ", arguments.Take(operands.Length).Select(a => $"{a:x}"))}: expected "
                    + $"{expected:x}, got {results[i]:x}");
        }
    }

    [Fact]
    public void Every_instruction_on_lanes_has_a_case()
    {
        string[] elsewhere = // memory, addresses, whole warps, control
        [
            "mov", "ld", "ldu", "st", "prefetch", "prefetchu", "createpolicy", "isspacep", "cvta", "mapa", "getctarank", "griddepcontrol",
                "atom", "red",
            "bar", "barrier", "membar", "fence", "cp", "ldmatrix", "stmatrix", "movmatrix", "mma", "shfl", "vote", "match", "redux",
                "activemask",
            "bra", "brx", "call", "ret", "exit", "trap", "brkpt", "nanosleep", "addc", "subc", "madc", "wmma", "mbarrier", "elect",
                "discard",
            "applypriority", "pmevent", "setmaxnreg",
        ];
        IEnumerable<string> covered = LaneInstructionCases.All.Select(c => c.Mnemonic.Split('.')[0]);
        Assert.Empty(PtxInstructionTable.Opcodes.Except(covered).Except(elsewhere));
    }

    /// <summary>Bits of a type's values: what lies above in a register must not matter, so narrow values come with something
    /// there.</summary>
    static List<ulong> Samples(string type)
    {
        PtxTypes.TryParse(type, out PtxType parsed);
        List<ulong> samples = type switch
        {
            "pred" => [0, 1],
            "u8" or "s8" or "u16" or "s16" or "u32" or "s32" or "u64" or "s64" or "b16" or "b32" or "b64" =>
                IntegerSamples.Of(LaneRules.Integer(parsed)!.Value, 200),
            "f16x2" or "bf16x2" or "e4m3x2" or "e5m2x2" =>
                Pairs(FloatSamples.Of(FloatSamples.Named(LaneRules.Float(parsed)!.Name), 100), LaneRules.Float(parsed)!.Bits),
            _ => FloatSamples.Of(FloatSamples.Named(type), 100),
        };
        if (type is "b32" or "u32" or "s32")
            samples.AddRange(Enumerable.Range(0, 70).Select(n => (ulong)n)); // counts and positions
        if (parsed.Bits() == 8)
            samples.AddRange([.. samples.Select(s => s | 0xa500)]);
        return samples;
    }

    static List<ulong> Pairs(List<ulong> halves, int bits) =>
        [.. halves.Select((low, n) => low | halves[(n * 7 + 3) % halves.Count] << bits)];

    [Fact]
    public void Packed_comparisons_have_a_result_for_each_half()
    {
        ulong[] a = Samples("f16x2").ToArray(), b = [.. a.Reverse()], c = [.. a.Select((_, n) => (ulong)n & 1)];
        ulong[][] plain = LaneKernel.Run("setp.lt.f16x2", ["pred", "pred"], ["f16x2", "f16x2"], [a, b]);
        ulong[][] combined = LaneKernel.Run("setp.lt.xor.f16x2", ["pred", "pred"], ["f16x2", "f16x2", "pred"], [a, b, c]);
        for (int i = 0; i < a.Length; i++)
            for (int half = 0; half < 2; half++)
            {
                bool less = FloatComparison.Compare(FloatFormat.Half, Comparison.Less, a[i] >> 16 * half & 0xffff,
                    b[i] >> 16 * half & 0xffff, false);
                Assert.Equal(less ? 1ul : 0, plain[half][i]);
                Assert.Equal(less != (c[i] != 0) ? 1ul : 0, combined[half][i]);
            }
    }

    [Fact]
    public void Two_destinations_get_a_result_and_its_test()
    {
        ulong[] a = Samples("b32").ToArray(), b = [.. a.Reverse()], q = [.. a.Select((_, n) => (ulong)n & 1)];
        ulong[][] logic = LaneKernel.Run("lop3.and.b32", ["b32", "pred"], ["b32", "b32", "b32", "imm=0xc0", "pred"], [a, b, a, q]);
        ulong[][] compared = LaneKernel.Run("setp.lt.or.s32", ["pred", "pred"], ["s32", "s32", "pred"], [a, b, q]);
        for (int i = 0; i < a.Length; i++)
        {
            Assert.Equal(a[i] & b[i], logic[0][i]);
            Assert.Equal((a[i] & b[i]) != 0 && q[i] != 0 ? 1ul : 0, logic[1][i]);
            bool less = (int)a[i] < (int)b[i];
            Assert.Equal(less || q[i] != 0 ? 1ul : 0, compared[0][i]);
            Assert.Equal(!less || q[i] != 0 ? 1ul : 0, compared[1][i]);
        }
    }
}
