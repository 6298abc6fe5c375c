// The configuration: defaults of a task, a file, single fields; what is refused and what differs.
using System.Text;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class TrainingConfigTests : IDisposable
{
    static readonly Dictionary<string, string> Needed = new() { ["manifest"] = "m.jsonl", ["weights"] = "w" };

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Defaults_are_the_reference_s()
    {
        var report = TrainingConfigFile.Read(null, TrainingTask.Report, Needed);
        Assert.Equal((1e-4, 0, 800, 0.05), (report.LearningRate, report.WeightDecay, report.MaxLength, report.LoraDropout));
        Assert.Equal(new LoraConfig { R = 16, LoraAlpha = 32 }, FineTuningTensors.Adapters(report));
        var vqa = TrainingConfigFile.Read(null, TrainingTask.Vqa, Needed);
        Assert.Equal((5e-5, 330), (vqa.LearningRate, vqa.MaxLength));
        var stage = TrainingConfigFile.Read(null, TrainingTask.Stage2, Needed);
        Assert.Equal((1e-4, 0.1, 0.03, 512), (stage.LearningRate, stage.WeightDecay, stage.Warmup, stage.MaxLength));
    }

    [Fact]
    public void Adapters_that_a_model_has_keep_their_rank_unless_another_is_asked_for()
    {
        var own = new LoraConfig { R = 8, LoraAlpha = 4 };
        var report = TrainingConfigFile.Read(null, TrainingTask.Report, Needed);
        Assert.Equal(own, FineTuningTensors.Adapters(report, own));
        Assert.Equal(new LoraConfig { R = 2, LoraAlpha = 4 }, FineTuningTensors.Adapters(report with { LoraR = 2 }, own));
    }

    [Fact]
    public void Single_fields_come_after_the_file_and_the_file_after_the_defaults()
    {
        string file = Write("""
            {"task": "vqa", "manifest": "m", "weights": "w", "batch": 4, "learning_rate": 1e-3, "lora_target_modules": ["o_proj"]}
            """);
        var config = TrainingConfigFile.Read(file, null,
            new Dictionary<string, string> { ["batch"] = "2", ["augmentation"] = "off", ["skip_bad"] = "", ["epochs"] = "0.5" });
        Assert.Equal((TrainingTask.Vqa, 2, 1e-3, "off", true, 0.5),
            (config.Task, config.Batch, config.LearningRate, config.Augmentation, config.SkipBad, config.Epochs));
        Assert.Equal(["o_proj"], config.LoraTargetModules);
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var config = TrainingConfigFile.Read(null, TrainingTask.Stage1, Needed)
            with
        { Seed = long.MinValue, Templates = "q.txt", Clip = 0.1 };
        string file = _folder.Write("config.json", TrainingConfigFile.ToBytes(config));
        Assert.Empty(TrainingConfigFile.Differences(config, TrainingConfigFile.Read(file, null)));
    }

    [Theory]
    [InlineData("""{"task": "report", "manifest": "m", "weights": "w", "learning_rat": 1}""", "'learning_rat' is no field")]
    [InlineData("""{"task": "report", "manifest": "m", "weights": "w", "batch": "many"}""", "batch is ")]
    [InlineData("""{"task": "report", "manifest": "m", "weights": "w", "batch": 0}""", "batch is 0")]
    [InlineData("""{"task": "report", "manifest": "m", "weights": "w", "manifest": null}""", "'manifest' twice")]
    [InlineData("""{"task": "report", "manifest": null, "weights": "w"}""", "manifest is ")]
    [InlineData("""{"task": "report", "manifest": "m", "weights": "w", "dtype": "f16"}""", "dtype is 'f16'")]
    [InlineData("""{"task": "stage3", "manifest": "m", "weights": "w"}""", "task is ")]
    [InlineData("""{"manifest": "m", "weights": "w"}""", "no \"task\"")]
    [InlineData("""{"task": "report", "manifest": "m"}""", "weights is missing")]
    [InlineData("""["task"]""", "an array")]
    public void A_field_that_is_unknown_or_unusable_is_refused_by_its_name(string json, string words)
    {
        var e = Assert.Throws<HseNetFileException>(() => TrainingConfigFile.Read(Write(json), null));
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_is_refused_by_its_name()
    {
        foreach (var (name, value, word) in ((string, string, string)[])[("batch", "2.5", "--batch"),
            ("augmentation", "perhaps", "--augmentation"), ("clip", "NaN", "--clip")])
            Assert.Contains(word, Assert.Throws<HseNetFileException>(() =>
                TrainingConfigFile.Read(null, TrainingTask.Report, new Dictionary<string, string>(Needed) { [name] = value })).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Differences_name_the_fields_that_reach_a_result()
    {
        var config = TrainingConfigFile.Read(null, TrainingTask.Report, Needed);
        Assert.Equal(["seed: 42, 7", "clip: 1, 0.5"],
            TrainingConfigFile.Differences(config, config with { Seed = 7, Clip = 0.5, Workers = 3, Device = "cpu" }));
    }

    [Fact]
    public void Every_field_says_what_it_does() =>
        Assert.All(TrainingConfigFile.Fields, field => Assert.EndsWith(".", field.Description, StringComparison.Ordinal));

    [Fact]
    public void Damaged_files_are_refused_in_one_line() =>
        Mutations.Check([TrainingConfigFile.ToBytes(TrainingConfigFile.Read(null, TrainingTask.Report, Needed))], json =>
    {
        using var folder = new TemporaryFolder();
        TrainingConfigFile.Read(folder.Write("config.json", json), null);
    });

    string Write(string json) => _folder.Write("config.json", Encoding.UTF8.GetBytes(json));
}
