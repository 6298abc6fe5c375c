// Cases of RotaryEmbedding: a prompt, one token in the middle of a cache, all and part of a head rotated, halves beside the vector width.
namespace HSENet.Kernels.Tests;

static class RotaryEmbeddingCases
{
    public static IEnumerable<KernelCase> All => Numbers.ActivationTypes.SelectMany(type => new KernelCase[]
    {
        Case(type, tokens: 1, first: 0, queryHeads: 1, keyHeads: 1, headSize: 2, rotary: 2),
        Case(type, tokens: 5, first: 0, queryHeads: 2, keyHeads: 1, headSize: 128, rotary: 96),
        Case(type, tokens: 9, first: 3, queryHeads: 3, keyHeads: 3, headSize: 20, rotary: 14),
        Case(type, tokens: 1, first: 17, queryHeads: 6, keyHeads: 2, headSize: 48, rotary: 36),
        Case(type, tokens: 1, first: 300, queryHeads: 24, keyHeads: 8, headSize: 128, rotary: 128),
        Case(type, tokens: 3, first: 5, queryHeads: 3, keyHeads: 2, headSize: 20, rotary: 16),
    });

    public static (float[] Cosine, float[] Sine) Tables(int positions, int rotary)
    {
        var cosine = new float[positions * (rotary / 2)];
        var sine = new float[cosine.Length];
        RotaryEmbedding.Tables(Numbers.Uniform(rotary / 2, 5, centre: 1.5f, spread: 0.5f), 10000, 1024, 192, cosine, sine);
        return (cosine, sine);
    }

    static KernelCase<RotaryEmbeddingArguments> Case(ActivationType type, int tokens, int first, int queryHeads, int keyHeads, int headSize,
        int rotary)
    {
        const int spare = 2; // rows of the cache and of the tables that must stay as they are
        int positions = first + tokens + spare, row = keyHeads * headSize;
        var (cosine, sine) = Tables(positions, rotary);
        return new(RotaryEmbedding.ForwardOperation,
            memory => new RotaryEmbeddingArguments
            {
                QueryKeyValue = memory.InOut(Numbers.Uniform(tokens * (queryHeads + 2 * keyHeads) * headSize, 1), type),
                Cosine = memory.Input(cosine),
                Sine = memory.Input(sine),
                KeyCache = memory.InOut(Numbers.Uniform(positions * row, 2), type),
                ValueCache = memory.InOut(Numbers.Uniform(positions * row, 3), type),
                Tokens = tokens,
                FirstPosition = first,
                QueryHeads = queryHeads,
                KeyHeads = keyHeads,
                HeadSize = headSize,
                RotaryDimensions = rotary,
            },
            Expect)
        {
            Name = $"{tokens} tokens from {first}, {queryHeads} and {keyHeads} heads of {headSize}, {rotary} rotated, {type}",
            Twins = new()
            {
                ["one position later"] = static a => a with { FirstPosition = a.FirstPosition + 1 },
                ["sine and cosine exchanged"] = static a => a with { Sine = a.Cosine, Cosine = a.Sine },
            },
        };
    }

    // Two products and a sum: three roundings of values that are at most the sum of the products' magnitudes; what is copied is exact.
    static Expected[] Expect(RotaryEmbeddingArguments a)
    {
        var (all, keys, values) = RotaryEmbedding.Reference(a);
        double largest = 0, scale = 0;
        for (int i = 0; i < a.QueryKeyValue.Length; i++)
            largest = Math.Max(largest, Math.Abs(ReferenceMath.Activation(a.QueryKeyValue, i)));
        for (int i = 0; i < a.Cosine.Length; i++)
            scale = Math.Max(scale, Math.Abs(a.Cosine[i]) + Math.Abs(a.Sine[i]));
        double allowed = 3 * Numbers.U * largest * scale;
        return [Expected.Of(all, i => Numbers.Stored(a.QueryKeyValue.Type, all[i], allowed)),
            Expected.Of(keys, i => Numbers.Stored(a.KeyCache.Type, keys[i], allowed)), Expected.Of(values, _ => 0)];
    }
}
