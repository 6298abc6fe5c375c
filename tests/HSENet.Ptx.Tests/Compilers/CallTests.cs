// Calls in every form: parameters in registers, constants as arguments, several results, and functions by their address.
namespace HSENet.Ptx.Tests;

public class CallTests
{
    const string Functions = """
        .func (.reg .u32 sum, .reg .u64 wide) both(.reg .u32 a, .reg .u32 b)
        {
        .reg .pred %p;
        add.u32 sum, a, b;
        mul.wide.u32 wide, a, b;
        setp.gt.u32 %p, a, 5;
        @%p ret;
        add.u32 sum, sum, 1000;
        }
        .func (.param .b32 r) square(.param .b32 a)
        {
        .reg .b32 %r<3>;
        ld.param.u32 %r1, [a]; mul.lo.u32 %r1, %r1, %r1; st.param.u32 [r], %r1;
        ret;
        }
        .func (.param .b32 r) negate(.param .b32 a)
        {
        .reg .b32 %r<3>;
        ld.param.u32 %r1, [a]; neg.s32 %r1, %r1; st.param.u32 [r], %r1;
        ret;
        }
        .func (.param .b64 r) other(.param .b64 a) { ret; }
        .global .u64 table[3] = {square, negate, other};
        """;

    const string Store = "mul.wide.u32 %rd2, %r1, 4; ld.param.u64 %rd1, [p0]; add.u64 %rd1, %rd1, %rd2; st.global.u32 [%rd1], %r9;";

    [Fact]
    public void Parameters_in_registers_and_two_results() => Check("""
        call (%r8, %rd9), both, (%r1, 3);
        cvt.u32.u64 %r9, %rd9; add.u32 %r9, %r9, %r8;
        """, lane => 3 * lane + lane + 3 + (lane > 5 ? 0 : 1000));

    [Fact]
    public void A_call_that_some_lanes_make_leaves_the_others_what_they_had() => Check("""
        mov.u32 %r9, 7; setp.lt.u32 %p1, %r1, 4;
        @%p1 call (%r9), square, (%r1);
        """, lane => lane < 4 ? lane * lane : 7);

    [Theory]
    [InlineData("prototype: .callprototype (.param .b32 _) _ (.param .b32 _);", "prototype")]
    [InlineData("targets: .calltargets square, negate;", "targets")]
    public void Lanes_call_functions_by_their_address(string declaration, string label) => Check($"""
        {declaration}
        and.b32 %r2, %r1, 1; mul.wide.u32 %rd3, %r2, 8; mov.u64 %rd4, table; add.u64 %rd4, %rd4, %rd3; ld.global.u64 %rd5, [%rd4];
        mov.u32 %r9, 5; setp.ne.u32 %p1, %r1, 6;
        @%p1 call (%r9), %rd5, (%r1), {label};
        """, lane => lane == 6 ? 5 : lane % 2 == 0 ? lane * lane : -lane);

    [Fact]
    public void The_address_of_a_function_can_be_compared() => Check("""
        mov.u64 %rd5, square; mov.u64 %rd6, negate; setp.eq.u64 %p1, %rd5, %rd6; selp.u32 %r9, 1, 0, %p1;
        """, lane => 0);

    [Theory]
    [InlineData("mov.u64 %rd5, other;")] // another signature
    [InlineData("mov.u64 %rd5, 24;")]
    public void A_call_of_what_is_no_such_function_ends_the_kernel(string address)
    {
        using Kernel kernel = Kernel.Of($"""
            prototype: .callprototype (.param .b32 _) _ (.param .b32 _);
            {address}
            call (%r9), %rd5, (7), prototype;
            """, 1, Functions);
        EmulatorException failure = Assert.Throws<EmulatorException>(() => kernel.Launch(1, 32, null, kernel.Buffer("x", 1)));
        Assert.Contains("no function that takes these arguments", failure.Message);
        Assert.Contains("line ", failure.Message);
    }

    [Fact]
    public void A_wrong_number_of_arguments_is_refused()
    {
        using Kernel kernel = Kernel.Of("call (%r8, %rd9), both, (%r1);", 0, Functions);
        Assert.Contains("takes 2 arguments", Assert.Throws<PtxException>(() => kernel.Launch(1, 1, null)).Message);
    }

    [Fact]
    public void A_kernel_that_cannot_be_read_refuses_itself_alone()
    {
        using EmulatorModule module = EmulatorModule.Load("""
            .version 8.0
            .target sm_80
            .address_size 64
            .func broken() { frobnicate; ret; }
            .visible .entry bad() { { tex.1d.v4.s32.s32 {a, b, c, d}, [t, {x}]; } ret; }
            .visible .entry calls() { call broken; ret; }
            .visible .entry good() { ret; }
            """);
        Emulator emulator = new(new EmulatorMemory());
        Assert.Empty(emulator.Launch(module.Kernel("good"), 1, 1, 0, []).Findings);
        foreach ((string name, int line, string what) in new[] { ("bad", 5, "'tex'"), ("calls", 4, "'frobnicate'") })
        {
            PtxException failure = Assert.Throws<PtxException>(() => emulator.Launch(module.Kernel(name), 1, 1, 0, []));
            Assert.Equal(line, failure.Line);
            Assert.Contains(what, failure.Message);
        }
    }

    static void Check(string body, Func<int, int> expected)
    {
        using Kernel kernel = Kernel.Of("mov.u32 %r1, %tid.x;\n" + body + Store, 1, Functions);
        EmulatorAllocation result = kernel.Memory.Allocate(128, "result");
        Assert.Empty(kernel.Launch(1, 32, null, result).Findings);
        Assert.Equal(Enumerable.Range(0, 32).Select(expected), Kernel.Values<int>(result));
    }
}
