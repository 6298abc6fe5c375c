// Cases of Attention.Backward: every mask and grouping, fused gradients and caches, sizes beside vectors, blocks and parts, dropout.
namespace HSENet.Kernels.Tests;

static class AttentionBackwardCases
{
    static readonly HostDevice Host = new(1);

    public static IEnumerable<KernelCase> All =>
    [
        Case("one key", queries: 1, keys: 1, heads: 1, groups: 1, size: 1),
        Case("fused", batch: 2, queries: 21, keys: 21, heads: 3, groups: 3, size: 20),
        Case("peaked", queries: 67, keys: 35, heads: 2, groups: 2, size: 64, spread: 4),
        Case("prompt", queries: 33, keys: 33, heads: 6, groups: 2, size: 16, causal: 1),
        Case("prompt behind a cache", batch: 2, queries: 7, keys: 150, heads: 4, groups: 1, size: 8, causal: 1),
        Case("several blocks of queries and keys", queries: 200, keys: 300, heads: 2, groups: 1, size: 24, causal: 1),
        Case("several parts of the queries", queries: 350, keys: 9, heads: 6, groups: 2, size: 5),
        Case("dropout", batch: 2, queries: 19, keys: 40, heads: 4, groups: 2, size: 16, rate: 0.25f),
    ];

    public static IEnumerable<AdjointCheck> Adjoints => [Adjoint(causal: 0, rate: 0), Adjoint(causal: 1, rate: 0.5f)];

    static AdjointCheck Adjoint(int causal, float rate)
    {
        const int queries = 3, keys = 4, heads = 2, size = 3;
        AttentionArguments Arguments(CaseMemory memory, float[][] x) => new()
        {
            Q = memory.Input(x[0]),
            K = memory.Input(x[1]),
            V = memory.Input(x[2]),
            QueryStride = heads * size,
            KeyStride = size,
            Batch = 1,
            Queries = queries,
            Keys = keys,
            QueryHeads = heads,
            KeyHeads = 1,
            HeadSize = size,
            Causal = causal,
            Scale = 0.5f,
            DropoutRate = rate,
            DropoutSeed = 5,
        };
        return new(Attention.BackwardOperation, [queries * heads * size, keys * size, keys * size], queries * heads * size,
            (memory, x) => Attention.Reference(Arguments(memory, x)),
            (memory, x, gradY) =>
            {
                var forward = Arguments(memory, x);
                var (gradQ, gradK, gradV) = Attention.BackwardReference(new()
                {
                    Forward = forward with { Y = memory.Input(ToFloat(Attention.Reference(forward))) },
                    GradY = memory.Input(gradY),
                });
                return [gradQ, gradK, gradV];
            });
    }

