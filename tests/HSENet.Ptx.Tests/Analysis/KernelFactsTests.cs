// Static facts against texts whose numbers are counted by hand.
namespace HSENet.Ptx.Tests;

public class KernelFactsTests
{
    [Fact]
    public void Memory_is_what_the_variables_take()
    {
        KernelFacts facts = Facts("""
            .local .align 8 .b8 a[12]; .local .align 16 .b8 b[4]; .shared .align 4 .b8 c[6]; { .shared .align 16 .b8 d[32]; }
            mov.u64 %rd1, e; mov.u64 %rd1, dynamic;
            """, ".shared .b32 e; .shared .b32 unused; .extern .shared .align 16 .b8 dynamic[];");
        Assert.Equal((20, 52, true), (facts.LocalBytes, facts.StaticSharedBytes, facts.UsesDynamicShared));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("mov.b32 %r1, 1;", 1)]
    [InlineData("mov.b32 %r1, 1; mov.b32 %r2, 2; add.s32 %r3, %r1, %r2; st.global.b32 [16], %r3;", 2)]
    [InlineData("mov.b64 %rd1, 1; mov.b32 %r2, 2; st.global.b32 [%rd1], %r2;", 3)]
    [InlineData("mov.b32 %r1, 1; setp.eq.s32 %p1, %r1, 1; @%p1 mov.b32 %r1, 2; st.global.b32 [16], %r1;", 1)]
    [InlineData("mov.b32 %r1, 1; mov.b32 %r2, 0; L: add.s32 %r2, %r2, 1; setp.lt.s32 %p1, %r2, %r1; @%p1 bra L; ret;", 2)]
    [InlineData("mov.b32 %r1, 1; @%p1 bra L; mov.b64 %rd1, 5; st.global.b64 [16], %rd1; L: st.global.b32 [16], %r1; ret;", 3)]
    public void Live_registers_are_counted_in_words(string body, int expected) =>
        Assert.Equal(expected, Facts(body).EstimatedLiveRegisters);

    [Fact]
    public void Instructions_are_counted_with_those_of_called_functions()
    {
        KernelFacts facts = KernelFacts.Of(Sample.Module("Calls"));
        PtxModule alive = DeadFunctionPass.Apply(Sample.Module("Calls"));
        Assert.Equal(alive.ToString().Split('\n').Count(line => line.TrimStart().StartsWith("ld.param.b32")),
            facts.Count("ld", "param", "b32"));
        Assert.Equal(5, facts.Count("call"));
        Assert.Equal(facts.InstructionCount, facts.InstructionsByOpcode.Values.Sum());
    }

    // An assembler gives this kernel 140 registers for sm_80.
    [Fact]
    public void A_tensor_core_product_is_what_it_claims()
    {
        KernelFacts facts = KernelFacts.Of(Sample.Module("TensorCores"));
        Assert.Equal((0, 49152, 137), (facts.LocalBytes, facts.StaticSharedBytes, facts.EstimatedLiveRegisters));
        Assert.Equal((32, 12, 12), (facts.Count("mma", "m16n8k16", "bf16"), facts.Count("ldmatrix", "x4"),
            facts.Count("cp", "async", "cg")));
    }

    [Fact]
    public void An_entry_that_is_not_there_is_an_error() =>
        Assert.Contains("'other'", Assert.Throws<PtxException>(() => KernelFacts.Of(Sample.Module("Tiled"), "other")).Message);

    static KernelFacts Facts(string body, string before = "") => KernelFacts.Of(Sample.Kernel(body, before));
}
