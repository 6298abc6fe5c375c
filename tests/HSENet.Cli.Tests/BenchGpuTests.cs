// hsenet bench gpu: what is compared, what is written, what is refused; on the emulator, and through the whole of the CUDA device.
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

[Collection(DriverGroup.Name)]
public sealed class BenchGpuTests(DriverFixture driver) : IDisposable
{
    static readonly string[] Words = ["bench", "gpu", "--rehearse", "--seconds", "0", "--only", "layernorm"];

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_emulator_agrees_with_itself_and_figures_stand_beside_predictions()
    {
        Outcome outcome = Hsenet.Run([.. Words, "--device", "emulator", "--out", _folder.At("results/emulator")]);
        Assert.True(outcome.Code == 0, outcome.Error);
        CheckResults("results/emulator", outcome.Output, "not on this device");
    }

    [DriverFact]
    public void The_way_through_the_driver_works()
    {
        Outcome outcome = driver.Run("h200", ["--no-races", "--", "dotnet", Hsenet.Library, .. Words, "--out", _folder.At("cuda")]);
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        CheckResults("cuda", outcome.Output, "not installed (looked for libcublas.so.13, ");
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Outcome host = Hsenet.Run([.. Words, "--device", "cpu"]);
        Assert.Equal((2, "hsenet: --device cpu: expected a GPU\n"), (host.Code, host.Error));
        Outcome nothing = Hsenet.Run(["bench", "gpu", "--device", "emulator", "--only", "nothing"]);
        Assert.Equal((2, "hsenet: --only nothing: no kernel begins so; 'hsenet kernels' lists them\n"), (nothing.Code, nothing.Error));
    }

    [Theory]
    [InlineData("swiglu_v1_naive_f32", 0f, true)]
    [InlineData("adamw_v1_naive_f32", 1e-7f, false)]
    [InlineData("linear_v6_pipelined128x128_bf16", 1e-6f, true)]
    [InlineData("linear_v6_pipelined128x128_bf16", 1e-4f, false)]
    [InlineData("lora_v2_tensorcores16x64_bf16", 1e-4f, true)]
    public void Bits_are_asked_for_where_instructions_have_them_and_a_bound_elsewhere(string kernel, float error, bool passes)
    {
        Rung rung = KernelCatalog.GpuRungs.Single(rung => rung.EntryName == kernel);
        float[] expected = [1, -2, 3], actual = [1, -2 - 2 * error, 3];
        VerifiedRung verified = GpuVerification.Compare(rung, "", [typeof(float)], [Bytes(expected)], [Bytes(actual)]);
        Assert.Equal((passes, error == 0), (verified.Passed, verified.Same));
    }

    [Theory]
    [InlineData("fma.rn.f32", 0f, true)]
    [InlineData("fma.rn.f32", 1e-7f, false)]
    [InlineData("ex2.approx.ftz.f32", 3e-7f, true)]
    [InlineData("ex2.approx.ftz.f32", 1e-6f, false)]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 1e-6f, true)]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 1e-5f, false)]
    public void An_instruction_alone_has_bits_where_it_is_defined_to_the_last_one(string mnemonic, float error, bool passes)
    {
        float[] expected = [1, -2, float.NaN, 0], actual = [1, -2 - 2 * error, float.NaN, 0];
        if (mnemonic.StartsWith("mma", StringComparison.Ordinal))
            (expected[2], actual[2]) = (1, 1);
        VerifiedRung verified = GpuInstructions.Compare(mnemonic, typeof(float), Bytes(expected), Bytes(actual));
        Assert.Equal((passes, error == 0), (verified.Passed, verified.Same));
        actual = [1, -2, expected[2], 1];
        Assert.False(GpuInstructions.Compare(mnemonic, typeof(float), Bytes(expected), Bytes(actual)).Passed);
    }

    static byte[] Bytes(float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    // Small whole numbers: the sums are exact, and bf16.
    [DriverFact]
    public unsafe void CuBlas_multiplies_rows_by_rows()
    {
        const int rows = 3, inputs = 5, outputs = 4;
        using Cublas? cublas = Cublas.TryOpen([driver.CompileLibrary("cublas")], out string reason);
        Assert.True(cublas != null, reason);
        float[] x = [.. Enumerable.Range(0, rows * inputs).Select(i => (float)(i % 4))];
        float[] w = [.. Enumerable.Range(0, outputs * inputs).Select(i => (float)(i % 3 - 1))];
        ushort[] storedX = Stored(x), storedW = Stored(w), y = new ushort[rows * outputs];
        fixed (ushort* atX = storedX, atW = storedW, atY = y)
            cublas.Multiply(new((nint)atX, 2 * x.Length), new((nint)atW, 2 * w.Length), new((nint)atY, 2 * y.Length), rows, inputs,
                outputs);
        for (int m = 0; m < rows; m++)
            for (int n = 0; n < outputs; n++)
                Assert.Equal(Enumerable.Range(0, inputs).Sum(k => x[m * inputs + k] * w[n * inputs + k]),
                    BitConverter.UInt32BitsToSingle((uint)y[m * outputs + n] << 16));

        static ushort[] Stored(float[] values) => [.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))];
    }

    [Fact]
    public void Where_cuBlas_is_not_it_says_what_it_looked_for()
    {
        Assert.Null(Cublas.TryOpen([_folder.At("libcublas.so.13")], out string reason));
        Assert.Equal($"not installed (looked for {_folder.At("libcublas.so.13")})", reason);
    }

    public void Dispose() => _folder.Dispose();

    void CheckResults(string folder, string output, string cublas)
    {
        string page = File.ReadAllText(_folder.At(folder + "/gpu.md"));
        Assert.Equal(output, page);
        Assert.Contains($"cuBLAS: {cublas}", page, StringComparison.Ordinal);
        Assert.Contains("| `layernorm_v3_vector_bf16` | Rows=16,Channels=768", page, StringComparison.Ordinal);
        JsonElement results = JsonDocument.Parse(File.ReadAllText(_folder.At(folder + "/gpu.json"))).RootElement;
        string[] instructions = [.. results.GetProperty("instructions").EnumerateArray().Select(one =>
        {
            Assert.True(one.GetProperty("same").GetBoolean(), $"{one}");
            return one.GetProperty("kernel").GetString()!;
        })];
        Assert.Contains("fma.rn.f32", instructions);
        Assert.Contains("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", instructions);
        Assert.Contains("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", instructions);
        Assert.Contains($"| {instructions.Length} instructions, alone |", page, StringComparison.Ordinal);
        int rungs = KernelCatalog.GpuRungs.Count(rung => rung.Operation.StartsWith("LayerNorm", StringComparison.Ordinal));
        Assert.Equal(rungs, results.GetProperty("verified").GetArrayLength());
        Assert.All(results.GetProperty("verified").EnumerateArray(), one => Assert.True(one.GetProperty("same").GetBoolean(), $"{one}"));
        Assert.All(results.GetProperty("figures").EnumerateArray(), one =>
        {
            Assert.True(one.GetProperty("warm").GetDouble() > 0, $"{one}");
            Assert.True(one.GetProperty("predicted").GetDouble() > 0, $"{one}");
        });
    }
}
