// A small objective for tests of the loop: linear regression with dropout and flips, everything drawn as the real ones draw.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training.Tests;

/// <summary>Predicts a number from the first voxels and slice features of a study; its label is the number of ids.</summary>
sealed class RegressionObjective : ITrainingObjective
{
    const int Inputs = 24;
    const float Rate = 0.25f;

    readonly HostDevice _device = new(1);

    public RegressionObjective(TrainingConfig config)
    {
        Parameters = new ParameterSet(_device,
            new ParameterPlan([TrainableTensor.Of("regression.weight", 2, Inputs), TrainableTensor.Of("regression.bias", 2)],
            config.Dtype == "bf16"));
        foreach (var parameter in Parameters.All)
        {
            var draws = new SeededDraws(config.Seed, parameter.Name);
            Parameters.SetValues(parameter,
                [.. Enumerable.Range(0, (int)parameter.Values.Length).Select(_ => (draws.Below(2001) - 1000) / 1e4f)]);
        }
    }

    public ParameterSet Parameters { get; }

    public MemoryPlan Plan { get; } = new();

    public long FrozenBytes => 0;

    /// <summary>Called before a batch is read; a test's way to interfere.</summary>
    public Action<StepContext, IReadOnlyList<TrainingExample>>? Before { get; init; }

    /// <summary>Factor of the loss: NaN spoils it.</summary>
    public Func<StepContext, double> Spoil { get; init; } = _ => 1;

    /// <summary>Factor of the validation loss.</summary>
    public Func<StepContext, double> SpoilLoss { get; init; } = _ => 1;

    public BatchLoss AddGradients(IReadOnlyList<TrainingExample> batch, StepContext step, double share)
    {
        Before?.Invoke(step, batch);
        float[] weight = Read(0, p => p.Values), bias = Read(1, p => p.Values), gradWeight = Read(0, p => p.Gradient),
            gradBias = Read(1, p => p.Gradient);
        double total = batch.Sum(example => example.Weight), loss = 0;
        foreach (var example in batch)
        {
            float[] x = InputsOf(example);
            if (new SeededDraws(step.Seed, "flip", step.Step, example.Row).Below(2) == 1)
                Array.Reverse(x);
            long seed = step.Seeds(example.Row).At(DropoutSeeds.Site("regression"));
            for (int i = 0; i < Inputs; i++)
                x[i] *= DropoutMask.Factor(seed, i, Rate);
            for (int o = 0; o < 2; o++)
            {
                float error = Predict(weight, bias, x, o) - Target(example, o), scale = (float)(share * example.Weight / total) * 2 * error;
                loss += error * error * example.Weight / total;
                gradBias[o] += scale;
                for (int i = 0; i < Inputs; i++)
                    gradWeight[o * Inputs + i] += scale * x[i];
            }
        }
        _device.Upload<float>(gradWeight, Parameters.All[0].Gradient);
        _device.Upload<float>(gradBias, Parameters.All[1].Gradient);
        return new BatchLoss(loss * Spoil(step), batch.Sum(example => example.Ids.Length), (long)total);
    }

    public BatchLoss Loss(IReadOnlyList<TrainingExample> batch, StepContext step)
    {
        float[] weight = Read(0, p => p.Values), bias = Read(1, p => p.Values);
        double total = batch.Sum(example => example.Weight);
        return new BatchLoss(SpoilLoss(step)
            * batch.Sum(example => Enumerable.Range(0, 2)
            .Sum(o => Math.Pow(Predict(weight, bias, InputsOf(example), o) - Target(example, o), 2)) * example.Weight / total), 0,
            (long)total);
    }

    static float Predict(float[] weight, float[] bias, float[] x, int o) =>
        bias[o] + Enumerable.Range(0, Inputs).Sum(i => weight[o * Inputs + i] * x[i]);

    static float Target(TrainingExample example, int o) => example.Ids.Length / 100f + o;

    static float[] InputsOf(TrainingExample example) => [.. example.Volume.Span[..16], .. example.SliceFeatures.Span[..8]];

    float[] Read(int parameter, Func<Parameter, View<float>> what)
    {
        var view = what(Parameters.All[parameter]);
        float[] values = new float[view.Length];
        _device.Download<float>(view, values);
        return values;
    }

    public void Dispose()
    {
        Parameters.Dispose();
        _device.Dispose();
    }
}
