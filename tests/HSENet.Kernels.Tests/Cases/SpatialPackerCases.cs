// Cases of the packer's operations: every window of the paper, a grid of unequal sides, channels beside the vector width.
namespace HSENet.Kernels.Tests;

static class SpatialPackerCases
{
    static readonly ((int D, int H, int W) Grid, (int D, int H, int W) Window, int Channels)[] Shapes =
    [
        ((4, 8, 8), (1, 4, 4), 32), ((4, 8, 8), (2, 2, 2), 16), ((2, 4, 12), (2, 4, 4), 70), ((1, 8, 16), (1, 8, 8), 144),
        ((3, 4, 10), (1, 2, 5), 7), ((8, 16, 16), (1, 4, 4), 3), ((1, 1, 1), (1, 1, 1), 1),
    ];

    public static IEnumerable<KernelCase> All =>
        [.. Numbers.ActivationTypes.SelectMany(type => Shapes.Select(s => Centroid(s.Grid, s.Window, s.Channels, type))),
            .. Shapes.Select((s, i) => Attention(s.Grid, s.Window, s.Channels)),
            Attention((4, 8, 8), (1, 4, 4), 32, type: ActivationType.BF16),
            Attention((2, 8, 8), (2, 8, 8), 1100, dropout: 0.25f, type: ActivationType.BF16),
                Attention((1, 8, 8), (1, 8, 4), 1028, dropout: 0.5f),
            // scores beyond what e^x can hold: only their difference from the largest counts
            Attention((2, 4, 4), (1, 4, 4), 32, spread: 15), Attention((2, 8, 8), (1, 4, 4), 20, dropout: 0.25f)];

    static KernelCase<WindowCentroidArguments> Centroid((int D, int H, int W) grid, (int D, int H, int W) window, int channels,
        ActivationType type)
    {
        int patches = grid.D * grid.H * grid.W, size = window.D * window.H * window.W;
        return new(WindowCentroid.ForwardOperation,
            memory => new WindowCentroidArguments
            {
                X = memory.Activations(Numbers.Uniform(patches * channels, 1), type),
                Y = memory.Output(patches / size * channels, type),
                Grid = new(grid, window),
                Channels = channels,
            },
            a =>
            {
                // A mean of n errs by at most (n + 3)·U of the mean magnitude: n sums, a share that may be rounded, its product.
                double[] y = WindowCentroid.Reference(a);
                double bound = Numbers.U * (size + 3);
                var magnitudes = new double[y.Length];
                for (int w = 0; w < patches / size; w++)
                    for (int i = 0; i < size; i++)
                        for (int c = 0; c < channels; c++)
                            magnitudes[w * channels + c] += Math.Abs(
                                ReferenceMath.Activation(a.X, Member(grid, window, w, i) * channels + c)) / size;
                return [Expected.Of(y, i => Numbers.Stored(a.Y.Type, y[i], bound * magnitudes[i]))];
            })
        {
            Name = $"{grid} in {window}, {channels} channels, {type}",
            Twins = patches == 1 ? [] : new()
            {
                ["patches shifted by one"] = a => a with { X = Earlier(a.X, channels) },
                ["window laid across instead of along"] = a => a with
                {
                    Grid = new((grid.W, grid.H, grid.D), (window.W, window.H, window.D)),
                },
            },
        };
    }

    static KernelCase<WindowAttentionArguments> Attention((int D, int H, int W) grid, (int D, int H, int W) window, int channels,
        float spread = 1, float dropout = 0, ActivationType type = ActivationType.F32)
    {
        int patches = grid.D * grid.H * grid.W, size = window.D * window.H * window.W;
        return new(WindowAttention.ForwardOperation,
            memory => new WindowAttentionArguments
            {
                Q = memory.Input(Numbers.Uniform(patches / size * channels, 1, spread)),
                K = memory.Activations(Numbers.Uniform(patches * channels, 2, spread), type),
                V = memory.Activations(Numbers.Uniform(patches * channels, 3), type),
                Y = memory.Output(patches / size * channels, type),
                Map = memory.Output(patches),
                Grid = new(grid, window),
                Channels = channels,
                DropoutRate = dropout,
                DropoutSeed = 11L << 32 | 5,
            },
            a =>
            {
                var (y, map) = WindowAttention.Reference(a);
                return SingleHeadBounds.Expect(y, map, size, channels, (w, d) => a.Q[w * channels + d],
                    (w, i, d) => ReferenceMath.Activation(a.K, Member(grid, window, w, i) * channels + d), (w, i, d) =>
                        ReferenceMath.Activation(a.V, Member(grid, window, w, i) * channels + d), a.DropoutRate, a.Y.Type);
            })
        {
            Name = $"{grid} in {window}, {channels} channels, dropout {dropout}, {type}",
            Twins = patches == 1 ? [] : new()
            {
                ["keys shifted by one patch"] = a => a with { K = Earlier(a.K, channels) },
                ["values shifted by one patch"] = a => a with { V = Earlier(a.V, channels) },
                ["centroids shifted by one channel"] = static a => a with { Q = new View<float>(a.Q.Address - 4, a.Q.Length) },
                ["dropout left out, or too much"] = static a => a with { DropoutRate = a.DropoutRate == 0 ? 0.5f : 0 },
            },
        };
    }

    static Activations Earlier(Activations x, int elements) =>
        Enumerable.Range(0, elements).Aggregate(x, (shifted, _) => Numbers.Shifted(shifted));

    // Patch i of window w, by splitting w and i into their digits.
    public static int Member((int D, int H, int W) grid, (int D, int H, int W) window, int w, int i)
    {
        int lines = grid.H / window.H, columns = grid.W / window.W;
        int d = w / columns / lines * window.D + i / window.W / window.H;
        int h = w / columns % lines * window.H + i / window.W % window.H;
        return (d * grid.H + h) * grid.W + w % columns * window.W + i % window.W;
    }
}
