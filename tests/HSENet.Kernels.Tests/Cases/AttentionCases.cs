// Cases of Attention: every mask and grouping, a fused qkv buffer and a cache, sizes beside the vector width and the blocks.
namespace HSENet.Kernels.Tests;

static class AttentionCases
{
    public static IEnumerable<KernelCase> All => Numbers.ActivationTypes.SelectMany(type => new KernelCase[]
    {
        Case(type, "one key", queries: 1, keys: 1, heads: 1, groups: 1, size: 1),
        Case(type, "fused qkv", batch: 2, queries: 21, keys: 21, heads: 3, groups: 3, size: 20),
        Case(type, "more queries than a block, peaked", queries: 67, keys: 35, heads: 2, groups: 2, size: 64, spread: 4),
        Case(type, "queries and keys beside the tiles", batch: 2, queries: 18, keys: 65, heads: 2, groups: 1, size: 100),
        Case(type, "prompt", queries: 33, keys: 33, heads: 6, groups: 2, size: 16, causal: 1),
        Case(type, "prompt behind a cache", batch: 2, queries: 7, keys: 20, heads: 4, groups: 1, size: 8, causal: 1),
        Case(type, "decode", queries: 1, keys: 150, heads: 6, groups: 2, size: 32, causal: 1),
        Case(type, "decode of a long text", queries: 1, keys: 1030, heads: 3, groups: 1, size: 24, causal: 1),
        Case(type, "decode of several sequences", batch: 3, queries: 1, keys: 67, heads: 9, groups: 1, size: 70, causal: 1),
        Case(type, "prompt over several blocks of keys", queries: 70, keys: 1100, heads: 2, groups: 1, size: 24, causal: 1),
        Case(type, "decode of a longer text", queries: 1, keys: 2300, heads: 2, groups: 2, size: 16, causal: 1),
        Case(type, "dropout", batch: 2, queries: 27, keys: 300, heads: 4, groups: 2, size: 16, rate: 0.25f),
        // Heads of tensor cores: beside a warp's 16 queries and the tiles of 64, every mask and grouping, one and several tiles.
        Case(type, "tensor cores, fused qkv", batch: 2, queries: 75, keys: 75, heads: 2, groups: 2, size: 64),
        Case(type, "tensor cores, peaked", queries: 9, keys: 130, heads: 1, groups: 1, size: 64, spread: 3),
        Case(type, "tensor cores, prompt behind a cache", queries: 70, keys: 200, heads: 2, groups: 1, size: 128, causal: 1),
        Case(type, "tensor cores, prompt", queries: 67, keys: 67, heads: 3, groups: 1, size: 64, causal: 1),
        Case(type, "dropout of one query", queries: 1, keys: 20, heads: 2, groups: 2, size: 4, rate: 0.25f),
    });

    static KernelCase<AttentionArguments> Case(ActivationType type, string name, int queries, int keys, int heads, int groups, int size,
        int batch = 1, int causal = 0, float spread = 1, float rate = 0) =>
        new(Attention.ForwardOperation,
            memory => Arguments(memory, queries, keys, heads, groups, size, batch, causal, spread, rate, type) with
            {
                Y = memory.Output(batch * queries * heads * size, type),
                LogSumExp = keys == 1 ? default : memory.Output(batch * heads * queries),
            },
            Expect)
        {
            Name = $"{name}: {batch}×{queries}×{keys}, {heads}/{groups} heads of {size}{(causal == 1 ? " causal" : "")}, {type}",
            Twins = keys == 1 ? [] : new()
            {
                ["scale missing"] = static a => a with { Scale = 1 },
                ["values shifted by one element"] = static a => a with { V = Numbers.Shifted(a.V) },
                ["last key dropped"] = static a =>
                    a.Batch == 1 && (a.Causal == 0 || a.Keys > a.Queries) ? a with { Keys = a.Keys - 1 } : a with { Scale = 0 },
                ["mask and heads mixed up"] = static a => a.Causal == 1 && a.Queries > 1 ? a with { Causal = 0 }
                    : a.DropoutRate > 0 ? a with { DropoutSeed = a.DropoutSeed + 1 }
                    : a.KeyHeads < a.QueryHeads ? a with { K = Numbers.Shifted(a.K) } : a with { Scale = -a.Scale },
            },
        };

