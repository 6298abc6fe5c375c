// Lines of a compiler's source behind lines of PTX, as its marks say.
namespace HSENet.Ptx.Tests;

public class PtxSourceLinesTests
{
    const string Marked = """
        .version 7.0
        .target sm_80
        .address_size 64
        .visible .entry k(.param .u64 _a_7)
        {
            .reg .b32 %r<4>;
            .reg .b64 %rd<4>;
            ld.param.u64 %rd1, [_a_7];
            .loc 1 20 5
            mov.u32 %r1, 1;
            {
                .loc 2 7 1, function_name $L, inlined_at 1 21 3
                add.u32 %r2, %r1, %r1;
            }
            .loc 1 0 0
            ld.global.u32 %r3, [%rd1+64];
            .loc 1 22 5
            ld.global.u32 %r3, [%rd1+128];
            ret;
        }
        .file 1 "/home/someone/kernel.cu"
        .file 2 "helpers.h"
        """;

    [Fact]
    public void An_instruction_comes_from_the_mark_before_it()
    {
        IReadOnlyDictionary<int, string> places = PtxSourceLines.Of(PtxModule.Parse(Marked));
        Assert.Equal([(10, "kernel.cu:20"), (13, "helpers.h:7"), (18, "kernel.cu:22"), (19, "kernel.cu:22")],
            places.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
        Assert.Empty(PtxSourceLines.Of(PtxModule.Parse(Unmarked())));
    }

    [Fact]
    public void A_text_without_marks_takes_them_from_another_of_the_same_kernel()
    {
        IReadOnlyDictionary<int, string> places = PtxSourceLines.Of(Unmarked(), "k", Marked);
        Assert.Equal([(9, "kernel.cu:20"), (11, "helpers.h:7"), (14, "kernel.cu:22"), (15, "kernel.cu:22")],
            places.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
        Assert.Empty(PtxSourceLines.Of(Unmarked().Replace("mov.u32 %r1, 1;", "mov.u32 %r1, 2;", StringComparison.Ordinal), "k", Marked));
    }

    [Fact]
    public void A_finding_says_where_in_the_source_it_is()
    {
        using EmulatorModule module = EmulatorModule.Load(Marked);
        using EmulatorMemory memory = new();
        EmulatorAllocation x = memory.Allocate<uint>(new uint[4], "x");
        EmulatorResult result = new Emulator(memory).Launch(module.Kernel("k"), new Dim3(1), new Dim3(1), 0,
            BitConverter.GetBytes(x.Address));
        Assert.Equal([(16, null), (18, "kernel.cu:22")], result.Findings.Select(finding => (finding.Line, finding.Source)));
        Assert.StartsWith("k: line 18 (kernel.cu:22): out-of-bounds:", result.Findings[1].ToString(), StringComparison.Ordinal);
    }

    // Another compilation: other numbers, other layout, no marks.
    static string Unmarked() => string.Join('\n', Marked.Replace("_a_7", "_a_123", StringComparison.Ordinal).Split('\n')
        .Where(line => !line.Contains(".loc", StringComparison.Ordinal) && !line.StartsWith(".file", StringComparison.Ordinal)));
}
