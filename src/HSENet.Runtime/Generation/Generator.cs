// Prefill and decode: from prompt ids and visual tokens to new ids, one at a time.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Generates ids on an arena that was planned for the request; allocates nothing per token.</summary>
sealed class Generator(LanguageModel model, LanguageModelConfig config, InferencePlan plan)
{
    /// <summary>
    /// New ids up to and including the first end token, at most <paramref name="maxTokens"/>. The prompt is read before the first id is
    /// given.
    /// </summary>
    public IEnumerable<int> Generate(Pass pass, int[] prompt, View<float> visual, SamplingOptions sampling, int maxTokens,
        CancellationToken cancellation)
    {
        var step = new int[1];
        model.Begin(pass, plan.Language, prompt.Length);
        var x = model.Embed(pass, plan.Language, prompt, visual);
        model.Run(pass, plan.Language, x, prompt.Length, 0);
        int row = prompt.Length - 1;
        for (int i = 0; i < maxTokens; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            step[0] = Sample(pass, model.Logits(pass, plan.Language, x, row), sampling, i);
            yield return step[0];
            if (i == maxTokens - 1 || config.EosTokenId.Contains(step[0]))
                yield break;
            cancellation.ThrowIfCancellationRequested();
            x = model.Embed(pass, plan.Language, step, default);
            model.Run(pass, plan.Language, x, 1, prompt.Length + i);
            row = 0;
        }
    }

    int Sample(Pass pass, View<float> logits, SamplingOptions sampling, int step)
    {
        var id = pass.Arena.Integers(plan.SampledId);
        Sampling.Forward(pass.Device, new SamplingArguments
        {
            Logits = logits,
            Id = id,
            Scratch = pass[plan.SamplingScratch],
            Vocabulary = config.VocabSize,
            TopK = sampling.TopK,
            Temperature = sampling.Temperature,
            TopP = sampling.TopP,
            Uniform = sampling.Uniform(step),
        });
        Span<int> sampled = stackalloc int[1];
        pass.Device.Download(id, sampled);
        return sampled[0];
    }
}
