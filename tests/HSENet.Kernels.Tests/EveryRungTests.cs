// The gate of the catalogue: every rung runs every case that it accepts and stays within the bound that arithmetic gives.
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public sealed class EveryRungTests
{
    static readonly HostDevice Host = new();
    static readonly EmulatorOptions EveryCheck = new() { Races = true };

    public static TheoryData<string, string> HostRungs => Pairs(RungTarget.Host);

    public static TheoryData<string, string> GpuRungs => Pairs(RungTarget.Gpu);

    public static TheoryData<string> OperationNames => [.. KernelCatalog.Operations.Select(operation => operation.Name)];

    [Theory, MemberData(nameof(HostRungs))]
    public void Host_rung_agrees_with_the_reference(string operation, string rung) => RunAll(Host, Find(operation, rung));

    // Widths that the machine lacks are computed from narrower ones: slow, but the same code.
    [Theory, InlineData(128), InlineData(256), InlineData(512)]
    public void Host_rungs_agree_with_the_reference_at_every_vector_width(int bits)
    {
        using var device = new HostDevice(2, bits);
        RunAll(device, KernelCatalog.Rungs.Where(rung => rung.Target == RungTarget.Host));
    }

    [Theory, MemberData(nameof(GpuRungs))]
    public void Gpu_rung_agrees_with_the_reference_in_the_emulator(string operation, string rung)
    {
        using var emulator = new EmulatorDevice(EveryCheck);
        RunAll(emulator, Find(operation, rung));
    }

    [Theory, MemberData(nameof(OperationNames))]
    public void Broken_twins_are_told_apart(string operation)
    {
        var cases = AllCases.Cases.Where(@case => @case.Operation.Name == operation).ToArray();
        Assert.Contains(cases, @case => @case.TwinNames.Any());
        foreach (var @case in cases)
            foreach (string twin in @case.TwinNames)
                Assert.True(@case.Twin(twin) > 1, $"{@case}: the twin '{twin}' passes");
    }

    [Fact]
    public void Entry_names_are_unique_and_name_their_operation()
    {
        var names = KernelCatalog.GpuRungs.Select(rung => rung.EntryName).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Contains("layernorm_v1_naive_f32", names);
        Assert.Contains("linear_v1_naive_bf16", names);
    }

    static void RunAll(Device device, IEnumerable<Rung> rungs)
    {
        foreach (var rung in rungs)
        {
            var cases = AllCases.Cases.Where(@case => @case.Operation.Rungs.Contains(rung) && @case.Accepts(rung)).ToArray();
            Assert.True(cases.Length > 0, $"{rung.EntryName} has no case");
            foreach (var @case in cases)
                @case.Run(device, rung);
        }
    }

    // Rungs of one name that differ in weight type are one row.
    static TheoryData<string, string> Pairs(RungTarget target)
    {
        var data = new TheoryData<string, string>();
        foreach (var (operation, name) in KernelCatalog.Operations.SelectMany(operation => operation.Rungs)
            .Where(rung => rung.Target == target).Select(rung => (rung.Operation, rung.Name)).Distinct())
            data.Add(operation, name);
        return data;
    }

    static IEnumerable<Rung> Find(string operation, string name) =>
        KernelCatalog.Rungs.Where(rung => rung.Operation == operation && rung.Name == name);
}
