// Cases of TokenEmbedding.Backward: ids that repeat, visual tokens in place, the text encoder's position and token type, each gradient
// alone.
namespace HSENet.Kernels.Tests;

static class TokenEmbeddingBackwardCases
{
    const int Vocabulary = 5; // few ids for many tokens

    public static IEnumerable<KernelCase> All =>
    [
        Case(19, 133, table: true, position: true, added: true, visual: 0),
            Case(9, 70, table: true, position: false, added: false, visual: 3, visualStart: 1),
        Case(6, 128, table: false, position: true, added: false, visual: 0),
            Case(7, 1, table: false, position: false, added: true, visual: 0),
        Case(4, 7, table: false, position: false, added: false, visual: 4), Case(1, 1, table: true, position: true, added: true, visual: 0),
    ];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int tokens = 6, channels = 3, visual = 2;
            int[] ids = [4, 0, 1, 4, 4, 2];
            foreach (bool seen in new[] { false, true })
                yield return new(TokenEmbedding.BackwardOperation,
                    [Vocabulary * channels, (tokens + 1) * channels, channels, visual * channels], tokens * channels,
                    (memory, x) => TokenEmbedding.Reference(new()
                    {
                        Ids = memory.Input(ids),
                        Table = memory.Weights(x[0], WeightType.F32),
                        Position = memory.Weights(x[1], WeightType.F32),
                        Added = memory.Input(x[2]),
                        Visual = memory.Input(x[3]),
                        Tokens = tokens,
                        Channels = channels,
                        VisualStart = seen ? 1 : 4,
                        FirstPosition = 1,
                    }),
                    (memory, x, gradY) =>
                    {
                        var (gradTable, gradPosition, gradAdded, gradVisual) = TokenEmbedding.BackwardReference(new()
                        {
                            Ids = memory.Input(ids),
                            GradY = memory.Input(gradY),
                            GradTable = memory.Zeros(Vocabulary * channels),
                            GradPosition = memory.Zeros((tokens + 1) * channels),
                            GradAdded = memory.Zeros(channels),
                            GradVisual = memory.Zeros(visual * channels),
                            Tokens = tokens,
                            Channels = channels,
                            Vocabulary = Vocabulary,
                            VisualStart = seen ? 1 : 4,
                            FirstPosition = 1,
                        });
                        return [gradTable, gradPosition, gradAdded, gradVisual];
                    });
        }
    }

    static KernelCase<TokenEmbeddingBackwardArguments> Case(int tokens, int channels, bool table, bool position, bool added, int visual,
        int visualStart = 0) =>
        new(TokenEmbedding.BackwardOperation,
            memory => new TokenEmbeddingBackwardArguments
            {
                Ids = memory.Input([.. Enumerable.Range(0, tokens).Select(t => t * 7 % 3 + (t % 4 == 0 ? 2 : 0))]),
                GradY = memory.Input(Numbers.Uniform(tokens * channels, 1)),
                GradTable = table ? memory.InOut(Numbers.Uniform(Vocabulary * channels, 2)) : default,
                GradPosition = position ? memory.InOut(Numbers.Uniform((tokens + 5) * channels, 3)) : default,
                GradAdded = added ? memory.InOut(Numbers.Uniform(channels, 4)) : default,
                GradVisual = visual > 0 ? memory.Output(visual * channels) : default,
                Tokens = tokens,
                Channels = channels,
                Vocabulary = Vocabulary,
                VisualStart = visualStart,
                FirstPosition = position ? 4 : 0,
            },
            Expect)
        {
            Name = $"{tokens} tokens, {channels} "
                + $"channels{(table ? " table" : "")}{(position ? " position" : "")}{(added ? " added" : "")}, {visual} visual from "
                + $"{visualStart}",
            Twins = tokens == 1 ? [] : new()
            {
                ["gradient shifted by one"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
                ["last token dropped, or all but one"] = static a =>
                    a.GradVisual.IsEmpty ? a with { Tokens = a.Tokens - 1 }
                    : a with { GradY = new View<float>(a.GradY.Address + 4, a.GradY.Length) },
            },
        };

    // Sums of at most T gradients and what was there.
    static Expected[] Expect(TokenEmbeddingBackwardArguments a)
    {
        var (gradTable, gradPosition, gradAdded, gradVisual) = TokenEmbedding.BackwardReference(a);
        using var memory = new CaseMemory(Host);
        View<float> Magnitudes(View<float> view) => memory.Input(Array.ConvertAll(view.AsSpan().ToArray(), Math.Abs));
        var (table, position, added, _) = TokenEmbedding.BackwardReference(a with
        {
            GradY = Magnitudes(a.GradY),
            GradTable = Magnitudes(a.GradTable),
            GradPosition = Magnitudes(a.GradPosition),
            GradAdded = Magnitudes(a.GradAdded),
        });
        var expected = new List<Expected>();
        foreach (var (values, magnitudes) in new[] { (gradTable, table), (gradPosition, position), (gradAdded, added) })
            if (values.Length > 0)
                expected.Add(Expected.Of(values, i => Numbers.U * a.Tokens * magnitudes[i]));
        if (gradVisual.Length > 0)
            expected.Add(Expected.Of(gradVisual, _ => 0));
        return [.. expected];
    }

    static readonly HostDevice Host = new(1);
}
