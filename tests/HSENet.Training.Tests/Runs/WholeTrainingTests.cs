// All trainings that make a model from nothing, one after the other as the demo's script has them: no part stays as it started.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class WholeTrainingTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData("f32"), InlineData("bf16")]
    public void Every_tensor_of_a_model_that_went_through_all_trainings_differs_from_its_start(string dtype)
    {
        string start = Start(dtype), studies = LabelTrainingTests.Manifest(_folder, features: false), words = Words();
        string stage1 = Stage(TrainingTask.Stage1, start, start, config => config with { ContrastiveWeight = 1, LabelWeight = 1 });
        string encoder = Merged(start, stage1), sliced = Merged(encoder, Stage(TrainingTask.Slices, start, start, config => config));
        string encoders = Merged(sliced, Stage(TrainingTask.Stage2, sliced, stage1, config => config with { LabelWeight = 1 }));
        string language = Merged(encoders, Stage(TrainingTask.Language, encoders, "model", config => config with { Manifest = words }));
        Run(TrainingTask.Report, language, "model", config => config);
        AdapterExport.Read(_folder.At("Report/adapter"), ModelConfig.Read(language).LanguageModel)
            .WriteModel(language, _folder.At("whole"), merge: true);

        using TensorSource before = TensorSource.Open(start), after = TensorSource.Open(_folder.At("whole"));
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name).Order(), after.Tensors.Select(tensor => tensor.Name).Order());
        string[] same = [.. before.Tensors.Where(tensor => tensor.ToSingles().AsSpan().SequenceEqual(after.Get(tensor.Name).ToSingles()))
            .Select(tensor => tensor.Name)];
        Assert.Empty(same);
        using var model = HseNetModel.Open(_folder.At("whole"), PartRun.Host);

        string Stage(TrainingTask task, string weights, string init, Func<TrainingConfig, TrainingConfig> change)
        {
            Run(task, weights, init == start ? "model" : init, change);
            return _folder.At($"{task}/checkpoints/step-00000006.safetensors");
        }

        void Run(TrainingTask task, string weights, string init, Func<TrainingConfig, TrainingConfig> change) =>
            Trainer.Run(_folder.At($"{task}"), change(TrainingConfig.For(task) with
            {
                Manifest = studies,
                Weights = weights,
                Init = init,
                Batch = 4,
                Steps = 6,
                LearningRate = 0.02,
                MaxLength = 64,
                Augmentation = "shift",
                Dropout = 0,
                Dtype = "f32",
            }), PartRun.Host);
    }

    string Merged(string weights, string checkpoint)
    {
        string folder = checkpoint + ".model";
        StageExport.WriteModel(weights, checkpoint, folder);
        return folder;
    }

    string Start(string dtype)
    {
        string config = SliceTrainingTests.Config(_folder, dtype);
        NewModel.Write(NewModelTests.Options(_folder, config) with { Output = _folder.At("start") });
        return _folder.At("start");
    }

    string Words()
    {
        string rows = string.Join(",", NewModelTests.Reports.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return _folder.Write("words.json", System.Text.Encoding.UTF8.GetBytes($"{{\"train\": [{rows}], \"validation\": [{rows}]}}"));
    }
}
