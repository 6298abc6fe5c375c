// Addresses that compilers take: of parameters, of variables in functions and in initial values; and the spaces that they lie in.
namespace HSENet.Ptx.Tests;

public class AddressTests
{
    [Fact]
    public void Parameters_have_addresses()
    {
        using Kernel kernel = new("""
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry k(.param .u64 to, .param .align 4 .b8 table[16], .param .u32 index)
            {
            .reg .b32 %r<6>; .reg .b64 %rd<9>; .reg .pred %p<4>;
            ld.param.u64 %rd1, [to];
            ld.param.u32 %r1, [index];
            mul.wide.u32 %rd2, %r1, 4;
            mov.b64 %rd3, table;
            add.u64 %rd4, %rd3, %rd2;
            ld.param.u32 %r2, [%rd4];
            cvta.param.u64 %rd5, %rd4;
            ld.u32 %r3, [%rd5+4];
            isspacep.param %p1, %rd5;
            selp.u32 %r4, 1, 0, %p1;
            cvta.to.param.u64 %rd6, %rd5;
            ld.param.u32 %r5, [%rd6+-4];
            st.global.v4.u32 [%rd1], {%r2, %r3, %r4, %r5};
            ret;
            }
            """);
        EmulatorAllocation result = kernel.Memory.Allocate(16, "result");
        EmulatorResult launch = kernel.Launch(1, 1, null, result, 10, 11, 12, 13, 2);

        Assert.Empty(launch.Findings);
        Assert.Equal([12, 13, 1, 11], Kernel.Values<int>(result));
    }

    [Fact]
    public void Behind_the_parameters_there_is_nothing()
    {
        using Kernel kernel = Kernel.Of("mov.b64 %rd1, p0; ld.param.u64 %rd2, [%rd1+8];");
        EmulatorFinding finding = kernel.Launch(1, 1, null, 5ul).Findings.Single();
        Assert.Equal((FindingKind.OutOfBounds, "p0"), (finding.Kind, finding.Allocation));
    }

    [Theory]
    [InlineData("global", "g", false, true)]
    [InlineData("const", "c", true, false)]
    public void Constant_and_global_memory_are_told_apart(string space, string variable, bool isConst, bool isGlobal)
    {
        using Kernel kernel = Kernel.Of($"""
            mov.u64 %rd1, {variable}; cvta.{space}.u64 %rd2, %rd1;
            isspacep.const %p1, %rd2; isspacep.global %p2, %rd2; isspacep.shared %p3, %rd2; isspacep.local %p4, %rd2;
            selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 2, 0, %p2; selp.u32 %r3, 4, 0, %p3; selp.u32 %r4, 8, 0, %p4;
            add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3; add.u32 %r1, %r1, %r4;
            ld.param.u64 %rd3, [p0]; st.global.u32 [%rd3], %r1;
            """, 1, ".global .u32 g = 1;\n.const .u32 c = 1;");
        EmulatorAllocation result = kernel.Memory.Allocate(4, "result");
        kernel.Launch(1, 1, null, result);
        Assert.Equal((isConst ? 1 : 0) + (isGlobal ? 2 : 0), Kernel.Values<int>(result)[0]);
    }

    [Fact]
    public void Initial_values_are_texts_addresses_and_rows()
    {
        const string declarations = """
            .global .u64 early = later;
            .global .u64 generically = generic(later)+4;
            .global .u8 parts[2] = {0xff(later), 0xff00(later)};
            .global .u32 later[2] = {17, 18};
            .global .b8 text[] = "a\n\x41";
            .global .u32 rows[2][3] = {{1}, {2, 3}};
            .global .v2 .u32 pairs[2] = {{1, 2}, {3, 4}};
            .global .f32 real = 0.5;
            """;
        using EmulatorModule module = EmulatorModule.Load($".version 8.0\n.target sm_80\n.address_size 64\n{declarations}\n");
        ulong later = module.Variable("later")!.Address;
        Assert.Equal([later], Kernel.Values<ulong>(module.Variable("early")!));
        Assert.Equal([later + 4], Kernel.Values<ulong>(module.Variable("generically")!));
        Assert.Equal([(byte)later, (byte)(later >> 8)], Kernel.Values<byte>(module.Variable("parts")!));
        Assert.Equal("a\nA\0"u8.ToArray(), Kernel.Values<byte>(module.Variable("text")!));
        Assert.Equal([1, 0, 0, 2, 3, 0], Kernel.Values<int>(module.Variable("rows")!));
        Assert.Equal([1, 2, 3, 4], Kernel.Values<int>(module.Variable("pairs")!));
        Assert.Equal([0.5f], Kernel.Values<float>(module.Variable("real")!));
        string printed = PtxModule.Parse($".version 8.0 .target sm_80 {declarations}").ToString();
        Assert.Equal(printed, PtxModule.Parse(printed).ToString());
    }

    [Fact]
    public void A_variable_in_a_function_keeps_its_value_between_launches()
    {
        using Kernel kernel = Kernel.Of("""
            .global .u32 count = 40;
            .const .u32 step = 2;
            ld.const.u32 %r2, [step]; atom.global.add.u32 %r1, [count], %r2;
            ld.param.u64 %rd1, [p0]; st.global.u32 [%rd1], %r1;
            """);
        EmulatorAllocation result = kernel.Memory.Allocate(4, "result");
        kernel.Launch(1, 1, null, result);
        kernel.Launch(1, 1, new EmulatorOptions { Races = true }, result);
        Assert.Equal(42, Kernel.Values<int>(result)[0]);
    }

    [Fact]
    public void A_variable_that_another_module_has_refuses_only_who_uses_it()
    {
        using EmulatorModule module = EmulatorModule.Load("""
            .version 8.0
            .target sm_80
            .address_size 64
            .extern .global .u32 elsewhere;
            .visible .entry good() { ret; }
            .visible .entry bad() { .reg .b32 %r; ld.global.u32 %r, [elsewhere]; ret; }
            """);
        Emulator emulator = new(new EmulatorMemory());
        emulator.Launch(module.Kernel("good"), 1, 1, 0, []);
        Assert.Contains("'elsewhere'", Assert.Throws<PtxException>(() => emulator.Launch(module.Kernel("bad"), 1, 1, 0, [])).Message);
    }

    [Fact]
    public void A_register_of_vector_type_is_its_elements()
    {
        using Kernel kernel = Kernel.Of("""
            .reg .v4 .u32 %v; .reg .v2 .f32 %w<2>;
            ld.param.u64 %rd1, [p0];
            ld.global.v4.u32 %v, [%rd1];
            add.u32 %v.x, %v.r, %v.w; mov.u32 %v.y, WARP_SZ;
            mov.f32 %w1.x, 0f3F800000; mov.f32 %w1.y, %w1.x;
            st.global.v4.u32 [%rd1], %v; st.global.v2.f32 [%rd1+8], %w1;
            """);
        EmulatorAllocation values = kernel.Buffer("values", 1, 2, 3, 4);
        Assert.Empty(kernel.Launch(1, 1, null, values).Findings);
        Assert.Equal([5, 32, 0x3f800000, 0x3f800000], Kernel.Values<int>(values));
    }
}
