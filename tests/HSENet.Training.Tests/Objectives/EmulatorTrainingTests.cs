// What a model from nothing needs, on the PTX of a GPU: the losses and gradients of the host.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class EmulatorTrainingTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_decoder_is_trained_whole_as_on_the_host() => Compare((device, model, source) =>
        new LanguageObjective(device, model, source, Training(TrainingTask.Language)),
        new TrainingExample(0, default, default, [7, 30, 7, 250, 31], [-100, 30, 7, 250, 31]));

    [Fact]
    public void Labels_are_learned_as_on_the_host()
    {
        var study = new StudyLabels([LabelTests.Nodule(0.25f, 0.25f, 0.75f, 0.2f), LabelTests.Effusion]);
        float[] volume = [.. Enumerable.Range(0, 4 * 16 * 16).Select(i => MathF.Sin(i) * 0.5f)];
        Compare((device, model, source) => new ContrastiveObjective(device, model, source,
            Training(TrainingTask.Stage1) with { ContrastiveWeight = 0, LabelWeight = 1, Dropout = 0 }, LabelSpace.Of([study], "m")),
            new TrainingExample(0, volume, default, [2, 3], []) { Study = study });
    }

    [Fact]
    public void Labels_of_slices_are_learned_as_on_the_host()
    {
        var study = new StudyLabels([LabelTests.Nodule(0.25f, 0.25f, 0.75f, 0.2f), LabelTests.Effusion]);
        float[] volume = [.. Enumerable.Range(0, 4 * 16 * 16).Select(i => MathF.Sin(i) * 0.5f)];
        Compare((device, model, source) => new SliceObjective(device, model, source,
            Training(TrainingTask.Slices) with { SlicesSeen = 2 }, LabelSpace.Of([study], "m")),
            new TrainingExample(0, volume, default, [], []) { Study = study }, SliceTrainingTests.Config(_folder));
    }

    static TrainingConfig Training(TrainingTask task) => TrainingConfig.For(task) with
    {
        Batch = 1,
        MaxLength = 16,
        Augmentation = "off",
        Dtype = "f32"
    };

    void Compare(Func<Device, ModelConfig, TensorSource, ITrainingObjective> open, TrainingExample example, string? config = null)
    {
        NewModel.Write(NewModelTests.Options(_folder, config ?? NewModelTests.Config(_folder)));
        var model = ModelConfig.Read(_folder.At("model"));
        using var emulator = new EmulatorDevice();
        using var onHost = open(PartRun.Host, model, TensorSource.Open(_folder.At("model")));
        using var onPtx = open(emulator, model, TensorSource.Open(_folder.At("model")));
        Assert.Equal(onHost.AddGradients([example], default, 1).Loss, onPtx.AddGradients([example], default, 1).Loss, 1e-4);
        foreach (var (host, ptx) in onHost.Parameters.All.Zip(onPtx.Parameters.All))
        {
            float[] expected = host.Gradient.AsSpan().ToArray(), got = new float[expected.Length];
            emulator.Download(ptx.Gradient, got);
            double length = Math.Sqrt(expected.Sum(value => (double)value * value)),
                difference = Math.Sqrt(expected.Zip(got).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
            Assert.True(difference <= 1e-3 * length + 1e-5, $"{host.Name}: {difference} of {length}");
        }
    }
}
