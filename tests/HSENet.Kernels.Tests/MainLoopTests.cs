// What rungs claim of their main loops: no bank conflict, and no more sectors than the bytes that are asked for.
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public sealed class MainLoopTests
{
    const int SectorBytes = 32;

    public static TheoryData<string> Claiming =>
        [.. KernelCatalog.GpuRungs.Where(rung => rung.Claims.MainLoop != null).Select(rung => rung.EntryName)];

    [Theory, MemberData(nameof(Claiming))]
    public void The_main_loop_is_as_claimed(string entryName)
    {
        string[] faults = [.. Faults(entryName, Claims(entryName)!.ExcessSectors)];
        Assert.True(faults.Length == 0, string.Join('\n', faults));
    }

    // Lanes of naive rungs read apart; a tile whose rows are not padded meets the same bank.
    [Theory]
    [InlineData("linear_v1_naive_f32", "sectors")]
    [InlineData("attention_v1_naive_f32", "sectors")]
    public void A_loop_that_is_worse_is_found(string entryName, string fault) =>
        Assert.Contains(Faults(entryName, 0.05), found => found.Contains(fault, StringComparison.Ordinal));

    [Fact]
    public void Every_rung_on_tensor_cores_claims_something_of_its_main_loop() =>
        Assert.All(KernelCatalog.GpuRungs.Where(rung => rung.Claims.TensorCores), rung => Assert.NotNull(rung.Claims.MainLoop));

    static LoopClaims? Claims(string entryName) => KernelCatalog.GpuRungs.Single(rung => rung.EntryName == entryName).Claims.MainLoop;

    static IEnumerable<string> Faults(string entryName, double excess)
    {
        Rung rung = KernelCatalog.GpuRungs.Single(rung => rung.EntryName == entryName);
        LaunchProfile? counted = null;
        using EmulatorDevice device = new(new EmulatorOptions { Profile = true })
        {
            Profiled = (launched, profile) => counted = launched == rung ? profile : counted,
        };
        KernelSample.Of(rung).Launch(device, rung);
        LaunchProfile profile = counted!;
        int[] loop = MainLoop(PtxCode.Of(PtxModule.Parse(KernelTexts.Get(rung)).Entries.Single()), profile);
        Assert.True(loop.Length > 0, $"{entryName} has no loop");
        foreach (int i in loop)
        {
            PtxInstruction instruction = profile.Instructions[i];
            if (profile.SharedWavefronts[i] != profile.SharedIdealWavefronts[i])
                yield return $"{instruction.Line}: {instruction}: {profile.SharedWavefronts[i]} passes of shared memory, "
                    + $"{profile.SharedIdealWavefronts[i]} without bank conflicts";
            if (profile.GlobalSectors[i] * SectorBytes > profile.GlobalBytes[i] * (1 + excess))
                yield return $"{instruction.Line}: {instruction}: {profile.GlobalSectors[i]} sectors for {profile.GlobalBytes[i]} bytes";
        }
    }

    // Of all loops, those inside others included, the one in which warps execute most.
    static int[] MainLoop(PtxCode code, LaunchProfile profile)
    {
        int count = code.Instructions.Count;
        List<int>[] before = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        for (int i = 0; i < count; i++)
        {
            PtxInstruction instruction = code.Instructions[i];
            bool jumps = instruction.Opcode == "bra";
            if (jumps && Target(i) < count)
                before[Target(i)].Add(i);
            if (i + 1 < count && (instruction.Predicate != null || !jumps && instruction.Opcode != "ret"))
                before[i + 1].Add(i);
        }
        return Enumerable.Range(0, count).Where(i => code.Instructions[i].Opcode == "bra" && Target(i) <= i).Select(Loop)
            .Where(loop => loop[0] > 0).DefaultIfEmpty([]).MaxBy(loop => loop.Sum(i => profile.WarpInstructions[i]))!;

        int Target(int i) => code.Labels[((PtxSymbol)code.Instructions[i].Operands[0]).Name];

        // What reaches the jump back without passing its target; with the first instruction it is no loop.
        int[] Loop(int jump)
        {
            SortedSet<int> body = [Target(jump)];
            Stack<int> open = new([jump]);
            while (open.TryPop(out int i))
                if (body.Add(i))
                    before[i].ForEach(open.Push);
            return [.. body];
        }
    }
}