    // With as many queries as keys Q, K and V lie in one buffer, and so do their gradients; otherwise K and V are caches.
    static KernelCase<AttentionBackwardArguments> Case(string name, int queries, int keys, int heads, int groups, int size, int batch = 1,
        int causal = 0, float spread = 1, float rate = 0)
    {
        int queryWidth = heads * size, keyWidth = groups * size;
        bool fused = queries == keys;
        AttentionArguments Build(CaseMemory memory) =>
            AttentionCases.Arguments(memory, queries, keys, heads, groups, size, batch, causal, spread, rate);
        float[] y;
        using (var memory = new CaseMemory(Host))
            y = ToFloat(Attention.Reference(Build(memory)));
        return new(Attention.BackwardOperation,
            memory =>
            {
                var forward = Build(memory) with { Y = memory.Input(y) };
                var gradients = memory.Output((int)(fused ? forward.Q.Length : forward.Y.Length));
                var cache = fused ? default : memory.Output(2 * batch * keys * keyWidth);
                return new()
                {
                    Forward = forward,
                    GradY = memory.Input(Numbers.Uniform(batch * queries * queryWidth, 3)),
                    Scratch = memory.Scratch<float>(3 * batch * heads * queries),
                    GradQ = gradients,
                    GradK = fused ? gradients.Slice(queryWidth, gradients.Length - queryWidth) : cache.Slice(0, cache.Length / 2),
                    GradV = fused ? gradients.Slice(queryWidth + keyWidth, gradients.Length - queryWidth - keyWidth)
                        : cache.Slice(cache.Length / 2, cache.Length / 2),
                };
            },
            Expect)
        {
            Name = $"{name}: {batch}×{queries}×{keys}, {heads}/{groups} heads of {size}{(causal == 1 ? " causal" : "")}",
            Twins = keys == 1 ? [] : new()
            {
                ["scale left out"] = static a => a with { Scale = 1 },
                ["values shifted by one element"] = static a => a with { V = new View<float>(a.V.Address - 4, a.V.Length) },
                ["output shifted by one element"] = static a => a with { Y = new View<float>(a.Y.Address - 4, a.Y.Length) },
                ["gradient shifted by one element"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
                ["mask, dropout or keys mixed up"] = static a => a.Causal == 1 ? a with { Causal = 0 }
                    : a.DropoutRate > 0 ? a with { DropoutSeed = a.DropoutSeed + 1 }
                        : a with { K = new View<float>(a.K.Address - 4, a.K.Length) },
            },
        };
    }

    static float[] ToFloat(double[] values) => [.. values.Select(value => (float)value)];

    // A probability errs by the factor 1 ± r·U of the forward's cases; gradP and gradY·y by (D + 3)·U of their magnitudes; their
    // difference, the products and the factor by six roundings. Then sums of S or T·H/G products.
    static Expected[] Expect(AttentionBackwardArguments a)
    {
        int size = a.HeadSize, shared = a.QueryHeads / a.KeyHeads, keyWidth = a.KeyHeads * size;
        var (gradQ, gradK, gradV) = Attention.BackwardReference(a);
        double[] allowedQ = new double[gradQ.Length], allowedK = new double[gradK.Length], allowedV = new double[gradV.Length];
        for (int b = 0; b < a.Batch; b++)
            for (int h = 0; h < a.QueryHeads; h++)
                for (int t = 0; t < a.Queries; t++)
                {
                    int row = b * a.Queries + t, q = row * a.QueryStride + h * size, y = (row * a.QueryHeads + h) * size;
                    int Key(int s) => (b * a.Keys + s) * a.KeyStride + h / shared * size;
                    double Magnitude(Func<int, double> term) => Enumerable.Range(0, size).Sum(d => Math.Abs(term(d)));
                    double[] scores = Attention.ReferenceScores(a.Forward, b, h, t);
                    double largest = scores.Max(), sum = scores.Sum(score => Math.Exp(score - largest));
                    double scoreMagnitude = Enumerable.Range(0, scores.Length)
                        .Max(s => Magnitude(d => (double)a.Scale * a.Q[q + d] * a.K[Key(s) + d]));
                    double relative = 2 * (2 * (size + 2) * scoreMagnitude + (largest - scores.Min()) + 4) + 2 * scores.Length + 6;
                    double dot = Enumerable.Range(0, size).Sum(d => (double)a.GradY[y + d] * a.Y[y + d]),
                        dotMagnitude = Magnitude(d => (double)a.GradY[y + d] * a.Y[y + d]);
                    for (int s = 0; s < scores.Length; s++)
                    {
                        int key = Key(s), gradKey = (b * a.Keys + s) * keyWidth + h / shared * size;
                        double p = Math.Exp(scores[s] - largest) / sum, factor = Attention.ReferenceFactor(a.Forward, b, h, t, s);
                        double gradP = factor * Enumerable.Range(0, size).Sum(d => (double)a.GradY[y + d] * a.V[key + d]);
                        double gradPMagnitude = factor * Magnitude(d => (double)a.GradY[y + d] * a.V[key + d]);
                        double gradScore = a.Scale * p * Math.Abs(gradP - dot);
                        double error = (relative + 6) * gradScore + a.Scale * p * (size + 3) * (gradPMagnitude + dotMagnitude);
                        for (int d = 0; d < size; d++)
                        {
                            allowedQ[y + d] += Numbers.U * Math.Abs(a.K[key + d]) * (error + (a.Keys + 2) * gradScore);
                            allowedK[gradKey + d] += Numbers.U * Math.Abs(a.Q[q + d]) * (error + (a.Queries * shared + 2) * gradScore);
                            allowedV[gradKey + d] += Numbers.U * (relative + a.Queries * shared + 4) * p * factor
                                * Math.Abs(a.GradY[y + d]);
                        }
                    }
                }
        Expected queries = new(gradQ, allowedQ), keys = new(gradK, allowedK), values = new(gradV, allowedV);
        return a.Queries == a.Keys
            ? [new(Rows(queries.Values, keys.Values, values.Values), Rows(allowedQ, allowedK, allowedV))]
            : [queries, new([.. gradK, .. gradV], [.. allowedK, .. allowedV])];

        double[] Rows(double[] q, double[] k, double[] v) => [.. Enumerable.Range(0, a.Batch * a.Queries).SelectMany(row =>
            q.Skip(row * a.QueryHeads * size).Take(a.QueryHeads * size).Concat(k.Skip(row * keyWidth).Take(keyWidth))
                .Concat(v.Skip(row * keyWidth).Take(keyWidth)))];
    }
}
