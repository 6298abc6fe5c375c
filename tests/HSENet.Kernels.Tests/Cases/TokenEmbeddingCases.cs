// Cases of TokenEmbedding: words alone, visual tokens in place, the text encoder's position and token type, every weight type.
namespace HSENet.Kernels.Tests;

static class TokenEmbeddingCases
{
    const int Vocabulary = 31; // odd: half of the table is no whole number of rows

    public static IEnumerable<KernelCase> All
    {
        get
        {
            foreach (var type in Enum.GetValues<WeightType>())
            {
                int channels = type == WeightType.Int8 ? 256 : 133;
                yield return Case(1, channels, type, visual: 0);
                yield return Case(19, channels, type, visual: 17, visualStart: 1);
                foreach (var positionType in Enum.GetValues<WeightType>())
                    yield return Case(6, positionType == WeightType.Int8 ? 256 : channels, type, visual: 0, positionType: positionType);
            }
            // Whole vectors, more than a block of threads; beside int8 above.
            foreach (var type in new[] { WeightType.F32, WeightType.BF16 })
            {
                yield return Case(5, 524, type, visual: 2, visualStart: 1);
                foreach (var positionType in new[] { WeightType.F32, WeightType.BF16 })
                    yield return Case(6, 20, type, visual: 0, positionType: positionType);
            }
            yield return Case(4, 1, WeightType.F32, visual: 4);
            yield return Case(33, 16, WeightType.BF16, visual: 2, visualStart: 31);
        }
    }

    static KernelCase<TokenEmbeddingArguments> Case(int tokens, int channels, WeightType type, int visual, int visualStart = 0,
        WeightType? positionType = null) =>
        new(TokenEmbedding.ForwardOperation,
            memory => new TokenEmbeddingArguments
            {
                Ids = memory.Input([.. Enumerable.Range(0, tokens).Select(t => t == 0 ? Vocabulary - 1 : t * 7 % Vocabulary)]),
                Table = memory.Weights(Numbers.Uniform(Vocabulary * channels, 1), type),
                Visual = memory.Input(Numbers.Uniform(visual * channels, 2)),
                Position = positionType is { } stored ? memory.Weights(Numbers.Uniform((tokens + 5) * channels, 3), stored) : default,
                Added = positionType == null ? default : memory.Input(Numbers.Uniform(channels, 4)),
                Y = memory.Output(tokens * channels),
                Tokens = tokens,
                Channels = channels,
                VisualStart = visualStart,
                FirstPosition = positionType == null ? 0 : 5,
            },
            Expect)
        {
            Name = $"{tokens} tokens, {channels} channels, {type}, {visual} visual from {visualStart}, position {positionType}",
            Twins = positionType != null ? new()
            {
                ["positions from 0"] = static a => a with { FirstPosition = 0 },
                ["token type left out"] = static a => a with { Added = default },
            }
            : new()
            {
                ["table and visual tokens one element too far"] = static a => a with
                {
                    Table = new Weights(new View<byte>(a.Table.Values.Address + Weights.BytesPerElement(a.Table.Type),
                        a.Table.Values.Length), a.Table.Type, a.Table.Scales),
                    Visual = new View<float>(a.Visual.Address + 4, a.Visual.Length),
                },
            },
        };

    // Two sums, and int8's product of byte and scale.
    static Expected[] Expect(TokenEmbeddingArguments a)
    {
        double[] y = TokenEmbedding.Reference(a);
        return [Expected.Of(y, i => a.Position.IsEmpty && a.Table.Type != WeightType.Int8 ? 0 : Numbers.U * 4 * 3)];
    }
}
