// What the parser makes of declarations and instructions, and how it refuses what it does not know.
namespace HSENet.Ptx.Tests;

public class ParserTests
{
    [Fact]
    public void Reads_the_parts_of_a_module()
    {
        PtxModule module = Sample.Module("DynShared2");
        Assert.Equal(("8.6", "sm_80", 64), (module.Version, module.Target, module.AddressSize));
        PtxFunction kernel = Assert.Single(module.Entries);
        Assert.Equal("Kernel_DynShared2", kernel.Name);
        PtxVariable dynamic = module.Variables.Single();
        Assert.Equal(("extern", PtxSpace.Shared, 0L), (dynamic.Linkage, dynamic.Space, dynamic.Bytes));
        PtxVariable parameter = Assert.Single(kernel.Parameters);
        Assert.Equal((16L, 8), (parameter.Bytes, parameter.Alignment));
        Assert.Equal(16, kernel.Body!.OfType<PtxVariable>().Single(variable => variable.Space == PtxSpace.Shared).Bytes);
    }

    [Fact]
    public void Statements_keep_their_line()
    {
        PtxModule module = Sample.Kernel("mov.b32 %r1,\n 2;\n\nL:\nret;");
        Assert.Equal([8, 11, 12], module.Entries.Single().Body!.TakeLast(3).Select(statement => statement.Line));
    }

    [Fact]
    public void Modifiers_are_a_set_and_keep_their_text()
    {
        PtxInstruction red = Last("red.add.shared.f32 [%rd1], 0f3F800000;");
        Assert.Equal("red.add.shared.f32", red.Mnemonic);
        Assert.True(red.Has("add") && red.Space == PtxSpace.Shared && red.Types.Single() == PtxType.F32);
        PtxInstruction convert = Last("cvt.rn.f32.s64 %f1, %rd1;");
        Assert.Equal([PtxType.F32, PtxType.S64], convert.Types);
    }

    [Fact]
    public void Decimal_constants_take_the_type_of_the_instruction()
    {
        Assert.Equal(new PtxFloat32(0x3F000000), Last("mul.f32 %f1, %f1, 0.5;").Operands[2]);
        Assert.Equal(0.5, ((PtxFloat64)Last("mul.f64 %fd1, %fd1, 5e-1;").Operands[2]).Value);
        Assert.Equal(new PtxInteger(-1), Last("mov.b64 %rd1, 0xFFFFFFFFFFFFFFFF;").Operands[1]);
    }

    [Theory]
    [InlineData("frobnicate.s32 %r1, %r2;", "unknown instruction 'frobnicate'")]
    [InlineData("add.cc.f32 %f1, %f2, %f3;", "do not go together")]
    [InlineData("add %r1, %r2, %r3;", "modifiers are missing")]
    [InlineData("add.rn.s32 %r1, %r2, %r3;", "do not go together")]
    [InlineData("add.s32 %r1, %r2;", "takes 3 operands, found 2")]
    [InlineData("add.s32 5, %r2, %r3;", "operand 1 of 'add.s32' cannot be '5'")]
    [InlineData("ld.global.v2.f32 {%f1, %f2, %f3}, [%rd1];", "moves 2 values, found 3")]
    [InlineData("mov.b32 %r1, %r40;", "register %r40 is not declared")]
    [InlineData("mov.b32 %r1, %tid.w;", "no component '.w'")]
    [InlineData(".surprise 3;", "unknown directive '.surprise'")]
    [InlineData("mov.b32 %r1, 12abc;", "'12abc' is not a number")]
    [InlineData("mov.b32 %r1 %r2;", "expected ';'")]
    [InlineData("{ mov.b32 %r1, %r2;", "ends inside a body")]
    [InlineData("ret; \u0007", "U+0007")]
    public void Names_line_and_text_of_what_it_does_not_know(string statement, string expected)
    {
        PtxException error = Assert.Throws<PtxException>(() => Sample.Kernel(statement));
        Assert.Contains(expected, error.Message);
        Assert.StartsWith($"line {error.Line}: ", error.Message);
    }

    [Theory]
    [InlineData("", "begins with .version")]
    [InlineData("this is not PTX", "begins with .version")]
    [InlineData(".version 8.6 .target sm_80 .address_size 32", "must be 64")]
    [InlineData(".version 8.6 .target sm_80 .texref t;", "unknown directive '.texref'")]
    [InlineData(".version 8.6 .target sm_80 .entry k(.param .u32 n) .fast 3 {}", "unknown directive '.fast'")]
    [InlineData(".version 8.6 .target sm_80 .global .align 3 .b8 x;", "not a power of two")]
    [InlineData(".version 8.6 .target sm_80 .entry k() { ret; }\n.entry k() { ret; }", "line 2: defined twice")]
    [InlineData(".version 8.6 .target sm_80 .global .b32 x; .global .b32 x;", "defined twice")]
    [InlineData(".version 8.6 /* open", "comment without an end")]
    public void Refuses_text_that_is_not_a_module(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<PtxException>(() => PtxModule.Parse(text)).Message);

    [Fact]
    public void A_variable_may_be_declared_before_it_is_defined() => Assert.Equal(["extern", null],
        PtxModule.Parse(".version 8.6 .target sm_80 .extern .global .b32 x; .global .b32 x;")
            .Variables.Select(variable => variable.Linkage));

    static PtxInstruction Last(string statement) => (PtxInstruction)Sample.Kernel(statement).Entries.Single().Body![^1];
}
