// Sampling against the reference implementation's own: how many ids stay, and the probabilities of the first of them.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Kernels.Tests;

public sealed class SamplingGoldenTests
{
    static readonly HostDevice Host = new(1);

    [Fact]
    public void Kept_ids_and_their_probabilities_are_the_reference_s()
    {
        float[] logits = GoldenFolder.Tensors("tiny/golden/sampling.safetensors")["logits"].Singles();
        using var memory = new CaseMemory(Host);
        var arguments = new SamplingArguments
        {
            Logits = memory.Input(logits),
            Scratch = memory.Output(logits.Length),
            Id = memory.Scratch<int>(1),
            Vocabulary = logits.Length,
        };
        foreach (var @case in GoldenFolder.Json("tiny/golden/sampling.json").EnumerateArray())
        {
            arguments.Temperature = @case.GetProperty("temperature").GetSingle();
            arguments.TopK = @case.GetProperty("top_k").GetInt32();
            arguments.TopP = @case.GetProperty("top_p").GetSingle();
            Sampling.Forward(Host, arguments);

            double[] weights = memory.Outputs()[0];
            double total = weights.Sum();
            Assert.Equal(@case.GetProperty("kept").GetInt32(), weights.Count(weight => weight > 0));
            foreach (JsonElement pair in @case.GetProperty("top").EnumerateArray())
                Assert.Equal(pair[1].GetDouble(), weights[pair[0].GetInt32()] / total, pair[1].GetDouble() * logits.Length * 2 * Numbers.U);
        }
    }

    [Fact]
    public void A_random_number_is_spread_over_the_kept_ids_by_their_probabilities()
    {
        const int draws = 2000;
        float[] logits = GoldenFolder.Tensors("tiny/golden/sampling.safetensors")["logits"].Singles();
        using var memory = new CaseMemory(Host);
        var arguments = new SamplingArguments
        {
            Logits = memory.Input(logits),
            Scratch = memory.Output(logits.Length),
            Id = memory.Scratch<int>(1),
            Vocabulary = logits.Length,
            Temperature = 0.8f,
            TopK = 20,
            TopP = 0.5f,
        };
        var counts = new int[logits.Length];
        for (int i = 0; i < draws; i++)
        {
            arguments.Uniform = (i + 0.5f) / draws;
            Sampling.Forward(Host, arguments);
            counts[arguments.Id[0]]++;
        }
        // Evenly spread numbers meet an interval of share q in q · draws cells, give or take its two ends.
        double[] weights = memory.Outputs()[0];
        double total = weights.Sum();
        for (int id = 0; id < counts.Length; id++)
            Assert.Equal(weights[id] / total * draws, counts[id], tolerance: 1);
    }
}
