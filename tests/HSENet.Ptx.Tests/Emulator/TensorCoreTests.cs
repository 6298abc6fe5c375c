// A matrix product on tensor cores with three stages of asynchronous copies, as ILGPU compiles it, and twins with one thing broken.
namespace HSENet.Ptx.Tests;

public class TensorCoreTests
{
    const int M = 128, N = 128, K = 160;

    static readonly EmulatorOptions Everything = new() { Races = true, Profile = true };

    static readonly string Text = Sample.Text("TensorCores");

    [Fact]
    public void The_product_is_right_and_nothing_is_found()
    {
        (EmulatorResult result, double worst) = Run(Aligned(Text));

        Assert.Empty(result.Findings);
        Assert.True(worst <= 1, $"the worst error is {worst} of its bound");
        LaunchProfile profile = result.Profile!;
        // 128·128·160 multiplications, twice, in mma instructions of 2·16·8·16 operations
        long products = Enumerable.Range(0, profile.Instructions.Count)
            .Sum(i => profile.WarpInstructions[i] * LaunchProfile.MatrixOperations(profile.Instructions[i]));
        Assert.Equal(2L * M * N * K, products);
        Assert.Equal(2, profile.AsyncCopyDepth);
        Assert.All(Of(profile, "ldmatrix"), i => Assert.Equal(profile.SharedIdealWavefronts[i], profile.SharedWavefronts[i]));
        Assert.All(Of(profile, "cp").Where(i => profile.GlobalRequests[i] > 0), i =>
            Assert.Equal(profile.GlobalBytes[i], 32 * profile.GlobalSectors[i]));
    }

    [Fact]
    public void Checks_do_not_change_a_bit_and_neither_do_workers()
    {
        float[] Product(EmulatorOptions options)
        {
            Run(Aligned(Text), options, out float[] product);
            return product;
        }

        float[] expected = Product(Everything);
        Assert.Equal(expected, Product(new EmulatorOptions { Checks = false, Threads = 3 }));
        Assert.Equal(expected, Product(EmulatorOptions.Default));
    }

    [Fact]
    public void An_array_that_is_declared_for_words_cannot_be_read_by_rows_behind_a_word()
    {
        const string declaration = ".shared .align 4 .b8 __shared_alloca0";
        PtxModule program = PtxModule.Parse(Text.Replace(declaration, ".shared .align 4 .b8 word[4];\n" + declaration));
        Assert.Contains(Run(program).Result.Findings, finding =>
            finding.Kind == FindingKind.Misaligned && finding.Message.Contains(".align 4"));
    }

    [Fact]
    public void A_wait_that_is_removed_is_found() =>
        Assert.Contains(Run(Aligned(Without("cp.async.wait_group"))).Result.Findings, finding => finding.Kind == FindingKind.AsyncCopy);

    [Fact]
    public void A_wait_for_the_wrong_group_is_found() =>
        Assert.Contains(Run(Aligned(Text.Replace("cp.async.wait_group\t1", "cp.async.wait_group\t2"))).Result.Findings, finding =>
            finding.Kind == FindingKind.AsyncCopy);

    [Fact]
    public void A_barrier_that_is_removed_is_found()
    {
        // Copies of other warps are still under way, or have arrived with nothing that says so.
        string[] kinds = [.. Run(Aligned(Without("bar.sync"))).Result.Findings.Select(finding => finding.Kind).Distinct()];
        Assert.Contains(kinds, kind => kind is FindingKind.Race or FindingKind.AsyncCopy or FindingKind.UninitialisedRead);
    }

    [Fact]
    public void A_swizzle_that_is_removed_shows_as_bank_conflicts()
    {
        LaunchProfile profile = Run(Aligned(Text.Replace("xor.b32", "or.b32"))).Result.Profile!;

        Assert.Contains(Of(profile, "ldmatrix"), i => profile.SharedWavefronts[i] > profile.SharedIdealWavefronts[i]);
    }

    [Fact]
    public void A_bound_that_is_off_is_found()
    {
        // One step of k too many reads behind the end of the last rows.
        (EmulatorResult result, _) = Run(Aligned(Text), extraK: 32);
        Assert.Contains(result.Findings, finding => finding.Kind == FindingKind.OutOfBounds && finding.Allocation is "a" or "b");
    }

    static IEnumerable<int> Of(LaunchProfile profile, string opcode) =>
        Enumerable.Range(0, profile.Instructions.Count)
            .Where(i => profile.Instructions[i].Opcode == opcode && profile.WarpInstructions[i] > 0);

    static PtxModule Aligned(string text) => SharedAlignmentPass.Apply(PtxModule.Parse(text));

    static string Without(string instruction) =>
        string.Join('\n', Text.Split('\n').Where(line => !line.TrimStart().StartsWith(instruction, StringComparison.Ordinal)));

    static (EmulatorResult Result, double Worst) Run(PtxModule module, int extraK = 0) => Run(module, Everything, out _, extraK);

    static (EmulatorResult Result, double Worst) Run(PtxModule module, EmulatorOptions options, out float[] product, int extraK = 0)
    {
        using Kernel kernel = new(module);
        Random random = new(5);
        float[] a = Values(M * K, random), b = Values(N * K, random);
        EmulatorAllocation c = kernel.Memory.Allocate(4L * M * N, "c");
        EmulatorResult result = kernel.Launch(1, 256, options, kernel.Buffer("a", Packed(a)), (long)M * K / 2,
            kernel.Buffer("b", Packed(b)), (long)N * K / 2,
            c, (long)M * N, M, N, K + extraK);
        product = Kernel.Values<float>(c);
        double worst = 0;
        for (int row = 0; row < M; row++)
            for (int column = 0; column < N; column++)
            {
                double sum = 0, magnitude = 0;
                for (int k = 0; k < K; k++)
                {
                    double term = (double)a[row * K + k] * b[column * K + k];
                    sum += term;
                    magnitude += Math.Abs(term);
                }
                // Products of two bf16 are exact in f32; each of the sums rounds once.
                worst = Math.Max(worst, Math.Abs(product[row * N + column] - sum) / (K * Math.Pow(2, -24) * magnitude));
            }
        return (result, worst);
    }

    static float[] Values(int count, Random random) => [.. Enumerable.Range(0, count).Select(_ => BitConverter.UInt32BitsToSingle(
        BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) & 0xffff0000))];

    static uint[] Packed(float[] values) => [.. Enumerable.Range(0, values.Length / 2).Select(i =>
        BitConverter.SingleToUInt32Bits(values[2 * i]) >> 16 | BitConverter.SingleToUInt32Bits(values[2 * i + 1]))];
}
