// Prefill and decode: from prompt ids and visual tokens to new ids, one at a time.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Generates ids on an arena that was planned for the request; allocates nothing per token.</summary>
sealed class Generator(LanguageModel model, LanguageModelConfig config, InferencePlan plan)
{
    /// <summary>Prepares the working memory for a prompt of some tokens: before anything is read.</summary>
    public void Begin(in Pass pass, int promptTokens) => model.Begin(pass, plan.Language, promptTokens);

    /// <summary>Reads tokens from a position on, whose keys and values the working cache then has.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="ids">The tokens.</param>
    /// <param name="visual">[n, width] that stand at the positions from 1 on, where the tokens begin at 0; otherwise none.</param>
    /// <param name="first">Position of the first token.</param>
    /// <returns>[tokens, width] after the last layer.</returns>
    public View<float> Read(in Pass pass, ReadOnlySpan<int> ids, View<float> visual, int first)
    {
        var x = model.Embed(pass, plan.Language, ids, visual);
        model.Run(pass, plan.Language, x, ids.Length, first);
        return x;
    }

    /// <summary>
    /// Reads the rest of a prompt, and gives new ids up to and including the first end token, at most <paramref name="maxTokens"/>. All but
    /// the last of them are in the cache, too.
    /// </summary>
    /// <param name="pass">What it runs on; its steps are those of reading.</param>
    /// <param name="rest">What the cache does not have yet, at least one token.</param>
    /// <param name="visual">As in <see cref="Read"/>.</param>
    /// <param name="first">Position of the first token of the rest.</param>
    /// <param name="choice">How ids are chosen.</param>
    /// <param name="maxTokens">New ids at most.</param>
    /// <param name="cancellation">Ends the generation.</param>
    public IEnumerable<int> Generate(Pass pass, int[] rest, View<float> visual, int first, TokenChoice choice, int maxTokens,
        CancellationToken cancellation)
    {
        var step = new int[1];
        var x = Read(pass, rest, visual, first);
        pass = pass with { Step = null };
        int row = rest.Length - 1;
        for (int i = 0; i < maxTokens; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            step[0] = choice.Next(pass, plan, model.Logits(pass, plan.Language, x, row));
            yield return step[0];
            if (i == maxTokens - 1 || config.EosTokenId.Contains(step[0]))
                yield break;
            cancellation.ThrowIfCancellationRequested();
            x = Read(pass, step, default, first + rest.Length + i);
            row = 0;
        }
    }
}
