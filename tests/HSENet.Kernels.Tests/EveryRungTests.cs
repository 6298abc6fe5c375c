// The gate of the catalogue: every rung runs every case that it accepts and stays within the bound that arithmetic gives.
using HSENet.Ptx;
using HSENet.Tests;

namespace HSENet.Kernels.Tests;

public sealed class EveryRungTests
{
    static readonly HostDevice Host = new();
    static readonly EmulatorOptions EveryCheck = new() { Races = true, Profile = true };

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

    [Theory, MemberData(nameof(HostRungs))]
    public void Host_launches_allocate_nothing_in_steady_state(string operation, string rung)
    {
        foreach (var found in Find(operation, rung))
            foreach (var @case in AllCases.Cases.Where(@case => @case.Operation.Rungs.Contains(found) && @case.Accepts(found)))
                Assert.True(@case.AllocatedBytes(Host, found) == 0, $"{@case} allocates");
    }

    [Theory, MemberData(nameof(GpuRungs))]
    public void Gpu_rung_agrees_with_the_reference_in_the_emulator(string operation, string rung)
    {
        var executed = new Dictionary<string, long[]>();
        using var emulator = new EmulatorDevice(EveryCheck)
        {
            Profiled = (launched, profile) =>
            {
                executed[launched.EntryName] = executed.TryGetValue(launched.EntryName, out var before)
                    ? [.. before.Zip(profile.ActiveLanes, (a, b) => a + b)] : profile.ActiveLanes;
                if (launched.Claims.NoBankConflicts)
                    Assert.Equal(profile.SharedIdealWavefronts.Sum(), profile.SharedWavefronts.Sum());
            },
        };
        RunAll(emulator, Find(operation, rung), static (rung, @case) =>
            !@case.ForTensorCores || rung.Claims.TensorCores || GoldenFolder.LongChecks);
        foreach (var (entryName, counts) in executed)
            CheckReached(entryName, counts);
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

    // What a twin's name calls the tensor that it shifts, and the arguments that are it.
    static readonly Dictionary<string, string[]> Shifted = new()
    {
        ["weight"] = ["W", "Weight", "Base", "Weights", "Table"],
        ["input"] = ["X", "Input"],
        ["gradient"] = ["GradY", "GradX", "GradLogits", "GradOut", "Y"],
        ["bias"] = ["Bias"],
        ["scale"] = ["Gamma"],
        ["keys"] = ["K"],
        ["queries"] = ["Q"],
        ["scores"] = ["Scores"],
        ["map"] = ["Map"],
        ["logits"] = ["Logits", "Vocabulary"],
        ["output"] = ["Y"],
    };

    [Fact]
    public void A_broken_twin_shifts_what_its_name_says()
    {
        int named = 0;
        foreach (var @case in AllCases.Cases)
            foreach (string twin in @case.TwinNames.Where(twin => twin.Contains("shifted", StringComparison.Ordinal)))
            {
                string what = twin[..twin.IndexOf("shifted", StringComparison.Ordinal)];
                string[] allowed = [.. Shifted.Where(entry => what.Contains(entry.Key, StringComparison.Ordinal))
                    .SelectMany(entry => entry.Value)];
                if (allowed.Length == 0)
                    continue;
                named++;
                Assert.True(@case.Changed(twin).All(allowed.Contains),
                    $"{@case}: the twin '{twin}' changes {string.Join(", ", @case.Changed(twin))}");
            }
        Assert.True(named > 100, $"{named} twins were looked at");
    }

    // What trains and what is held to f32's bounds passes f32 on: nothing rounds it behind the caller's back.
    [Fact]
    public void Only_rungs_that_are_handed_bf16_round() => Assert.All(KernelCatalog.Rungs, rung =>
        Assert.True(rung.Roundoff == Roundoff.F32 && !rung.Claims.TensorCores || rung.Activations == ActivationType.BF16,
            rung.EntryName));

    [Fact]
    public void Entry_names_are_unique_and_name_their_operation()
    {
        var names = KernelCatalog.GpuRungs.Select(rung => rung.EntryName).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Contains("layernorm_v1_naive_f32", names);
        Assert.Contains("linear_v1_naive_bf16", names);
    }

    static void RunAll(Device device, IEnumerable<Rung> rungs, Func<Rung, KernelCase, bool>? chosen = null)
    {
        foreach (var rung in rungs)
        {
            var cases = AllCases.Cases.Where(@case => @case.Operation.Rungs.Contains(rung) && chosen?.Invoke(rung, @case) != false
                && @case.Accepts(rung)).ToArray();
            Assert.True(cases.Length > 0, $"{rung.EntryName} has no case");
            foreach (var @case in cases)
                @case.Run(device, rung);
        }
    }

    // A branch that no case takes is a kernel that was not tested.
    static void CheckReached(string entryName, long[] counts)
    {
        var rung = KernelCatalog.GpuRungs.Single(rung => rung.EntryName == entryName);
        var instructions = PtxCode.Of(PtxModule.Parse(KernelTexts.Get(rung)).Entries.Single()).Instructions;
        Assert.Equal(instructions.Count, counts.Length);
        // Rows of int8 are multiples of 128, as groups are: the jump of a thread beyond the row's end stands there for the other types.
        var missed = instructions.Where((instruction, i) =>
            counts[i] == 0 && !(rung.Weights == WeightType.Int8 && instruction is { Opcode: "bra", Predicate: null }))
            .Select(instruction => $"{instruction.Line}: {instruction}").ToArray();
        Assert.True(missed.Length == 0,
            $"{entryName}: no case reaches {missed.Length} of {counts.Length} instructions:\n{string.Join('\n', missed)}");
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
