// Which products are fused, and that nothing is left to the assembler.
namespace HSENet.Ptx.Tests;

public class FloatingPointPassTests
{
    [Theory]
    [InlineData("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5;", "fma.rn.f32 %f4, %f2, %f3, %f5;")]
    [InlineData("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f5, %f1;", "fma.rn.f32 %f4, %f2, %f3, %f5;")]
    [InlineData("mul.ftz.f32 %f1, %f2, %f3; add.ftz.f32 %f4, %f5, %f1;", "fma.rn.ftz.f32 %f4, %f2, %f3, %f5;")]
    [InlineData("mul.f64 %fd1, %fd2, 0d4000000000000000; add.f64 %fd4, %fd1, %fd5;", "fma.rn.f64 %fd4, %fd2, 0d4000000000000000, %fd5;")]
    [InlineData("mul.f32 %f1, %f2, %f3; sub.f32 %f4, %f1, %f5;", "neg.f32 %x_f32_0, %f5; fma.rn.f32 %f4, %f2, %f3, %x_f32_0;")]
    [InlineData("mul.f32 %f1, %f2, %f3; sub.f32 %f4, %f1, 0f3F800000;", "fma.rn.f32 %f4, %f2, %f3, 0fBF800000;")]
    [InlineData("mul.f32 %f1, %f2, %f3; sub.f32 %f4, %f5, %f1;", "neg.f32 %x_f32_0, %f2; fma.rn.f32 %f4, %x_f32_0, %f3, %f5;")]
    [InlineData("mul.f32 %f1, %f2, 0f40000000; sub.f32 %f4, %f5, %f1;", "fma.rn.f32 %f4, %f2, 0fC0000000, %f5;")]
    [InlineData("mul.f64 %fd1, %fd2, %fd3; sub.f64 %fd4, %fd5, %fd1;", "neg.f64 %x_f64_0, %fd2; fma.rn.f64 %fd4, %x_f64_0, %fd3, %fd5;")]
    [InlineData("mul.f32 %f1, %f2, %f3; mul.f32 %f4, %f5, %f6; add.f32 %f7, %f1, %f4;",
        "mul.rn.f32 %f1, %f2, %f3; fma.rn.f32 %f7, %f5, %f6, %f1;")]
    [InlineData("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5; mul.f32 %f6, %f4, %f4; add.f32 %f7, %f6, %f4;",
        "fma.rn.f32 %f4, %f2, %f3, %f5; fma.rn.f32 %f7, %f4, %f4, %f4;")]
    [InlineData("mul.f32 %f1, %f2, %f3; mov.f32 %f2, %f5; add.f32 %f4, %f1, %f2;",
        "mov.f32 %x_f32_0, %f2; mov.f32 %f2, %f5; fma.rn.f32 %f4, %x_f32_0, %f3, %f2;")]
    [InlineData("mul.f32 %f1, %f2, %f1; add.f32 %f1, %f1, %f5; st.global.f32 [%rd1], %f1;",
        "mov.f32 %x_f32_0, %f1; fma.rn.f32 %f1, %f2, %x_f32_0, %f5; st.global.f32 [%rd1], %f1;")]
    [InlineData("mov.f32 %f1, 0f00000000; mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5; mul.f32 %f1, %f2, %f4; add.f32 %f4, %f1, %f4;",
        "mov.f32 %f1, 0f00000000; fma.rn.f32 %f4, %f2, %f3, %f5; fma.rn.f32 %f4, %f2, %f4, %f4;")]
    public void Fuses_a_product_with_one_use(string body, string expected) => AssertBecomes(body, expected);

    [Theory]
    [InlineData("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f1;")]
    [InlineData("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5; st.global.f32 [%rd1], %f1;")]
    [InlineData("mul.f32 %f1, %f2, %f3; bra L; L: add.f32 %f4, %f1, %f5;")]
    [InlineData("mul.ftz.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5;")]
    [InlineData("mul.f32 %f1, %f2, %f3; @%p1 add.f32 %f4, %f1, %f5;")]
    [InlineData("@%p1 mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5;")]
    [InlineData("mul.f32 %f1, %f2, %f3; @%p1 mov.f32 %f1, %f6; add.f32 %f4, %f1, %f5;")]
    [InlineData("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5; @%p1 ret; st.global.f32 [%rd1], %f1;")]
    [InlineData("mul.sat.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5;")]
    [InlineData("mul.f16 %rs1, %rs2, %rs3; add.f16 %rs4, %rs1, %rs5;")]
    [InlineData("{ mul.f32 %f1, %f2, %f3; } { .reg .f32 %f2; add.f32 %f4, %f1, %f5; }")]
    public void Rounds_what_it_does_not_fuse(string body)
    {
        string[] before = Sample.Instructions(Sample.Kernel(body));
        Assert.Equal(before.Select(text => text.Replace("mul.", "mul.rn.").Replace("add.", "add.rn.")),
            Sample.Instructions(FloatingPointPass.Apply(Sample.Kernel(body))));
    }

    [Theory]
    [InlineData("mul.rn.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f5;", "mul.rn.f32 %f1, %f2, %f3; add.rn.f32 %f4, %f1, %f5;")]
    [InlineData("mul.rz.f32 %f1, %f2, %f3; add.rm.f32 %f4, %f1, %f5;", "mul.rz.f32 %f1, %f2, %f3; add.rm.f32 %f4, %f1, %f5;")]
    [InlineData("mul.lo.s32 %r1, %r2, %r3; add.s32 %r4, %r1, %r5;", "mul.lo.s32 %r1, %r2, %r3; add.s32 %r4, %r1, %r5;")]
    public void Leaves_explicit_rounding_and_integers_alone(string body, string expected) => AssertBecomes(body, expected);

    [Theory]
    [MemberData(nameof(RoundTripTests.Samples), MemberType = typeof(RoundTripTests))]
    public void Leaves_no_freedom_and_nothing_to_do_again(string name)
    {
        PtxModule once = FloatingPointPass.Apply(Sample.Module(name));
        Assert.DoesNotMatch(@"\n\s*(@!?%p\d+ )?(add|sub|mul|mad)(\.ftz)?\.(f|bf)\d", once.ToString());
        Assert.Equal(once.ToString(), FloatingPointPass.Apply(PtxModule.Parse(once.ToString())).ToString());
    }

    static void AssertBecomes(string body, string expected) =>
        Assert.Equal(expected, string.Join(' ',
            Sample.Instructions(PtxModule.Parse(FloatingPointPass.Apply(Sample.Kernel(body)).ToString()))));
}
