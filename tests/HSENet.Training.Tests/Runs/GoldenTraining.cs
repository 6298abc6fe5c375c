// The reference's training runs of the small model, and how ours are held to them.
using System.Diagnostics;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

static class GoldenTraining
{
    /// <summary>Relative errors of loss and norm against a run that rounds as ours does: changing every vector by one rounding of f32 moves
    /// them by at most 8e-5 and 2.2e-4, leaving the table of token types unrounded by 2e-3 and 7e-3.</summary>
    public const double Bf16Loss = 1e-3, Bf16Norm = 5e-3;

    public static JsonElement Curves => GoldenFolder.Json("tiny/golden/train/losses.json");

    public static double FirstLoss(string run) => Curves.GetProperty(run)[0].GetProperty("loss").GetDouble();

    static JsonElement Run(string name) => name.Split('/').Aggregate(Curves, (part, key) => part.GetProperty(key));

    /// <summary>Trains with the reference's optimizer and holds loss and gradient norm of every step to the run's; ends early at the
    /// limit.</summary>
    /// <param name="objective">What is trained.</param>
    /// <param name="run">Name of the run in losses.json, behind a slash where it is one of a group.</param>
    /// <param name="batch">The samples of every step.</param>
    /// <param name="weightDecay">The run's.</param>
    /// <param name="tolerance">Relative error of a loss.</param>
    /// <param name="normTolerance">Relative error of a norm.</param>
    /// <param name="limit">Time after which no other step is begun.</param>
    public static void Follow(ITrainingObjective objective, string run, IReadOnlyList<TrainingExample> batch, double weightDecay,
        double tolerance, double normTolerance, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        var options = Curves.GetProperty("optimizer");
        using var optimizer = new Optimizer(objective.Parameters, new OptimizerOptions(
            options.GetProperty("lr").GetDouble(), options.GetProperty("warmup_steps").GetInt64(), options.GetProperty("steps").GetInt64())
        {
            Beta1 = options.GetProperty("betas")[0].GetDouble(),
            Beta2 = options.GetProperty("betas")[1].GetDouble(),
            Epsilon = options.GetProperty("eps").GetDouble(),
            Clip = options.GetProperty("clip").GetDouble(),
            WeightDecay = weightDecay,
        });
        foreach (var expected in Run(run).EnumerateArray())
        {
            int step = expected.GetProperty("step").GetInt32();
            objective.Parameters.ClearGradients();
            double loss = objective.AddGradients(batch, new StepContext(step, 0), 1).Loss,
                norm = optimizer.Step(objective.Parameters, step);
            Near("loss", loss, tolerance);
            Near("grad_norm", norm, normTolerance);
            if (clock.Elapsed > limit)
                return;

            void Near(string name, double actual, double allowed)
            {
                double error = Math.Abs(actual / expected.GetProperty(name).GetDouble() - 1);
                Assert.True(error <= allowed, $"step {step}: {name} {actual}, relative error {error:E1}, allowed {allowed:E0}");
            }
        }
    }

    /// <summary>Holds a part of all trained tensors to a file of the run. A tensor of more elements than the cap is stored as every
    /// s-th.</summary>
    public static void Equal(string file, ITrainingObjective objective, Func<Parameter, string> reference,
        Func<Parameter, View<float>> part, double tolerance)
    {
        int cap = Curves.GetProperty("sample_cap").GetInt32();
        var golden = GoldenFolder.Tensors($"tiny/golden/train/{file}.safetensors");
        // The pooler of the reference's text encoder feeds nothing and never changes.
        Assert.Equal(golden.Keys.Where(name => !name.Contains(".pooler.", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            objective.Parameters.All.Select(reference).Order(StringComparer.Ordinal));
        foreach (var parameter in objective.Parameters.All.Where(parameter => !HasNoGradient(parameter)))
        {
            float[] values = Read(objective, part(parameter)), expected = golden[reference(parameter)].Singles();
            int stride = Math.Max(1, values.Length / cap);
            Golden.Equal(parameter.Name, [.. Enumerable.Range(0, expected.Length).Select(i => values[i * stride])], expected, tolerance);
        }
    }

    public static float[] Read(ITrainingObjective objective, View<float> view)
    {
        var values = new float[view.Length];
        objective.Parameters.Device.Download(view, values);
        return values;
    }

    /// <summary>
    /// Its gradient is zero in exact arithmetic, and what is stored is rounding. A softmax does not see what all its keys share; in an
    /// encoder of one block the class token sees the patches through that block's LayerNorm alone, which does not see by what a score has
    /// scaled a patch.
    /// </summary>
    public static bool HasNoGradient(Parameter parameter) =>
        parameter.Name.EndsWith(".key.bias", StringComparison.Ordinal) || parameter.Name.EndsWith("Wk.bias", StringComparison.Ordinal)
        || (TinyModel.Config.Vision.NumLayers == 1
            && (parameter.Name.StartsWith("encoder2.slice_guided_attention.", StringComparison.Ordinal)
                || parameter.Name.StartsWith("encoder2.patch_score_proj.", StringComparison.Ordinal)));

    /// <summary>A sample's part of what a file holds for all of them.</summary>
    public static ReadOnlyMemory<float> Part(float[] all, int row, int rows) => all.AsMemory(row * (all.Length / rows), all.Length / rows);
}