    // All but the output. With as many queries as keys Q, K and V lie in one buffer, as the fused product leaves them; otherwise K and V
    // are caches.
    public static AttentionArguments Arguments(CaseMemory memory, int queries, int keys, int heads, int groups, int size, int batch,
        int causal, float spread, float rate, ActivationType type = ActivationType.F32)
    {
        int queryWidth = heads * size, keyWidth = groups * size, width = queryWidth + 2 * keyWidth;
        bool fused = queries == keys;
        var q = memory.Activations(Numbers.Uniform(batch * queries * (fused ? width : queryWidth), 1, spread), type);
        var cache = fused ? default : memory.Activations(Numbers.Uniform(2 * batch * keys * keyWidth, 2, spread), type);
        return new()
        {
            Q = q,
            K = fused ? q.Slice(queryWidth, q.Length - queryWidth) : cache.Slice(0, cache.Length / 2),
            V = fused ? q.Slice(queryWidth + keyWidth, q.Length - queryWidth - keyWidth) : cache.Slice(cache.Length / 2, cache.Length / 2),
            QueryStride = fused ? width : queryWidth,
            KeyStride = fused ? width : keyWidth,
            Batch = batch,
            Queries = queries,
            Keys = keys,
            QueryHeads = heads,
            KeyHeads = groups,
            HeadSize = size,
            Causal = causal,
            Scale = 1 / MathF.Sqrt(size),
            DropoutRate = rate,
            DropoutSeed = 1L << 40 | 77,
        };
    }

    // A score errs by E = (D + 2)·sum·scale·Σ|q·k|, its distance from the maximum by U of itself, the exponential by 4 U: each
    // weight by the factor 1 ± (2E + |distance|·U + 4U), above and below the fraction. The two sums add up to S roundings each, a running
    // maximum five more for every 32 keys, dropout's factor two. A weight is rounded before it
    // meets its value. The logarithm of the sum errs by E and by the relative error of the sum; the maximum, which is subtracted and added
    // again, by 8 U of itself.
    static Expected[] Expect(AttentionArguments a, Roundoff roundoff)
    {
        double[] y = Attention.Reference(a);
        double[] logSums = a.LogSumExp.IsEmpty ? [] : Attention.ReferenceLogSums(a);
        double[] allowed = new double[y.Length], allowedLogSums = new double[logSums.Length];
        for (int b = 0; b < a.Batch; b++)
            for (int h = 0; h < a.QueryHeads; h++)
                for (int t = 0; t < a.Queries; t++)
                {
                    int head = h / (a.QueryHeads / a.KeyHeads);
                    double[] scores = Attention.ReferenceScores(a, b, h, t);
                    double largest = scores.Max(), magnitude = 0, sum = scores.Sum(score => Math.Exp(score - largest));
                    for (int s = 0; s < scores.Length; s++)
                        magnitude = Math.Max(magnitude, Enumerable.Range(0, a.HeadSize).Sum(d => Math.Abs(a.Scale
                            * ReferenceMath.Activation(a.Q, (b * a.Queries + t) * a.QueryStride + h * a.HeadSize + d)
                                * ReferenceMath.Activation(a.K, (b * a.Keys + s) * a.KeyStride + head * a.HeadSize + d))));
                    double roundings = scores.Length + 5 * Math.Ceiling(scores.Length / 32.0);
                    double score = (a.HeadSize + 2) * roundoff.Sum * magnitude;
                    double relative = 2 * (2 * score + (largest - scores.Min() + 4) * Numbers.U) + 2 * roundings * roundoff.Sum
                        + roundoff.Factor + 6 * Numbers.U;
                    double[] weights = [.. scores.Select((score, s) =>
                        Math.Exp(score - largest) / sum * Attention.ReferenceFactor(a, b, h, t, s))];
                    if (logSums.Length > 0)
                    {
                        int row = (b * a.QueryHeads + h) * a.Queries + t;
                        allowedLogSums[row] = score + roundings * roundoff.Sum + (largest - scores.Min() + 4) * Numbers.U
                            + 8 * Numbers.U * (Math.Abs(largest) + Math.Abs(logSums[row]));
                    }
                    for (int d = 0; d < a.HeadSize; d++)
                    {
                        double values = 0;
                        for (int s = 0; s < scores.Length; s++)
                            values += weights[s] * Math.Abs(ReferenceMath.Activation(a.V, (b * a.Keys + s) * a.KeyStride + head * a.HeadSize + d));
                        int at = ((b * a.Queries + t) * a.QueryHeads + h) * a.HeadSize + d;
                        allowed[at] = Numbers.Stored(a.Y.Type, y[at], relative * values);
                    }
                }
        return logSums.Length == 0 ? [new(y, allowed)] : [new(y, allowed), new(logSums, allowedLogSums)];
    }
}
