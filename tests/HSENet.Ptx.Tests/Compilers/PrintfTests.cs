// What kernels say: printf as C writes it, failed assertions, traps.
namespace HSENet.Ptx.Tests;

public class PrintfTests
{
    // Arguments as a compiler lays them out: a local buffer, each at a multiple of its size.
    static string Print(string format, string stores, int threads = 1, string declarations = "")
    {
        string bytes = string.Join(", ", format.Select(c => (int)c).Append(0));
        using Kernel kernel = Kernel.Of($$"""
            .local .align 8 .b8 buffer[72];
            mov.u64 %rd1, buffer; cvta.local.u64 %rd2, %rd1; mov.u64 %rd3, format; cvta.global.u64 %rd4, %rd3;
            mov.u32 %r5, %tid.x;
            {{stores}}
            {
            .param .b64 first; .param .b64 second; .param .b32 result;
            st.param.b64 [first], %rd4; st.param.b64 [second], %rd2;
            call (result), vprintf, (first, second);
            ld.param.b32 %r1, [result];
            }
            """, 0, $".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);\n.global .b8 format[] = {{{bytes}}};\n"
                + declarations);
        EmulatorResult result = kernel.Launch(1, threads, null);
        Assert.Empty(result.Findings);
        return result.Printed;
    }

    [Theory]
    [InlineData("v=%d|%5d|%-5d|%05d|%+d|%x|%#X|%o|%u|%c|%%|%hhd\n",
        "v=-7|   -7|-7   |-0007|-7|fffffff9|0XFFFFFFF9|37777777771|4294967289|ù|%|-7\n")]
    [InlineData("%.3d|%8.3d|%i|%hd|%q", "-007|    -007|-7|-7|%q")]
    public void Integers(string format, string expected) =>
        Assert.Equal(expected, Print(format, string.Concat(Enumerable.Range(0, 14).Select(n => $"st.local.u32 [%rd1+{4 * n}], -7;"))));

    [Theory]
    [InlineData("%f|%.2f|%10.1f|%e|%.0e|%g|%G|%a|%.1a", 3.14159,
        "3.141590|3.14|       3.1|3.141590e+00|3e+00|3.14159|3.14159|0x1.921f9f01b866ep+1|0x1.9p+1")]
    [InlineData("%f|%g|%e|%08.3f|%g", -1e-7, "-0.000000|-1e-07|-1.000000e-07|-000.000|-1e-07")]
    [InlineData("%f|%5g|%E|%05f", double.PositiveInfinity, "inf|  inf|INF|  inf")]
    [InlineData("%g|%g|%#g", 100000.0, "100000|100000|100000.")]
    [InlineData("%g|%.3g", 1234567.0, "1.23457e+06|1.23e+06")]
    public void Reals(string format, double value, string expected) => Assert.Equal(expected, Print(format, string.Concat(
        Enumerable.Range(0, 9).Select(n =>
            $"mov.f64 %fd1, 0d{BitConverter.DoubleToUInt64Bits(value):X16}; st.local.f64 [%rd1+{8 * n}], %fd1;"))));

    [Fact]
    public void Texts_long_numbers_and_widths_from_arguments() =>
        Assert.Equal("hello|hel| -5|-1|0x10", Print("%s|%.3s|%*d|%lld|%p", """
            mov.u64 %rd5, word; cvta.global.u64 %rd5, %rd5; st.local.u64 [%rd1], %rd5; st.local.u64 [%rd1+8], %rd5;
            st.local.u32 [%rd1+16], 3; st.local.u32 [%rd1+20], -5; st.local.u64 [%rd1+24], -1; st.local.u64 [%rd1+32], 16;
            """, 1, ".global .b8 word[] = \"hello\";"));

    [Fact]
    public void Lanes_print_in_their_order() => Assert.Equal("0 1 2 3 ", Print("%d ", "st.local.u32 [%rd1], %r5;", 4));

    [Fact]
    public void A_failed_assertion_says_what_failed_and_where()
    {
        using Kernel kernel = Kernel.Of("""
            mov.u32 %r1, %tid.x; setp.ne.u32 %p1, %r1, 3; @%p1 bra done;
            mov.u64 %rd1, message; cvta.global.u64 %rd1, %rd1; mov.u64 %rd2, file; cvta.global.u64 %rd2, %rd2;
            {
            .param .b64 a0; .param .b64 a1; .param .b32 a2; .param .b64 a3; .param .b64 a4;
            st.param.b64 [a0], %rd1; st.param.b64 [a1], %rd2; st.param.b32 [a2], 42; st.param.b64 [a3], %rd2; st.param.b64 [a4], 1;
            call __assertfail, (a0, a1, a2, a3, a4);
            }
            done:
            """, 0, """
            .extern .func __assertfail(.param .b64 m, .param .b64 f, .param .b32 l, .param .b64 n, .param .b64 s);
            .global .b8 message[] = "x < n";
            .global .b8 file[] = "sum.cu";
            """);
        EmulatorException failure = Assert.Throws<EmulatorException>(() => kernel.Launch(1, 32, null));
        Assert.Contains("sum.cu:42: sum.cu: x < n", failure.Message);
        Assert.Contains("thread (3, 0, 0)", failure.Message);
    }
}
