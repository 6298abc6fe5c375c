// The project's own kernels, broken on purpose: the checker must find each fault, in a case that the catalogue's gate runs anyway.
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public sealed class BrokenKernelTests
{
    const string BarrierForHalfAWarp = """
        {
        .reg .pred %broken;
        .reg .b32 %lane;
        mov.b32 %lane, %tid.x;
        setp.lt.s32 %broken, %lane, 16;
        @%broken bar.sync 0;
        }
        """;

    [Theory]
    // The barrier between writing the inner values and reading them all.
    [InlineData("lora_v1_naive_f32", "bar.sync 0;", "", FindingKind.Race)]
    [InlineData("lora_v1_naive_bf16", "bar.sync 0;", BarrierForHalfAWarp, FindingKind.Barrier)]
    // The barrier between writing the largest keys to shared memory and reading them all.
    [InlineData("sampling_v1_naive_f32", "bar.sync 0;", "", FindingKind.Race)]
    // The store of the keys.
    [InlineData("sampling_v1_naive_f32", "st.shared.b64", "// st.shared.b64", FindingKind.UninitialisedRead)]
    // A thread too many in a row: n < N becomes n ≤ N.
    [InlineData("linear_v1_naive_f32", "setp.lt.s32", "setp.le.s32", FindingKind.OutOfBounds)]
    [InlineData("layernorm_v1_naive_f32", "setp.lt.s32", "setp.le.s32", FindingKind.OutOfBounds)]
    [InlineData("tokenembedding_v1_naive_bf16", "setp.lt.s32", "setp.le.s32", FindingKind.OutOfBounds)]
    // An index times two instead of four bytes.
    [InlineData("swiglu_v1_naive_f32", ", 4;", ", 2;", FindingKind.Misaligned)]
    public void A_fault_in_a_kernel_is_found_and_named(string entryName, string right, string wrong, string kind)
    {
        var rung = KernelCatalog.GpuRungs.Single(rung => rung.EntryName == entryName);
        string text = KernelTexts.Get(rung);
        int at = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{entryName} has no '{right}'");
        string broken = text[..at] + wrong + text[(at + right.Length)..];
        using var device = new EmulatorDevice(new EmulatorOptions { Races = true }) { Texts = _ => broken };

        var kinds = AllCases.Cases.Where(@case => @case.Operation.Rungs.Contains(rung.Ladder) && @case.Accepts(rung))
            .SelectMany(@case => Kinds(@case, device, rung));
        Assert.Contains(kind, kinds);
    }

    static IEnumerable<string> Kinds(KernelCase @case, EmulatorDevice device, Rung rung)
    {
        try
        {
            @case.Run(device, rung);
            return [];
        }
        catch (KernelFaultException fault)
        {
            Assert.All(fault.Findings, finding => Assert.Equal(rung.EntryName, finding.Kernel));
            return fault.Findings.Select(finding => finding.Kind);
        }
        catch (Xunit.Sdk.XunitException)
        {
            return []; // a wrong result without a fault
        }
    }
}
