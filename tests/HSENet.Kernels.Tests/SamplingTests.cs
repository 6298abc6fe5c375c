// Sampling at the edges of its input: infinite logits, logits that are not numbers, options out of range.
namespace HSENet.Kernels.Tests;

public sealed class SamplingTests
{
    static readonly HostDevice Host = new(1);

    [Theory, InlineData(0f), InlineData(0.7f)]
    public void An_infinite_logit_is_chosen_and_an_impossible_one_never(float temperature)
    {
        Assert.Equal(40, Choose([.. Enumerable.Repeat(1f, 40), float.PositiveInfinity, 2f], temperature));
        Assert.Equal(1, Choose([float.NegativeInfinity, -5f, float.NegativeInfinity], temperature));
        Assert.Equal(0, Choose([float.NegativeInfinity, float.NegativeInfinity], temperature));
    }

    [Theory, InlineData(0f), InlineData(0.7f)]
    public void A_logit_that_is_not_a_number_is_refused_by_its_id(float temperature)
    {
        var failure = Assert.Throws<KernelArgumentException>(() => Choose([.. Enumerable.Repeat(1f, 33), float.NaN, 2f], temperature));
        Assert.Contains("33", failure.Message);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        using var memory = new CaseMemory(Host);
        var right = Arguments(memory, [1, 2, 3], 1);
        foreach (var (name, wrong) in new (string, SamplingArguments)[]
        {
            ("TopK", right with { TopK = -1 }), ("TopP", right with { TopP = 0 }), ("TopP", right with { TopP = 1.1f }),
            ("Temperature", right with { Temperature = -1 }), ("Temperature", right with { Temperature = float.NaN }),
            ("Uniform", right with { Uniform = 1 }), ("Scratch", right with { Scratch = default }),
                ("Logits", right with { Vocabulary = 4 }),
        })
            Assert.Contains(name, Assert.Throws<KernelArgumentException>(() => Sampling.Forward(Host, wrong)).Message);
    }

    static int Choose(float[] logits, float temperature)
    {
        using var memory = new CaseMemory(Host);
        var arguments = Arguments(memory, logits, temperature);
        Sampling.Forward(Host, arguments);
        return arguments.Id[0];
    }

    static SamplingArguments Arguments(CaseMemory memory, float[] logits, float temperature) => new()
    {
        Logits = memory.Input(logits),
        Scratch = memory.Output(logits.Length),
        Id = memory.Output<int>(1),
        Vocabulary = logits.Length,
        Temperature = temperature,
        TopP = 1,
        Uniform = 0.5f,
    };
}
