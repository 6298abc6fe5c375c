// Random kernels of several blocks that meet only in atomics whose order does not matter, against plain loops.
namespace HSENet.Ptx.Tests;

public class AtomicFuzzTests
{
    const int Words = 32, Rounds = 3;

    static readonly string[] Operations = ["add.u32", "min.s32", "max.u32", "and.b32", "or.b32", "xor.b32"];

    [Fact]
    public void Blocks_that_meet_in_atomics_give_the_same_words_in_whatever_order_they_run()
    {
        Random random = new(15);
        for (int trial = 0; trial < 40; trial++)
        {
            Dim3 grid = new(random.Next(1, 6), random.Next(1, 4)), block = new(random.Next(1, 100), random.Next(1, 3));
            uint[] multipliers = [.. Enumerable.Range(0, 2 * Rounds).Select(_ => (uint)random.Next() | 1)];
            string[] operations = [.. Enumerable.Range(0, Rounds).Select(_ => Operations[random.Next(Operations.Length)])];
            bool[] results = [.. operations.Select(_ => random.Next(2) == 0)], shared = [.. operations.Select(_ => random.Next(2) == 0)];
            bool cooperative = trial % 4 == 3;
            uint[] expected = Expected(grid, block, multipliers, operations);
            foreach (EmulatorOptions options in (EmulatorOptions[])[new() { Checks = false }, new() { Threads = 3 },
                new() { Races = true }])
            {
                using Kernel kernel = Kernel.Of(Body(multipliers, operations, results, shared), 1,
                    $".shared .align 4 .b8 words[{4 * Words * Rounds}];");
                EmulatorAllocation words = kernel.Buffer("words", [.. Enumerable.Range(0, Words * Rounds)
                    .Select(n => Neutral(operations[n / Words]))]);
                EmulatorResult result = kernel.Launch(grid, block, options with { Cooperative = cooperative }, words);
                Assert.Empty(result.Findings);
                Assert.Equal(expected, Kernel.Values<uint>(words));
            }
        }
    }

    // In each round a thread's word and value follow from its number; a block gathers some rounds in shared memory first.
    static string Body(uint[] multipliers, string[] operations, bool[] results, bool[] shared)
    {
        List<string> lines =
        [
            "ld.param.u64 %rd0, [p0]; mov.u32 %r0, words; mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %ntid.x;",
            "mov.u32 %r4, %ntid.y; mad.lo.u32 %r5, %r2, %r3, %r1; mul.lo.u32 %r6, %r3, %r4; mov.u32 %r7, %ctaid.x; mov.u32 %r8, %ctaid.y;",
            "mov.u32 %r9, %nctaid.x; mad.lo.u32 %r7, %r8, %r9, %r7; mad.lo.u32 %r10, %r7, %r6, %r5; add.u32 %r10, %r10, 1;",
        ];
        for (int n = 0; n < operations.Length; n++)
        {
            if (shared[n])
                lines.Add($"mov.u32 %r20, %r5; Z{n}: setp.ge.u32 %p1, %r20, {Words}; @%p1 bra Y{n}; mad.lo.u32 %r21, %r20, 4, %r0; "
                    + $"st.shared.u32 [%r21+{4 * Words * n}], {Neutral(operations[n])}; add.u32 %r20, %r20, %r6; bra Z{n}; Y{n}: "
                        + $"bar.sync 0;");
            lines.Add($"mul.lo.u32 %r11, %r10, {multipliers[2 * n]}; shr.u32 %r12, %r11, 27; mul.lo.u32 %r13, %r10, "
                + $"{multipliers[2 * n + 1]};");
            if (shared[n])
                lines.Add($"mad.lo.u32 %r21, %r12, 4, %r0; {Atomic(operations[n], results[n], "shared", $"%r21+{4 * Words * n}", "%r13")}"
                    + $"bar.sync 0; mov.u32 %r20, %r5; X{n}: setp.ge.u32 %p1, %r20, {Words}; @%p1 bra W{n}; mad.lo.u32 %r21, %r20, 4, %r0; "
                    + $"ld.shared.u32 %r22, [%r21+{4 * Words * n}]; mul.wide.u32 %rd2, %r20, 4; add.u64 %rd2, %rd2, %rd0; "
                    + $"{Atomic(operations[n], results[n], "global", $"%rd2+{4 * Words * n}", "%r22")}"
                    + $"add.u32 %r20, %r20, %r6; bra X{n}; W{n}: bar.sync 0;");
            else
                lines.Add("mul.wide.u32 %rd1, %r12, 4; add.u64 %rd1, %rd1, %rd0; "
                    + Atomic(operations[n], results[n], "global", $"%rd1+{4 * Words * n}", "%r13"));
        }
        return string.Join('\n', lines);
    }

    static string Atomic(string operation, bool result, string space, string address, string value) =>
        result ? $"atom.{space}.{operation} %r30, [{address}], {value}; " : $"red.{space}.{operation} [{address}], {value}; ";

    static uint[] Expected(Dim3 grid, Dim3 block, uint[] multipliers, string[] operations)
    {
        uint[] words = [.. Enumerable.Range(0, Words * Rounds).Select(n => Neutral(operations[n / Words]))];
        for (uint thread = 1; thread <= grid.Count * block.Count; thread++)
            for (int n = 0; n < operations.Length; n++)
            {
                ref uint word = ref words[n * Words + (int)(thread * multipliers[2 * n] >> 27)];
                word = Apply(operations[n], word, thread * multipliers[2 * n + 1]);
            }
        return words;
    }

    static uint Apply(string operation, uint a, uint b) => operation switch
    {
        "add.u32" => a + b,
        "min.s32" => (uint)Math.Min((int)a, (int)b),
        "max.u32" => Math.Max(a, b),
        "and.b32" => a & b,
        "or.b32" => a | b,
        _ => a ^ b,
    };

    static uint Neutral(string operation) => operation switch
    {
        "min.s32" => int.MaxValue,
        "and.b32" => uint.MaxValue,
        _ => 0,
    };
}
