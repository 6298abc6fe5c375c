// hsenet train on the demo weights and a CT of the repository: a run, its folder, a resume, an interrupt, a full disk.
using System.Diagnostics;
using System.Text.Json;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class TrainTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _manifest;

    public TrainTests()
    {
        string row = JsonSerializer.Serialize(
            new
            {
                image = Hsenet.Scan,
                text = "The lungs are clear. There is no (pleural) effusion.",
                anatomy = "left lung",
                abnormality = "a nodule"
            });
        _manifest = _folder.Write("manifest.json",
            System.Text.Encoding.UTF8.GetBytes($$"""{"train": [{{row}}, {{row}}], "validation": [{{row}}, {{row}}]}"""));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("report")]
    [InlineData("vqa")]
    public void Two_steps_leave_a_run_that_can_be_looked_at_and_an_adapter(string task)
    {
        var outcome = Train(task, "run", "--steps", "2");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Equal("", outcome.Error);
        Assert.StartsWith($"{_folder.At("run")}: 2 steps, best validation loss ", outcome.Output, StringComparison.Ordinal);
        JsonElement[] steps = [.. Log("run").Where(line => line.TryGetProperty("loss", out _))];
        Assert.Equal([1, 2], steps.Select(line => line.GetProperty("step").GetInt32()));
        Assert.All(steps, line => Assert.True(line.GetProperty("loss").GetDouble() > 0
            && line.GetProperty("tokens_per_second").GetDouble() > 0 && line.GetProperty("gradient_norm").GetDouble() > 0));
        byte[] png = File.ReadAllBytes(_folder.At("run/plot.png"));
        Assert.Equal([0x89, .. "PNG"u8], png[..4]);
        Assert.True(File.Exists(_folder.At("run/checkpoints/step-00000002.safetensors")));
        foreach (string file in (string[])["pytorch_model.bin", "adapter_model.safetensors", "adapter_config.json"])
            Assert.True(File.Exists(_folder.At($"run/adapter/{file}")), file);
        Assert.Equal("0.05", JsonDocument.Parse(File.ReadAllBytes(_folder.At("run/config.json"))).RootElement.GetProperty("lora_dropout")
            .GetRawText());
    }

    [Fact]
    public void How_a_training_ended_is_told_as_json()
    {
        var outcome = Train("report", "run", "--steps", "2", "--json");
        Assert.True(outcome.Code == 0, outcome.Error);
        var result = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal((_folder.At("run"), 2, 0, 0), (result.GetProperty("run").GetString(), result.GetProperty("steps").GetInt32(),
            result.GetProperty("skipped").GetInt32(), result.GetProperty("skipped_rows").GetInt32()));
        Assert.Equal(Log("run").Where(line => line.TryGetProperty("validation_loss", out _))
            .Min(line => line.GetProperty("validation_loss").GetDouble()), result.GetProperty("best_loss").GetDouble());
        Assert.InRange(result.GetProperty("best_step").GetInt32(), 1, 2);
    }

    [Fact]
    public void A_training_without_the_plot_s_native_library_says_so_and_ends_well()
    {
        // The program without its list of parts, which names native libraries in folders of their own, and without these.
        string program = Directory.CreateDirectory(_folder.At("program")).FullName;
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory).Where(file =>
            !file.EndsWith(".deps.json", StringComparison.Ordinal) && !file.EndsWith(".xml", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(program, Path.GetFileName(file)));
        var outcome = Hsenet.RunFrom(program, ["train", "report", .. Options("run", ["--steps", "2"])]);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("plot.png", Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("run/plot.png")));
        Assert.True(File.Exists(_folder.At("run/adapter/adapter_model.safetensors")));
    }

    [Fact]
    public void What_a_stage_trained_is_where_the_next_training_starts()
    {
        string weights = Hsenet.Demo;
        foreach (string stage in (string[])["stage1", "stage2"])
        {
            // The first step has no learning rate yet.
            var trained = Hsenet.Run("train", stage, "--manifest", _manifest, "--weights", weights, "--out", _folder.At(stage), "--steps",
                "2", "--learning-rate", "0.01", "--device", "cpu", "--cache", _folder.At("cache"));
            Assert.True(trained.Code == 0, trained.Error);
            string next = _folder.At($"{stage}-model");
            var merged = Hsenet.Run("weights", "merge", "--weights", weights, "--stage",
                _folder.At($"{stage}/checkpoints/step-00000002.safetensors"), "--out", next);
            Assert.True(merged.Code == 0, merged.Error);
            string encoder = $"encoder{stage[^1]}.norm.weight";
            Assert.NotEqual(Values(weights, encoder), Values(next, encoder));
            Assert.Equal(Values(_folder.At($"{stage}/checkpoints/step-00000002.safetensors"), encoder), Values(next, encoder));
            Assert.Equal(Values(weights, "packer1.proj_mpls.0.bias"), Values(next, "packer1.proj_mpls.0.bias"));
            weights = next;
        }
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", weights, "--device", "cpu");
        Assert.True(report.Code == 0 && report.Output.Length > 0, report.Error);
        Hsenet.Run("weights", "merge", "--weights", weights, "--stage", Path.Combine(Hsenet.Demo, "model.safetensors"), "--adapter", "x",
            "--out", _folder.At("no")).IsRefused("one of --adapter and --stage");

        static float[] Values(string path, string tensor)
        {
            using var source = TensorSource.Open(path);
            return source.Get(tensor).ToSingles();
        }
    }

    [UnixFact]
    public async Task An_interrupt_writes_a_checkpoint_and_resumes_go_on_as_if_nothing_had_ended_the_run()
    {
        string[] options = ["--steps", "24", "--eval-every", "100000", "--accumulation", "8"];
        using (var process = Hsenet.Start(["train", "report", .. Options("run", options)]))
        {
            await Reach(2);
            using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
            string error = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.Equal((130, "hsenet: interrupted\n"), (process.ExitCode, error));
        }
        string checkpoint = Assert.Single(Directory.GetFiles(_folder.At("run/checkpoints")));
        long done = Log("run").Last().GetProperty("step").GetInt64();
        Assert.Contains($"{done:d8}", checkpoint, StringComparison.Ordinal);
        Assert.InRange(done, 2, 23);

        // Another configuration is refused by what differs; the same goes on.
        Hsenet.Run("train", "report", "--out", _folder.At("run"), "--resume", "--clip", "2").IsRefused("clip: 1, 2");
        string[] config = File.ReadAllLines(_folder.At("run/config.json"));

        // Killed, it goes on from the checkpoint before.
        using (var process = Hsenet.Start(["train", "report", "--out", _folder.At("run"), "--resume", "--save-every", "1"]))
        {
            await Reach(done + 2);
            process.Kill();
            await process.WaitForExitAsync();
        }
        Assert.InRange(Log("run").Last().GetProperty("step").GetInt64(), done + 2, 23);
        var ended = Hsenet.Run("train", "report", "--out", _folder.At("run"), "--resume");
        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal(config, File.ReadAllLines(_folder.At("run/config.json")));
        Assert.True(Train("report", "whole", options).Code == 0);
        Assert.Equal(Losses("whole"), Losses("run"));
        Assert.Equal(File.ReadAllBytes(_folder.At("whole/checkpoints/step-00000024.safetensors")),
            File.ReadAllBytes(_folder.At("run/checkpoints/step-00000024.safetensors")));

        async Task Reach(long step)
        {
            while (!File.Exists(_folder.At("run/log.jsonl"))
                || Log("run").Select(line => line.GetProperty("step").GetInt64()).DefaultIfEmpty(0).Max() < step)
                await Task.Delay(5);
        }
    }

    [UnixFact]
    public void A_full_disk_leaves_the_last_checkpoint_and_whole_lines()
    {
        string[] options = ["--steps", "4", "--save-every", "1", "--keep", "9"];
        Assert.True(Train("report", "run", options).Code == 0);
        File.Delete(_folder.At("run/checkpoints/step-00000004.safetensors"));
        File.Delete(_folder.At("run/checkpoints/step-00000003.safetensors"));
        byte[] second = File.ReadAllBytes(_folder.At("run/checkpoints/step-00000002.safetensors"));
        // A file may take so many KB: less than a checkpoint. The signal that comes with the failed write is ignored, as a full disk has
        // none.
        string command = $"trap '' XFSZ; ulimit -f {second.Length / 2048}; exec dotnet "
            + $"'{Path.Combine(AppContext.BaseDirectory, "hsenet.dll")}' train report --resume --out '{_folder.At("run")}'";
        var start = new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // it would need a large file of its own
        using var process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 2, error);
        Assert.Contains("cannot be written", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        Assert.Equal(["step-00000001.safetensors", "step-00000002.safetensors"],
            Directory.GetFiles(_folder.At("run/checkpoints")).Select(Path.GetFileName).Order());
        Assert.Equal(second, File.ReadAllBytes(_folder.At("run/checkpoints/step-00000002.safetensors")));
        Assert.Equal(3, Log("run").Last().GetProperty("step").GetInt64());
        var ended = Hsenet.Run("train", "report", "--out", _folder.At("run"), "--resume");
        Assert.True(ended.Code == 0, ended.Error);
    }

    [Fact]
    public void Bad_input_is_refused_before_anything_is_written()
    {
        string bad = _folder.Write("bad.jsonl",
            [.. File.ReadAllBytes(_manifest).Where(b => b != '\n'), .. "\n{\"image\": \"none.nii\", \"text\": \"x\"}\n"u8]);
        string rows = _folder.Write("rows.jsonl", System.Text.Encoding.UTF8.GetBytes($$"""
            {"image": "{{Hsenet.Scan}}", "text": "Clear."}
            {"image": "none.nii.gz", "text": "Clear."}
            """));
        Train("report", "run", "--manifest", bad).IsRefused("bad.jsonl");
        Train("report", "run", ["--manifest", rows]).IsRefused("rows.jsonl: line 2", "none.nii.gz");
        Train("report", "run", ["--batch", "0"]).IsRefused("batch");
        string config = _folder.Write("config.json", """{"learning_rates": 1}"""u8.ToArray());
        Train("report", "run", ["--config", config]).IsRefused("'learning_rates' is no field");
        Hsenet.Run("train", "report", "--out", _folder.At("none"), "--resume").IsRefused("none");
        Hsenet.Run("train", "poem", "--out", _folder.At("none")).IsRefused("poem");
        Train("report", "run", ["--lora-r", "7"]).IsRefused("adapters of rank 8");
        Hsenet.Run("train", "report", "--manifest", _manifest, "--weights", Hsenet.Demo, "--out", _folder.At("run"), "--cache", _manifest)
            .IsRefused("manifest.json: cannot be created");
        Hsenet.Run("train", "stage1", "--manifest", rows, "--skip-bad", "--weights", Hsenet.Demo, "--out", _folder.At("run"))
            .IsRefused("one row to train on", "at least two");
        Assert.Equal(["bad.jsonl", "config.json", "manifest.json", "rows.jsonl"],
            Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        var skipping = Train("report", "run", ["--manifest", rows, "--skip-bad", "--steps", "1"]);
        Assert.True(skipping.Code == 0, skipping.Error);
        Assert.Contains("rows.jsonl: line 2", skipping.Error, StringComparison.Ordinal);
        Assert.EndsWith("1 steps, 1 rows skipped\n", skipping.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_says_what_is_done_unless_it_is_told_otherwise()
    {
        string help = string.Join(' ', Hsenet.Run("train", "--help").Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("Highest learning rate. [report 0.0001, vqa 5E-05, stage1 0.0001, stage2 0.0001, language 0.001, slices 0.001]",
            help, StringComparison.Ordinal);
        Assert.Contains("Layers of the decoder with adapters. [qkv_proj,o_proj,gate_up_proj,down_proj]", help, StringComparison.Ordinal);
        Assert.Contains("as the reference has it. [on]", help, StringComparison.Ordinal);
        Assert.DoesNotContain("[]", help, StringComparison.Ordinal);
    }

    Outcome Train(string task, string run, params string[] options) => Hsenet.Run(["train", task, .. Options(run, options)]);

    string[] Options(string run, string[] options) => [.. options.Contains("--manifest") ? [] : (string[])["--manifest", _manifest],
        "--weights", Hsenet.Demo, "--out", _folder.At(run), "--max-length", "150", "--device", "cpu", "--cache", _folder.At("cache"),
            .. options];

    IEnumerable<JsonElement> Log(string run)
    {
        using var reader = new StreamReader(
            new FileStream(_folder.At($"{run}/log.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        string text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
    }

    string[] Losses(string run) =>
        [.. Log(run).Where(line => line.TryGetProperty("loss", out _)).Select(line => line.GetProperty("loss").GetRawText())];
}
