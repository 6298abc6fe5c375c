// hsenet report and ask: what they print, and what they say about input that cannot be used.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ReportTests
{
    [Fact]
    public void A_report_is_printed_as_text()
    {
        var outcome = Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal($"{Hsenet.Scan}: turned from RAS to LPS (CT-RATE's)\n", outcome.Error);
        Assert.EndsWith(".", outcome.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("<|", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_a_line_for_each_input_and_a_bad_file_does_not_stop_the_rest()
    {
        using var folder = new TemporaryFolder();
        string bad = folder.Write("bad.nii", [1, 2, 3]);
        var outcome = Hsenet.Run("report", bad, Hsenet.Scan, "--weights", Hsenet.Demo, "--json");
        Assert.Equal(2, outcome.Code);
        JsonElement[] lines = [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(2, lines.Length);
        Assert.Equal(bad, lines[0].GetProperty("input").GetString());
        Assert.Contains("bad.nii", lines[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(Hsenet.Scan, lines[1].GetProperty("input").GetString());
        Assert.NotEmpty(lines[1].GetProperty("text").GetString()!);
        Assert.True(lines[1].GetProperty("ids").GetArrayLength() > 1);
        Assert.True(lines[1].GetProperty("prompt_tokens").GetInt32() > 32);
        Assert.True(lines[1].GetProperty("seconds").GetProperty("encoding").GetDouble() > 0);
        Assert.Equal(16, lines[1].GetProperty("weights").GetString()!.Length);
        Assert.NotEmpty(lines[1].GetProperty("preprocessing").GetString()!);
        Assert.Equal("f32", lines[1].GetProperty("activations").GetString());
    }

    [Fact]
    public void A_question_is_answered_within_its_limit()
    {
        var outcome = Hsenet.Run("ask", Hsenet.Scan, "Is there a nodule?", "--weights", Hsenet.Demo, "--max-tokens", "5", "--json",
            "--stats");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.InRange(JsonDocument.Parse(outcome.Output).RootElement.GetProperty("ids").GetArrayLength(), 1, 5);
        Assert.All((string[])["loading", "preprocessing", "encoding", "prefill"], stage =>
            Assert.Contains($"{stage} ", outcome.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_seed_draws_the_same_text()
    {
        string[] arguments = ["report", Hsenet.Scan, "--weights", Hsenet.Demo, "--temperature", "3", "--top-k", "50", "--top-p", "0.95",
            "--seed", "7", "--max-tokens", "12"];
        var first = Hsenet.Run(arguments);
        Assert.Equal(0, first.Code);
        Assert.Equal(first.Output, Hsenet.Run(arguments).Output);
    }

    [NoGpuFact]
    public void A_machine_without_a_GPU_says_so_in_one_line() =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--device", "cuda:0").IsRefused("device cuda:0", "CUDA driver");

    [Theory]
    [InlineData("bf16", "--activations bf16: expected f32 on cpu")]
    [InlineData("f16", "--activations f16: expected auto, f32 or bf16")]
    public void A_type_of_activations_that_the_device_lacks_is_refused(string type, string message) =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--device", "cpu", "--activations", type).IsRefused(message);

    [Fact]
    public void A_missing_scan_is_named() => Hsenet.Run("report", "nowhere.nii.gz", "--weights", Hsenet.Demo).IsRefused("nowhere.nii.gz");

    [Fact]
    public void A_file_in_the_place_of_a_weights_folder_is_called_one() =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Scan).IsRefused(Hsenet.Scan, "is a file");

    [Fact]
    public void As_many_tokens_as_fit_are_generated_whatever_was_asked_for()
    {
        var outcome = Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--max-tokens", "2147483647");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal(Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo).Output, outcome.Output);
    }

    [UnixFact]
    public void A_scan_may_come_through_a_pipe()
    {
        using var folder = new TemporaryFolder();
        string scan = folder.Write("scan.nii", Nifti(16, 16, 16, i => (short)(i % 1200 - 1000)));
        var piped = Hsenet.Shell($"cat '{scan}' | {Hsenet.Command} report /dev/stdin --weights '{Hsenet.Demo}' --max-tokens 4");
        Assert.True(piped.Code == 0, piped.Error);
        Assert.Equal(Hsenet.Run("report", scan, "--weights", Hsenet.Demo, "--max-tokens", "4").Output, piped.Output);
    }

    [FullDeviceFact]
    public void An_output_that_takes_nothing_is_told_of_in_one_line()
    {
        var outcome = Hsenet.Shell($"{Hsenet.Command} report '{Hsenet.Scan}' --weights '{Hsenet.Demo}' --max-tokens 2 > /dev/full");
        Assert.Equal(1, outcome.Code);
        // After the note on the scan.
        string[] lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("hsenet: the output cannot be written", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_weights_folder_is_named() =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", "nowhere").IsRefused("nowhere", "does not exist");

    [Fact]
    public void An_unknown_option_is_named() =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, "--colour").IsRefused("--colour");

    [Fact]
    public void An_unknown_verb_is_named() => Hsenet.Run("reprot").IsRefused("reprot");

    [Theory]
    [InlineData("--temperature", "-1", "--temperature -1: expected 0 or more")]
    [InlineData("--top-p", "0", "--top-p 0: expected")]
    [InlineData("--max-tokens", "0", "--max-tokens 0: expected at least 1")]
    [InlineData("--max-tokens", "many", "--max-tokens many: expected a whole number")]
    [InlineData("--temperature", "0,5", "--temperature 0,5: expected a number")]
    [InlineData("--rescale", "1,000,-1024", "--rescale")]
    [InlineData("--device", "cuda:-1", "expected auto, cpu")]
    [InlineData("--device", "toaster", "toaster")]
    [InlineData("--rescale", "0,1", "--rescale")]
    [InlineData("--tokenizer", "medium", "--tokenizer")]
    public void An_option_out_of_range_is_refused(string option, string value, string word) =>
        Hsenet.Run("report", Hsenet.Scan, "--weights", Hsenet.Demo, option, value).IsRefused(word);

    [Fact]
    public void A_volume_that_is_not_in_Hounsfield_units_is_refused_unless_forced()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("bright.nii", Nifti(8, 8, 8, i => (short)(i % 50)));
        Hsenet.Run("report", path, "--weights", Hsenet.Demo).IsRefused("bright.nii", "Hounsfield");
        Assert.Equal(0, Hsenet.Run("report", path, "--weights", Hsenet.Demo, "--force", "--max-tokens", "2").Code);
    }

    [Fact]
    public void A_single_slice_is_refused()
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("report", folder.Write("thin.nii", Nifti(8, 8, 1, i => (short)(i - 1000))), "--weights", Hsenet.Demo)
            .IsRefused("thin.nii");
    }

    [Fact]
    public void Truncated_weights_are_refused()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(Hsenet.Demo))
            File.Copy(file, folder.At(Path.GetFileName(file)));
        using (var stream = File.OpenWrite(folder.At("model.safetensors")))
            stream.SetLength(stream.Length / 2);
        Hsenet.Run("report", Hsenet.Scan, "--weights", folder.Path).IsRefused("model.safetensors");
    }

    // A NIfTI-1 file of 16-bit voxels, 1 mm apart.
    internal static byte[] Nifti(short x, short y, short z, Func<int, short> voxel)
    {
        var file = new byte[352 + 2 * x * y * z];
        BitConverter.TryWriteBytes(file.AsSpan(0), 348);
        short[] dimensions = [3, x, y, z, 1, 1, 1, 1];
        for (int i = 0; i < dimensions.Length; i++)
            BitConverter.TryWriteBytes(file.AsSpan(40 + 2 * i), dimensions[i]);
        BitConverter.TryWriteBytes(file.AsSpan(70), (short)4);
        BitConverter.TryWriteBytes(file.AsSpan(72), (short)16);
        for (int i = 0; i < 4; i++)
            BitConverter.TryWriteBytes(file.AsSpan(76 + 4 * i), 1f);
        BitConverter.TryWriteBytes(file.AsSpan(108), 352f);
        "n+1\0"u8.CopyTo(file.AsSpan(344));
        for (int i = 0; i < x * y * z; i++)
            BitConverter.TryWriteBytes(file.AsSpan(352 + 2 * i), voxel(i));
        return file;
    }
}

[AttributeUsage(AttributeTargets.Method)]
sealed class NoGpuFactAttribute : FactAttribute
{
    public NoGpuFactAttribute() => Skip = Kernels.CudaDevice.Count > 0 ? "this machine has a GPU" : null;
}

[AttributeUsage(AttributeTargets.Method)]
sealed class FullDeviceFactAttribute : FactAttribute
{
    public FullDeviceFactAttribute() => Skip = File.Exists("/dev/full") ? null : "needs /dev/full";
}
