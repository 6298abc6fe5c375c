// A device that runs out of memory while a training is opened: a typed error, and nothing stays behind.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class ScarceMemoryTests
{
    [Theory, InlineData(TrainingTask.Stage1), InlineData(TrainingTask.Stage2), InlineData(TrainingTask.Report)]
    public void Opening_an_objective(TrainingTask task) => ScarceDevice.NothingStaysBehind(device =>
    {
        var (config, source) = (ModelConfig.Read(TinyModel.Folder), TensorSource.Open(TinyModel.Folder));
        var training = TrainingConfig.For(task) with { MaxLength = 16, Batch = 2 };
        using ITrainingObjective objective = task == TrainingTask.Report
            ? new FineTuningObjective(device, config, source, training) : new ContrastiveObjective(device, config, source, training);
    });
}
