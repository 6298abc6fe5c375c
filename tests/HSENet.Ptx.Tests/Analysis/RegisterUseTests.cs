// Which operands are written and which are read.
namespace HSENet.Ptx.Tests;

public class RegisterUseTests
{
    [Theory]
    [InlineData("add.s32 %r1, %r2, %r3;", "%r1", "%r2 %r3")]
    [InlineData("@!%p1 add.s32 %r1, %r1, 5;", "%r1", "%p1 %r1")]
    [InlineData("setp.lt.and.s32 %p1|%p2, %r1, %r2, !%p3;", "%p1 %p2", "%r1 %r2 %p3")]
    [InlineData("xor.pred %p1, %p2, %p3;", "%p1", "%p2 %p3")]
    [InlineData("ld.global.v2.f32 {%f1, _}, [%rd1+8];", "%f1", "%rd1")]
    [InlineData("st.global.v2.f32 [%rd1], {%f1, %f2};", "", "%rd1 %f1 %f2")]
    [InlineData("mov.b64 {%r1, %r2}, %rd1;", "%r1 %r2", "%rd1")]
    [InlineData("shfl.sync.up.b32 %r1|%p1, %r2, %r3, 0, -1;", "%r1 %p1", "%r2 %r3")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1}, {%r2}, {%f4, %f5, %f6, %f7};",
        "%f0 %f1 %f2 %f3", "%r0 %r1 %r2 %f4 %f5 %f6 %f7")]
    [InlineData("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%rd1], {%r1, %r2};", "", "%rd1 %r1 %r2")]
    [InlineData("atom.global.cas.b32 %r1, [%rd1], %r2, %r3;", "%r1", "%rd1 %r2 %r3")]
    [InlineData("red.global.add.f32 [%rd1], %f1;", "", "%rd1 %f1")]
    [InlineData("bar.red.or.pred %p1, 0, %p2;", "%p1", "%p2")]
    [InlineData("bar.sync 0, %r1;", "", "%r1")]
    [InlineData("cp.async.cg.shared.global [%rd1], [%rd2], 16, %r1;", "", "%rd1 %rd2 %r1")]
    [InlineData("call (%r1), f, (%r2, 3);", "%r1", "%r2")]
    [InlineData("call f, (%r2);", "", "%r2")]
    public void Destinations_are_written_and_all_else_is_read(string statement, string writes, string reads)
    {
        PtxInstruction instruction = PtxCode.Of(Sample.Kernel(statement).Entries.Single()).Instructions.Single();
        Assert.Equal((writes, reads), (string.Join(' ', instruction.Writes()), string.Join(' ', instruction.Reads())));
    }

    [Fact]
    public void Values_that_share_a_register_are_told_apart()
    {
        IReadOnlyList<PtxInstruction> webs = new RegisterWebs(ControlFlowGraph.Of(Sample.Kernel("""
            mov.b32 %r1, 1;
            mov.b32 %r2, %r1;
            mov.b32 %r1, 2;
            @%p1 mov.b32 %r1, 3;
            mov.b32 %r3, %r1;
            L: add.s32 %r3, %r3, 1;
            @%p1 bra L;
            ret;
            """).Entries.Single())).Instructions;
        string Web(int instruction, int operand) => ((PtxRegister)webs[instruction].Operands[operand]).Name;
        Assert.Equal(Web(0, 0), Web(1, 1));
        Assert.NotEqual(Web(0, 0), Web(2, 0));
        Assert.Equal([Web(2, 0), Web(2, 0)], [Web(3, 0), Web(4, 1)]);
        Assert.Equal([Web(4, 0), Web(4, 0)], [Web(5, 0), Web(5, 1)]);
    }
}
