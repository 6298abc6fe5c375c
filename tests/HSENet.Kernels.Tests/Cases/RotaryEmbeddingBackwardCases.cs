// Cases of RotaryEmbedding.Backward: from the first position and behind it, all and part of a head rotated, halves beside the vector width.
namespace HSENet.Kernels.Tests;

static class RotaryEmbeddingBackwardCases
{
    const int Spare = 2; // rows behind the last position, which no token reads

    public static IEnumerable<KernelCase> All =>
    [
        Case(tokens: 1, first: 0, queryHeads: 1, keyHeads: 1, headSize: 2, rotary: 2),
        Case(tokens: 5, first: 0, queryHeads: 2, keyHeads: 1, headSize: 128, rotary: 96),
        Case(tokens: 9, first: 3, queryHeads: 3, keyHeads: 3, headSize: 20, rotary: 14),
    ];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            // The output is what the forward writes: the queries in their row, then the rows of both caches.
            const int tokens = 2, queryHeads = 2, keyHeads = 1, headSize = 6, rotary = 4, width = (queryHeads + 2 * keyHeads) * headSize;
            const int queries = queryHeads * headSize, keys = keyHeads * headSize;
            var (cosine, sine) = RotaryEmbeddingCases.Tables(tokens, rotary);
            yield return new(RotaryEmbedding.BackwardOperation, [tokens * width], tokens * width,
                (memory, x) =>
                {
                    var (all, keyCache, valueCache) = RotaryEmbedding.Reference(new()
                    {
                        QueryKeyValue = memory.Input(x[0]),
                        Cosine = memory.Input(cosine),
                        Sine = memory.Input(sine),
                        KeyCache = memory.Zeros(tokens * keys),
                        ValueCache = memory.Zeros(tokens * keys),
                        Tokens = tokens,
                        QueryHeads = queryHeads,
                        KeyHeads = keyHeads,
                        HeadSize = headSize,
                        RotaryDimensions = rotary,
                    });
                    return [.. Enumerable.Range(0, tokens).SelectMany(t => all.Skip(t * width).Take(queries)), .. keyCache, .. valueCache];
                },
                (memory, _, gradY) =>
                {
                    var gradients = new float[tokens * width];
                    for (int t = 0; t < tokens; t++)
                        Array.Copy(gradY, t * queries, gradients, t * width, queries);
                    return [RotaryEmbedding.BackwardReference(new()
                    {
                        GradQueryKeyValue = memory.Input(gradients),
                        Cosine = memory.Input(cosine),
                        Sine = memory.Input(sine),
                        GradKeys = memory.Input(gradY[(tokens * queries)..(tokens * (queries + keys))]),
                        GradValues = memory.Input(gradY[(tokens * (queries + keys))..]),
                        Tokens = tokens,
                        QueryHeads = queryHeads,
                        KeyHeads = keyHeads,
                        HeadSize = headSize,
                        RotaryDimensions = rotary,
                    })];
                });
        }
    }

    static KernelCase<RotaryEmbeddingBackwardArguments> Case(int tokens, int first, int queryHeads, int keyHeads, int headSize, int rotary)
    {
        int positions = first + tokens + Spare, row = keyHeads * headSize;
        var (cosine, sine) = RotaryEmbeddingCases.Tables(positions, rotary);
        return new(RotaryEmbedding.BackwardOperation,
            memory => new RotaryEmbeddingBackwardArguments
            {
                GradQueryKeyValue = memory.InOut(Numbers.Uniform(tokens * (queryHeads + 2 * keyHeads) * headSize, 1)),
                Cosine = memory.Input(cosine),
                Sine = memory.Input(sine),
                GradKeys = memory.Input(Numbers.Uniform(positions * row, 2)),
                GradValues = memory.Input(Numbers.Uniform(positions * row, 3)),
                Tokens = tokens,
                FirstPosition = first,
                QueryHeads = queryHeads,
                KeyHeads = keyHeads,
                HeadSize = headSize,
                RotaryDimensions = rotary,
            },
            Expect)
        {
            Name = $"{tokens} tokens from {first}, {queryHeads} and {keyHeads} heads of {headSize}, {rotary} rotated",
            Twins = new()
            {
                ["one position later"] = static a => a with { FirstPosition = a.FirstPosition + 1 },
                ["sine and cosine exchanged"] = static a => a with { Sine = a.Cosine, Cosine = a.Sine },
                ["keys and values exchanged"] = static a => a with { GradKeys = a.GradValues, GradValues = a.GradKeys },
            },
        };
    }

    // Two products and a sum: three roundings of values that are at most the sum of the products' magnitudes.
    static Expected[] Expect(RotaryEmbeddingBackwardArguments a)
    {
        double scale = 0;
        for (int i = 0; i < a.Cosine.Length; i++)
            scale = Math.Max(scale, Math.Abs(a.Cosine[i]) + Math.Abs(a.Sine[i]));
        return [Expected.Of(RotaryEmbedding.BackwardReference(a), _ => 3 * Numbers.U * scale)];
    }
}
