// Cases of the packer's backward operations: windows of unequal sides, more than a block of windows, dropout, channels beside the vector
// width.
namespace HSENet.Kernels.Tests;

static class SpatialPackerBackwardCases
{
    const long Seed = 11L << 32 | 5;

    static readonly ((int D, int H, int W) Grid, (int D, int H, int W) Window, int Channels, float Dropout)[] Shapes =
    [
        ((4, 8, 8), (1, 4, 4), 32, 0.1f), ((2, 4, 12), (2, 4, 4), 70, 0), ((3, 4, 10), (1, 2, 5), 7, 0.5f),
            ((8, 8, 16), (1, 4, 2), 3, 0.25f),
        ((1, 8, 8), (1, 8, 8), 144, 0.1f), ((1, 1, 1), (1, 1, 1), 1, 0),
    ];

    public static IEnumerable<KernelCase> All =>
        [.. Shapes.Select(s => Centroid(s.Grid, s.Window, s.Channels)),
            .. Shapes.Select(s => Attention(s.Grid, s.Window, s.Channels, s.Dropout))];

    public static IEnumerable<AdjointCheck> Adjoints
    {
        get
        {
            const int patches = 2 * 2 * 4, size = 4, channels = 5;
            yield return new(WindowCentroid.BackwardOperation, [patches * channels], patches / size * channels,
                (memory, x) => WindowCentroid.Reference(
                    new()
                    {
                        X = memory.Input(x[0]),
                        Grid = new((2, 2, 4), (1, 2, 2)),
                        Channels = channels
                    }),
                (memory, x, gradY) => [WindowCentroid.BackwardReference(new()
                {
                    GradY = memory.Input(gradY),
                    GradX = memory.Zeros(patches * channels),
                    Grid = new((2, 2, 4), (1, 2, 2)),
                    Channels = channels,
                })]);
            foreach (float rate in new[] { 0, 0.25f })
            {
                WindowAttentionArguments Arguments(CaseMemory memory, float[][] x) => new()
                {
                    Q = memory.Input(x[0]),
                    K = memory.Input(x[1]),
                    V = memory.Input(x[2]),
                    Grid = new((2, 2, 4), (1, 2, 2)),
                    Channels = channels,
                    DropoutRate = rate,
                    DropoutSeed = Seed,
                };
                yield return new(WindowAttention.BackwardOperation, [patches / size * channels, patches * channels, patches * channels],
                    patches / size * channels,
                    (memory, x) => WindowAttention.Reference(Arguments(memory, x)).Y,
                    (memory, x, gradY) =>
                    {
                        var forward = Arguments(memory, x);
                        var (gradQ, gradK, gradV) = WindowAttention.BackwardReference(new()
                        {
                            Q = forward.Q,
                            K = forward.K.Floats,
                            V = forward.V.Floats,
                            Map = memory.Input(Array.ConvertAll(WindowAttention.Reference(forward).Map, weight => (float)weight)),
                            GradY = memory.Input(gradY),
                            Grid = new((2, 2, 4), (1, 2, 2)),
                            Channels = channels,
                            DropoutRate = rate,
                            DropoutSeed = Seed,
                        });
                        return [gradQ, gradK, gradV];
                    });
            }
        }
    }

    static KernelCase<WindowCentroidBackwardArguments> Centroid((int D, int H, int W) grid, (int D, int H, int W) window, int channels)
    {
        int patches = grid.D * grid.H * grid.W, size = window.D * window.H * window.W;
        return new(WindowCentroid.BackwardOperation,
            memory => new WindowCentroidBackwardArguments
            {
                GradY = memory.Input(Numbers.Uniform(patches / size * channels, 1)),
                GradX = memory.InOut(Numbers.Uniform(patches * channels, 2)),
                Grid = new(grid, window),
                Channels = channels,
            },
            a =>
            {
                // The share is rounded twice at most, its sum once.
                double[] gradX = WindowCentroid.BackwardReference(a);
                return [Expected.Of(gradX, i => Numbers.U * (3 * Math.Abs(gradX[i] - a.GradX[i]) + Math.Abs(gradX[i])))];
            })
        {
            Name = $"{grid} in {window}, {channels} channels",
            Twins = patches == 1 ? [] : new()
            {
                ["windows shifted by one channel"] = static a => a with { GradY = new View<float>(a.GradY.Address - 4, a.GradY.Length) },
                ["gradient that was there shifted by one channel"] = static a =>
                    a with { GradX = new View<float>(a.GradX.Address + 4, a.GradX.Length) },
            },
        };
    }

    static KernelCase<WindowAttentionBackwardArguments> Attention((int D, int H, int W) grid, (int D, int H, int W) window, int channels,
        float dropout)
    {
        int patches = grid.D * grid.H * grid.W, size = window.D * window.H * window.W;
        return new(WindowAttention.BackwardOperation,
            memory => new WindowAttentionBackwardArguments
            {
                Q = memory.Input(Numbers.Uniform(patches / size * channels, 1)),
                K = memory.Input(Numbers.Uniform(patches * channels, 2)),
                V = memory.Input(Numbers.Uniform(patches * channels, 3)),
                Map = memory.Input(Numbers.Uniform(patches, 4, 1f / size, 1f / size)),
                GradY = memory.Input(Numbers.Uniform(patches / size * channels, 5)),
                GradQ = memory.Output(patches / size * channels),
                GradK = memory.Output(patches * channels),
                GradV = memory.Output(patches * channels),
                Grid = new(grid, window),
                Channels = channels,
                DropoutRate = dropout,
                DropoutSeed = Seed,
            },
            a =>
            {
                var (gradQ, gradK, gradV) = WindowAttention.BackwardReference(a);
                double[] scores = SingleHeadBounds.ScoreMagnitudes(a.Map, size, channels, (w, d) => a.GradY[w * channels + d],
                    (w, i, d) => a.V[SpatialPackerCases.Member(grid, window, w, i) * channels + d], i =>
                        Dropout.ReferenceFactor(a.DropoutSeed, i, a.DropoutRate));
                var place = new int[patches]; // of a patch in the map
                for (int i = 0; i < patches; i++)
                    place[SpatialPackerCases.Member(grid, window, i / size, i % size)] = i;
                double U = Numbers.U * (channels + size + 12);
                return
                [
                    Expected.Of(gradQ, i => (U + Numbers.U * size) * Enumerable.Range(i / channels * size, size).Sum(j =>
                        scores[j] * Math.Abs(a.K[SpatialPackerCases.Member(grid, window, j / size, j % size) * channels + i % channels]))),
                    Expected.Of(gradK, i => U * scores[place[i / channels]]
                        * Math.Abs(a.Q[place[i / channels] / size * channels + i % channels])),
                    Expected.Of(gradV, i => 5 * Numbers.U * Math.Abs(gradV[i])),
                ];
            })
        {
            Name = $"{grid} in {window}, {channels} channels, dropout {dropout}",
            Twins = patches == 1 ? [] : new()
            {
                ["keys shifted by one patch"] = a => a with { K = new View<float>(a.K.Address - 4 * channels, a.K.Length) },
                ["values shifted by one patch"] = a => a with { V = new View<float>(a.V.Address - 4 * channels, a.V.Length) },
                ["centroids shifted by one channel"] = static a => a with { Q = new View<float>(a.Q.Address - 4, a.Q.Length) },
                ["map shifted by one patch"] = static a => a with { Map = new View<float>(a.Map.Address - 4, a.Map.Length) },
                ["dropout left out, or too much"] = static a => a with { DropoutRate = a.DropoutRate == 0 ? 0.5f : 0 },
            },
        };
    }
}
