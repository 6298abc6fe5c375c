// Parse, print, parse: the identity on what ILGPU writes and on hand-written PTX.
namespace HSENet.Ptx.Tests;

public class RoundTripTests
{
    public static TheoryData<string> Samples => [.. Sample.Names];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Printed_text_parses_to_the_same_program(string name) => AssertIdentity(Sample.Text(name));

    [Fact]
    public void Every_shape_of_statement_and_operand_survives() => AssertIdentity("""
        .version 8.6 .target sm_90a, debug .address_size 64 // several on one line
        .file 1 "a.cu", 12, 34
        .global .align 16 .v4 .f32 table[2] = {0f3F800000, 1.5, -2, 0d4000000000000000};
        .const .b32 grid[2][3] = {{1, 2, 3}, {0x10, 017, 0b101}};
        .extern .shared .align 16 .b8 dynamic[];
        .weak .global .u64 pointer = table+8;
        .extern .func vprintf(.param .b64 format, .param .b64 buffer);
        .func (.reg .b32 result) twice(.reg .b32 x) { add.s32 result, x, x; ret; }
        .visible .entry k(.param .u64 .ptr .global .align 16 p, .param .align 8 .b8 s[24])
        .maxntid 256, 1, 1
        .minnctapersm 2
        .pragma "nounroll";
        {
            .reg .b32 a, %r<4>; .reg .b64 %rd<3>; .reg .pred p1, %p<3>; .reg .f32 %f<4>; .reg .b16 h<2>;
            .local .align 4 .b8 depot[64];
            .loc 1 23 4
            ld.param.u64 %rd1, [p]; cvta.to.global.u64 %rd2, %rd1; /* a comment
            over lines */ ld.global.nc.L1::no_allocate.L2::128B.v4.f32 {%f0, %f1, %f2, _}, [%rd2+-16];
            mov.u32 a, %tid.x; mov.b64 %rd0, depot+4; @!p1 bra $L_end; setp.lt.and.s32 %p1|%p2, a, 4294967295, !p1;
            mov.b32 {h0, h1}, a;
            $inner: { .reg .b32 a; mov.u32 a, -1; { .param .b32 q; call.uni (q), twice, (a); ld.param.b32 %r0, [q]; } }
            brx.idx a, targets;
            targets: .branchtargets $inner, $L_end;
            st.shared.u32 [dynamic+4], 0xFFFFFFFF; st.global.u64 [16], -1; mul.f32 %f0, %f1, 0.5;
            $L_end: @p1 ret;
        }
        """);

    static void AssertIdentity(string text)
    {
        PtxModule module = PtxModule.Parse(text);
        string printed = module.ToString();
        PtxModule again = PtxModule.Parse(printed);
        Assert.Equal(printed, again.ToString());
        Assert.Equal(Dump(module), Dump(again));
    }

    // Everything but lines, found by reflection, so that a property which the printer forgets is noticed.
    static string Dump(object? value) => value switch
    {
        null => "null",
        string or int or long or uint or ulong or bool or Enum => $"{value}",
        System.Collections.IEnumerable list => $"[{string.Join("; ", list.Cast<object>().Select(Dump))}]",
        _ => $"{value.GetType().Name}({string.Join(", ", value.GetType().GetProperties().Where(property => property.Name is not ("Line" or "EqualityContract"))
            .Select(property => $"{property.Name}={Dump(property.GetValue(value))}"))})",
    };
}
