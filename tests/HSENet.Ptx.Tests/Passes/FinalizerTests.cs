// The passes that name, align, remove and refuse, and all of them together.
namespace HSENet.Ptx.Tests;

public class FinalizerTests
{
    const string Helpers = """
        .func (.param .b32 r) used(.param .b32 x);
        .func (.param .b32 r) deep(.param .b32 x) { ret; }
        .func (.param .b32 r) used(.param .b32 x) { .param .b32 a; .param .b32 b; call (b), deep, (a); ret; }
        .func unused() { call missing; ret; }
        .func missing();
        """;

    const string CallsUsed = "{ .param .b32 a; .param .b32 b; call (b), used, (a); }";

    [Theory]
    [MemberData(nameof(RoundTripTests.Samples), MemberType = typeof(RoundTripTests))]
    public void Every_sample_gets_its_final_text(string name)
    {
        PtxFinalizeOptions options = new()
        {
            EntryName = "kernel_v1_f32",
            Target = "sm_90",
            AllowedExternals = ExternalsPass.DriverFunctions
        };
        string final = PtxFinalizer.Finalize(Sample.Text(name), options);
        PtxModule module = PtxModule.Parse(final);
        Assert.Equal(("kernel_v1_f32", "sm_90"), (module.Entries.Single().Name, module.Target));
        Assert.Equal(final, PtxFinalizer.Finalize(final, options));
    }

    [Fact]
    public void Dead_functions_and_their_prototypes_go() =>
        Assert.Equal(["used", "deep", "used", "k"],
            DeadFunctionPass.Apply(Sample.Kernel(CallsUsed, Helpers)).Functions.Select(function => function.Name));

    [Fact]
    public void Shared_arrays_are_aligned_and_nothing_else()
    {
        PtxModule module = SharedAlignmentPass.Apply(Sample.Kernel(
            ".shared .align 4 .b8 a[4]; .shared .b64 b; .shared .align 128 .b8 c[4]; .local .align 4 .b8 d[4]; { .shared .b32 e; }",
                ".extern .shared .align 4 .b8 dynamic[];"));
        Assert.Equal(16, module.Variables.Single().Alignment);
        PtxFunction kernel = module.Entries.Single();
        Assert.Equal([("a", 16), ("b", 16), ("c", 128), ("d", 4)],
            kernel.Body!.OfType<PtxVariable>().Select(variable => (variable.Name, variable.Alignment)));
        Assert.Equal(16, ((PtxVariable)kernel.Body!.OfType<PtxBlock>().Single().Statements[0]).Alignment);
    }

    [Fact]
    public void An_external_function_is_refused_by_name()
    {
        const string external = ".extern .func (.param .b32 r) FusedMultiplyAdd(.param .b32 x);";
        PtxModule module = Sample.Kernel("{ .param .b32 a; .param .b32 b; call (b), FusedMultiplyAdd, (a); }", external);
        PtxException error = Assert.Throws<PtxException>(() => ExternalsPass.Apply(module));
        Assert.Contains("'FusedMultiplyAdd' has no body", error.Message);
        Assert.Same(module, ExternalsPass.Apply(module, ["FusedMultiplyAdd"]));
        Assert.Contains("__assertfail",
            Assert.Throws<PtxException>(() => PtxFinalizer.Finalize(Sample.Text("Printf"), new() { EntryName = "k" })).Message);
    }

    [Theory]
    [InlineData("call nowhere;")]
    [InlineData("mov.u64 %rd1, nowhere;")]
    [InlineData("ld.param.u64 %rd1, [nowhere];")]
    public void A_name_that_nothing_declares_is_refused(string body) =>
        Assert.Contains("'nowhere' in", Assert.Throws<PtxException>(() => ExternalsPass.Apply(Sample.Kernel(body))).Message);

    [Theory]
    [InlineData("call used;", "'used' has 1 results and 1 parameters, the call 0 and 0")]
    [InlineData("call k;", "entry 'k' cannot be called")]
    public void A_call_must_fit_its_function(string body, string expected) =>
        Assert.Contains(expected, Assert.Throws<PtxException>(() =>
            ExternalsPass.Apply(DeadFunctionPass.Apply(Sample.Kernel(body, Helpers)))).Message);

    [Theory]
    [InlineData("mov.f32 %f1, %rd1;", "%rd1 has 64 bits, 'mov.f32' takes 32")]
    [InlineData("shfl.sync.idx.b32 %rs1, %rs2, 0, 31, -1;", "%rs1 has 16 bits")]
    [InlineData("mul.wide.u32 %r1, %r2, 4;", "%r1 has 32 bits, 'mul.wide.u32' takes 64")]
    [InlineData("shl.b64 %rd1, %rd2, %rd3;", "%rd3 has 64 bits, 'shl.b64' takes 32")]
    [InlineData("ld.global.v2.f32 {%f1, %rs1}, [%rd1];", "%rs1 has 16 bits")]
    [InlineData("setp.lt.s64 %p1, %r1, 5;", "%r1 has 32 bits")]
    [InlineData("set.lt.u32.f64 %rd1, %fd1, %fd2;", "%rd1 has 64 bits")]
    public void A_register_of_the_wrong_width_is_refused(string body, string expected) =>
        Assert.Contains(expected, Assert.Throws<PtxException>(() => RegisterWidthPass.Apply(Sample.Kernel(body))).Message);

    [Theory]
    [InlineData("mov.f32 %f1, %r1; mov.b64 {%r1, %r2}, %rd1; mad.wide.s32 %rd1, %r1, %r2, %rd2; shl.b64 %rd1, %rd2, %r3;")]
    [InlineData("ld.global.u8 %r1, [%rd1]; ld.global.b16 %rs1, [%rd1]; cvt.u8.u32 %rs1, %r1; selp.b32 %f1, %f2, %f3, %p1; bfe.u64 %rd1, "
        + "%rd2, %r1, %r2;")]
    public void Bits_may_be_of_another_type(string body) => Assert.NotNull(RegisterWidthPass.Apply(Sample.Kernel(body)));

    [Fact]
    public void The_entry_cannot_take_the_name_of_another_symbol() =>
        Assert.Contains("'used'", Assert.Throws<PtxException>(() => EntryNamePass.Apply(Sample.Kernel("", Helpers), "used")).Message);

    [Fact]
    public void One_entry_is_needed()
    {
        const string head = ".version 8.6 .target sm_80 .address_size 64 ";
        Assert.Contains("found 0", Assert.Throws<PtxException>(() => EntryNamePass.Apply(PtxModule.Parse(head), "k")).Message);
        Assert.Contains("found 2: a, b",
            Assert.Throws<PtxException>(() => EntryNamePass.Apply(PtxModule.Parse(head + ".entry a() { ret; } .entry b() { ret; }"), "k"))
            .Message);
    }

    [Theory]
    [InlineData("sm_90a", true)]
    [InlineData("sm_120", true)]
    [InlineData("sm_", false)]
    [InlineData("90", false)]
    [InlineData("sm_9x", false)]
    public void Targets_are_checked(string target, bool valid)
    {
        if (valid)
            Assert.Equal(target, TargetPass.Apply(Sample.Kernel(""), target).Target);
        else
            Assert.Contains($"'{target}'", Assert.Throws<ArgumentException>(() => TargetPass.Apply(Sample.Kernel(""), target)).Message);
    }
}
