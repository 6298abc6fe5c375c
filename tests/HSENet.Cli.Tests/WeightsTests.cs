// hsenet weights: folders that the other verbs take.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Cli.Tests;

public sealed class WeightsTests
{
    [Theory, InlineData("bf16"), InlineData("int8")]
    public void A_synthetic_model_writes_a_report_of_a_CT(string dtype)
    {
        using var folder = new TemporaryFolder();
        var made = Hsenet.Run("weights", "synth", "--preset", "tiny", "--seed", "3", "--dtype", dtype, "--out", folder.At("model"));
        Assert.True(made.Code == 0, made.Error);
        Assert.Contains(dtype, made.Output, StringComparison.Ordinal);
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("model"), "--max-tokens", "3");
        Assert.True(report.Code == 0, report.Error);
        Assert.NotEqual("", report.Output.Trim());
    }

    [Fact]
    public void A_preset_that_there_is_not_is_refused()
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("weights", "synth", "--preset", "huge", "--out", folder.At("model")).IsRefused("--preset huge", "full or tiny");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_trained_adapter_is_merged_into_a_model_that_writes_reports()
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("weights", "synth", "--preset", "tiny", "--out", folder.At("model"));
        using (var device = new HostDevice(1))
        using (var objective = new FineTuningObjective(device, ModelConfig.Read(folder.At("model")), TensorSource.Open(folder.At("model")),
            TrainingConfig.For(TrainingTask.Report)))
            AdapterExport.From(objective.Parameters, TrainingConfig.For(TrainingTask.Report)).Write(folder.At("adapter"), "base");
        var merged = Hsenet.Run("weights", "merge", "--weights", folder.At("model"), "--adapter", folder.At("adapter"), "--out",
            folder.At("tuned"));
        Assert.True(merged.Code == 0, merged.Error);
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("tuned"), "--max-tokens", "3");
        Assert.True(report.Code == 0, report.Error);
        // A new adapter changes nothing: B is zero.
        Assert.Equal(Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("model"), "--max-tokens", "3").Output, report.Output);
        Hsenet.Run("weights", "merge", "--weights", folder.At("model"), "--adapter", folder.At("model"), "--out", folder.At("none"))
            .IsRefused("have no place in the model", "lora_A and lora_B");
    }

    [Fact]
    public void A_model_begins_from_nothing_learns_a_language_and_writes_a_report()
    {
        using var folder = new TemporaryFolder();
        string config = folder.At("small.json"), texts = folder.At("texts.jsonl");
        File.WriteAllText(config, """
            {"dtype": "bf16", "remain_2d3d_ViT_type": "3d_vit",
             "vision": {"img_size": [4, 16, 16], "patch_size": [2, 8, 8], "hidden_size": 16, "mlp_dim": 32, "num_layers": 1, "num_heads": 2},
             "projector": {"kind": "spatial_packer", "window": [1, 2, 2]},
             "language_model": {"vocab_size": 300, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
               "num_attention_heads": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-5, "rope_theta": 10000, "partial_rotary_factor": 1,
               "original_max_position_embeddings": 128, "max_position_embeddings": 128, "eos_token_id": [0]}}
            """);
        File.WriteAllLines(texts, ["""{"image": "a.npy", "text": "No nodule."}""", """{"image": "b.npy", "text": "A nodule on the left."}"""]);
        var made = Hsenet.Run("weights", "new", "--config", config, "--texts", texts, "--out", folder.At("model"), "--json");
        Assert.True(made.Code == 0, made.Error);
        using (var json = System.Text.Json.JsonDocument.Parse(made.Output))
            Assert.InRange(json.RootElement.GetProperty("vocabulary").GetInt32(), 262, 300);
        var trained = Hsenet.Run("train", "language", "--manifest", texts, "--weights", folder.At("model"), "--out", folder.At("run"),
            "--steps", "2", "--batch", "2", "--max-length", "64", "--device", "cpu");
        Assert.True(trained.Code == 0, trained.Error);
        string last = Path.Combine(folder.At("run"), "checkpoints", "step-00000002.safetensors");
        var merged = Hsenet.Run("weights", "merge", "--weights", folder.At("model"), "--stage", last, "--out", folder.At("spoken"));
        Assert.True(merged.Code == 0, merged.Error);
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("spoken"), "--max-tokens", "3", "--device", "cpu");
        Assert.True(report.Code == 0, report.Error);
        Hsenet.Run("weights", "new", "--config", config, "--texts", texts, "--deviation", "much", "--out", folder.At("other"))
            .IsRefused("--deviation much", "a number");
        Hsenet.Run("weights", "new", "--config", config, "--texts", texts, "--deviation", "-1", "--out", folder.At("other"))
            .IsRefused("--deviation -1", "more than 0");
        Assert.False(Directory.Exists(folder.At("other")));
    }

    [Fact]
    public void A_model_with_a_preset_of_its_own_says_of_volumes_unlike_its_phantoms_that_they_are()
    {
        using var folder = new TemporaryFolder();
        string config = folder.At("small.json"), phantoms = folder.At("phantoms"), one = folder.At("phantoms/000000.npy");
        const string Curve = "-1050:0,-500:0.5,1000:1";
        File.WriteAllText(config, $$"""
            {"dtype": "f32", "remain_2d3d_ViT_type": "3d_vit",
             "preprocessing": {"grey_curve": "{{Curve}}", "in_plane": "average"},
             "vision": {"img_size": [4, 16, 16], "patch_size": [2, 8, 8], "hidden_size": 16, "mlp_dim": 32, "num_layers": 1, "num_heads": 2},
             "projector": {"kind": "spatial_packer", "window": [1, 2, 2]},
             "language_model": {"vocab_size": 300, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
               "num_attention_heads": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-5, "rope_theta": 10000, "partial_rotary_factor": 1,
               "original_max_position_embeddings": 128, "max_position_embeddings": 128, "eos_token_id": [0]} }
            """);
        Done("phantom", "--count", "40", "--out", phantoms, "--prepared", "--size", "4,16,16", "--average", $"--curve={Curve}",
            "--split", "0.8,0.2,0");
        Done("weights", "new", "--config", config, "--texts", $"{phantoms}/reports.json", "--volumes", $"{phantoms}/reports.json",
            "--out", folder.At("model"));
        var measured = Done("weights", "familiarity", "--weights", folder.At("model"), "--manifest", $"{phantoms}/reports.json", "--json");
        using (var json = System.Text.Json.JsonDocument.Parse(measured.Output))
            Assert.Equal(40, json.RootElement.GetProperty("volumes").GetInt32() + json.RootElement.GetProperty("others").GetInt32());
        Assert.DoesNotContain("unlike", Done("report", one, "--weights", folder.At("model"), "--max-tokens", "2").Error,
            StringComparison.Ordinal);
        // A phantom is a scan of lungs; this is none.
        NumpyFile.Write(folder.At("none.npy"), [.. Enumerable.Range(0, 4 * 16 * 16).Select(i => i / 8 % 2 * 1f)], 1, 4, 16, 16);
        var noted = Done("report", folder.At("none.npy"), "--weights", folder.At("model"), "--max-tokens", "2", "--json");
        Assert.Contains("is unlike the volumes that the model was trained on", noted.Error, StringComparison.Ordinal);
        using (var json = System.Text.Json.JsonDocument.Parse(noted.Output))
            Assert.Contains("is unlike the volumes", Assert.Single(json.RootElement.GetProperty("notes").EnumerateArray()).GetString(),
                StringComparison.Ordinal);
        // The model draws phantoms as it sees them, and none of another preset.
        Done("phantom", "--count", "1", "--out", folder.At("again"), "--prepared", "--weights", folder.At("model"));
        Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(folder.At("again/000000.npy")));
        Done("phantom", "--count", "1", "--out", folder.At("standard"), "--prepared", "--size", "4,16,16");
        Hsenet.Run("report", folder.At("standard/000000.npy"), "--weights", folder.At("model"))
            .IsRefused("000000.npy", "was prepared as 'standard'", $"average({Curve})");
        Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("model"), "--preset", "bimcv-r").IsRefused("--preset", "Standard");
        Hsenet.Run("phantom", "--count", "1", "--out", phantoms, "--prepared", "--weights", folder.At("model"), "--average")
            .IsRefused("--weights beside", "--average");

        static Outcome Done(params string[] arguments)
        {
            var outcome = Hsenet.Run(arguments);
            Assert.True(outcome.Code == 0, outcome.Error);
            return outcome;
        }
    }
}
