// Schedule and update of the optimizer.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class OptimizerGoldenTests
{
    [Theory]
    [InlineData("stage1")]
    [InlineData("stage2")]
    [InlineData("vlm")]
    public void The_learning_rate_follows_the_reference(string stage)
    {
        var losses = GoldenFolder.Json("tiny/golden/train/losses.json");
        var settings = losses.GetProperty("optimizer");
        using var device = new HostDevice(1);
        using var parameters = new ParameterSet(device, new ParameterPlan([], rounded: false));
        using var optimizer = new Optimizer(parameters,
            new OptimizerOptions(settings.GetProperty("lr").GetDouble(), settings.GetProperty("warmup_steps").GetInt64(),
            settings.GetProperty("steps").GetInt64()));
        foreach (var step in losses.GetProperty(stage).EnumerateArray())
            Assert.Equal(step.GetProperty("lr").GetDouble(), optimizer.LearningRate(step.GetProperty("step").GetInt64()), 1e-15);
    }

    [Fact]
    public void A_step_clips_the_norm_of_all_gradients_and_decays_what_decays()
    {
        using var device = new HostDevice(1);
        TrainableTensor[] tensors = [TrainableTensor.Of("layer.weight", 60, 100), TrainableTensor.Of("layer.bias", 5)];
        using var parameters = new ParameterSet(device, new ParameterPlan(tensors, rounded: false));
        float[][] values = [.. tensors.Select(tensor => Values(tensor.Count, 1))],
            gradients = [.. tensors.Select(tensor => Values(tensor.Count, 2))];
        for (int i = 0; i < tensors.Length; i++)
        {
            parameters.SetValues(parameters.All[i], values[i]);
            device.Upload<float>(gradients[i], parameters.All[i].Gradient);
        }
        const double rate = 0.01, decay = 0.1, clip = 0.5;
        using var optimizer = new Optimizer(parameters, new OptimizerOptions(rate, 0, 1000) { WeightDecay = decay, Clip = clip });
        double norm = Math.Sqrt(gradients.SelectMany(g => g).Sum(g => (double)g * g));
        // A chunk's f32 sum is off by at most its length in roundings.
        Assert.Equal(norm, optimizer.Step(parameters, 0), norm * 4096 * Math.Pow(2, -24));
        for (int i = 0; i < tensors.Length; i++)
        {
            float[] updated = new float[values[i].Length];
            device.Download<float>(parameters.All[i].Values, updated);
            for (int j = 0; j < updated.Length; j++)
            {
                // The first step: both moments, corrected, are the gradient and its square.
                double g = gradients[i][j] * clip / norm,
                    expected = values[i][j] * (1 - (tensors[i].Decays ? rate * decay : 0)) - rate * g / (Math.Abs(g) + 1e-8);
                // 16 roundings on the way to the step, 4 of the value
                Assert.Equal(expected, updated[j], (16 * rate + 4) * Math.Pow(2, -24));
            }
        }
    }

    [Fact]
    public void Gradients_that_are_not_finite_change_nothing()
    {
        using var device = new HostDevice(1);
        using var parameters = new ParameterSet(device, new ParameterPlan([TrainableTensor.Of("w", 3, 3)], rounded: true));
        parameters.SetValues(parameters.All[0], Values(9, 3));
        device.Upload<float>([1, 2, float.NaN, 4, 5, 6, 7, 8, 9], parameters.All[0].Gradient);
        using var optimizer = new Optimizer(parameters, new OptimizerOptions(1, 0, 10));
        Assert.True(double.IsNaN(optimizer.Step(parameters, 0)));
        float[] after = new float[9];
        device.Download<float>(parameters.All[0].Values, after);
        Assert.Equal(Values(9, 3), after);
    }

    static float[] Values(long count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
