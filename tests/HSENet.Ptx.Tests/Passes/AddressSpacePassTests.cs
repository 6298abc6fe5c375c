// Which generic accesses are found to be global, and which stay generic.
namespace HSENet.Ptx.Tests;

public class AddressSpacePassTests
{
    const string Variables = ".global .align 4 .b8 table[64]; .shared .align 4 .b8 tile[64]; .func (.param .u64 r) f() { ret; }";
    const string View = "ld.param.u64 %rd1, [p]; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd3, %rd1, %rd2; ";

    [Theory]
    [InlineData(View + "ld.f32 %f1, [%rd3];", "ld.global.f32 %f1, [%rd3];")]
    [InlineData(View + "st.v4.f32 [%rd3+16], {%f1, %f1, %f1, %f1};", "st.global.v4.f32 [%rd3+16], {%f1, %f1, %f1, %f1};")]
    [InlineData(View + "atom.add.u32 %r1, [%rd3], 1;", "atom.global.add.u32 %r1, [%rd3], 1;")]
    [InlineData(View + "red.relaxed.gpu.add.f32 [%rd3], %f1;", "red.relaxed.gpu.global.add.f32 [%rd3], %f1;")]
    [InlineData(View + "mov.b64 %rd4, %rd3; selp.b64 %rd5, %rd4, %rd1, %p1; ld.volatile.u8 %rs1, [%rd5];",
        "ld.volatile.global.u8 %rs1, [%rd5];")]
    [InlineData("ld.param.u64 %rd1, [p]; mad.lo.u64 %rd2, %rd5, 4, %rd1; ld.f32 %f1, [%rd2];", "ld.global.f32 %f1, [%rd2];")]
    [InlineData("mov.u64 %rd1, table; ld.f32 %f1, [%rd1+4];", "ld.global.f32 %f1, [%rd1+4];")]
    [InlineData("ld.f32 %f1, [table+4];", "ld.global.f32 %f1, [table+4];")]
    [InlineData(View + "ld.b64 %rd4, [%rd3]; ld.b32 %r1, [%rd4];", "ld.global.b32 %r1, [%rd4];")]
    [InlineData(View + "mov.u64 %rd4, tile; st.shared.b64 [%rd4], 1; cvt.s64.s32 %rd5, %r2; add.s64 %rd6, %rd3, %rd5; ld.f32 %f1, [%rd6];",
        "ld.global.f32 %f1, [%rd6];")]
    [InlineData(View + "mov.u64 %rd4, tile; ld.shared.b64 %rd5, [%rd4]; cvt.u32.u64 %r3, %rd5; mul.wide.u32 %rd6, %r3, 4; add.u64 %rd7, "
        + "%rd1, %rd6; ld.f32 %f1, [%rd7];", "ld.global.f32 %f1, [%rd7];")]
    public void Accesses_through_parameters_and_globals_become_global(string body, string expected) => Assert.Equal(expected, Last(body));

    [Theory]
    [InlineData("mov.u64 %rd1, tile; ld.f32 %f1, [%rd1];")]
    [InlineData(View + "cvta.shared.u64 %rd4, %rd9; selp.b64 %rd5, %rd4, %rd3, %p1; ld.f32 %f1, [%rd5];")]
    [InlineData(View + "mov.u64 %rd4, tile; @%p1 mov.b64 %rd3, %rd4; ld.f32 %f1, [%rd3];")]
    [InlineData(View + "mov.u64 %rd4, tile; ld.shared.b64 %rd5, [%rd4]; ld.f32 %f1, [%rd5];")]
    [InlineData("mul.wide.u32 %rd1, %r1, 4; ld.f32 %f1, [%rd1];")]
    [InlineData("{ .param .b64 q; call (q), f; ld.param.b64 %rd1, [q]; ld.f32 %f1, [%rd1]; }")]
    [InlineData("ld.f32 %f1, [4096];")]
    [InlineData(View + "ld.shared.f32 %f1, [%rd3];")]
    [InlineData(View + "mov.u32 %r3, tile; cvt.u64.u32 %rd4, %r3; add.u64 %rd5, %rd3, %rd4; ld.f32 %f1, [%rd5];")]
    public void What_is_not_certain_stays_as_it_is(string body) =>
        Assert.EndsWith(Last(body), Sample.Instructions(Sample.Kernel(body, Variables))[^1]);

    [Theory]
    [InlineData("Tiled")]
    [InlineData("Conv")]
    [InlineData("Atomics")]
    [InlineData("Divergent")]
    [InlineData("Structs")]
    [InlineData("DynShared2")]
    public void Kernels_of_views_keep_no_generic_access(string name)
    {
        foreach (PtxInstruction instruction in AddressSpacePass.Apply(Sample.Module(name)).Entries.Single().Body!.OfType<PtxInstruction>())
            Assert.False(instruction.Opcode is "ld" or "st" or "atom" or "red" && instruction.Space == null, instruction.ToString());
    }

    static string Last(string body) => Sample.Instructions(AddressSpacePass.Apply(Sample.Kernel(body, Variables)))[^1];
}
