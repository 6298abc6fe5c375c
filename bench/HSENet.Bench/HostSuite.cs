// What is measured on the host: the shapes of the model's products and attention, one-row products, and the cost of a launch.
using HSENet.Bench.Peers;
using HSENet.Kernels;

namespace HSENet.Bench;

/// <summary>Times of one contender.</summary>
sealed record Line(string Name, Timing Seconds);

/// <summary>One measurement: contenders, ours first, and the figure that is compared with a target.</summary>
/// <param name="Name">Operation and shape.</param>
/// <param name="Lines">Times of all contenders.</param>
/// <param name="Figure">What is compared: "of the best peer's speed", "of the read bandwidth", "µs".</param>
/// <param name="Value">Our figure, with its spread over the rounds.</param>
/// <param name="Target">What it should reach.</param>
/// <param name="Work">Multiply-adds times two, or bytes.</param>
/// <param name="Unit">GFLOP or GB.</param>
sealed record Result(string Name, IReadOnlyList<Line> Lines, string Figure, Timing Value, double Target, double Work, string Unit);

sealed record Measurement(string Name, Func<Result> Run);

sealed partial class HostSuite : IDisposable
{
    // Threads of the other libraries look for work for up to 25 ms after a call.
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    readonly HostDevice _device;
    readonly TimeSpan _budget;

    public HostSuite(HostDevice device, TimeSpan budget)
    {
        _device = device;
        _budget = budget;
        Peers = [new OnnxRuntime(device.Threads), .. OpenBlas.TryOpen(device.Threads) is { } blas ? new IPeer[] { blas } : []];
    }

    public IReadOnlyList<IPeer> Peers { get; }

    public IEnumerable<Measurement> Measurements =>
    [
        Product(2049, 768, 3072), Product(277, 3072, 8192), Product(256, 128, 512), Product(13, 144, 100),
        .. Enum.GetValues<WeightType>().SelectMany(type => OneRow(3072, 8192, type)),
        Attention(2049, 12, 64),
        ProductBackward(2049, 768, 3072), ProductBackward(277, 3072, 8192), AttentionBackward(2049, 12, 64),
        // More threads than processors would measure the system's scheduler.
        .. new[] { 2, 8, 64 }.Where(threads => threads <= Math.Max(2, Environment.ProcessorCount)).Select(Launch),
    ];

    Measurement Product(int rows, int inputs, int outputs)
    {
        string name = $"product {rows}×{inputs}×{outputs}";
        return new(name, () =>
        {
            using var memory = new BenchMemory(_device);
            var arguments = memory.Linear(rows, inputs, outputs, WeightType.F32);
            Contender ours = new("HSENet", () => Linear.Forward(_device, arguments));
            Contender[] contenders = [ours,
                .. Peers.SelectMany(peer => peer.Product((nint)arguments.X.Address, (nint)arguments.W.Values.Address,
                (nint)arguments.Y.Address, rows, inputs, outputs))];
            // Sums of K products of values below 1, in any order: each errs by K·U of K at most.
            memory.CheckEqual(contenders, arguments.Y.Floats, 2.0 * inputs * inputs / (1 << 24));
            return AgainstPeers(name, contenders, 2.0 * rows * inputs * outputs);
        });
    }

    Measurement Attention(int tokens, int heads, int headSize)
    {
        string name = $"attention {heads}×{tokens}×{headSize}";
        return new(name, () =>
        {
            using var memory = new BenchMemory(_device);
            int width = heads * headSize;
            var arguments = memory.Attention(tokens, heads, headSize);
            Contender ours = new("HSENet", () => Kernels.Attention.Forward(_device, arguments));
            Contender[] contenders = [ours,
                .. Peers.SelectMany(peer => peer.Attention((nint)arguments.Q.Address, (nint)arguments.K.Address, (nint)arguments.V.Address,
                (nint)arguments.Y.Address, tokens, heads, headSize))];
            // Values below 1: weights err by twice their score's error, D²·U·scale, and the sums by S·U.
            memory.CheckEqual(contenders[..2], arguments.Y.Floats,
                2.0 * (2.0 * headSize * headSize * arguments.Scale + 2.0 * tokens) / (1 << 24));
            return AgainstPeers(name, contenders, 4.0 * heads * tokens * tokens * headSize);
        });
    }

    Result AgainstPeers(string name, Contender[] contenders, double operations)
    {
        var times = PairedTimer.Run(_budget, Pause, [.. contenders.Select(contender => contender.Run)]);
        int best = Enumerable.Range(1, contenders.Length - 1).MinBy(i => times[i].Median);
        return new(name, [.. contenders.Select((contender, i) => new Line(contender.Name, times[i]))], "of the best peer's speed",
            times.Speed(0, best), 0.95, operations / 1e9, "GFLOP");
    }

    // A model's weights are gigabytes, so that a token finds none of them in a cache. One matrix of this size it would find there in part:
    // all contenders go through several. A sample is all of them: milliseconds, in which a shared memory's speed evens out.
    const long ColdBytes = 512 << 20;

    // Two figures of the same rounds: ours against reading as many bytes in the fastest of several ways, and against the peers, which
    // read matrices of f32 of the same bytes altogether.
    IEnumerable<Measurement> OneRow(int inputs, int outputs, WeightType type)
    {
        string name = $"one row 1×{inputs}×{outputs} {type}";
        var timed = new Lazy<(PairedTimer Times, Contender[] Contenders, int Ways, double Bytes, double PeerBytes)>(() =>
        {
            using var memory = new BenchMemory(_device);
            LinearArguments[] products = Several(memory, inputs, outputs, type),
                full = type == WeightType.F32 ? products : Several(memory, inputs, outputs, WeightType.F32);
            long bytes = products.Sum(product => product.W.Values.Length + product.W.Scales.Length * sizeof(float));
            Contender[] readers = memory.Readers(bytes), peers = [.. Peers.SelectMany(peer => Each(full.Select(product =>
                peer.Product((nint)product.X.Address, (nint)product.W.Values.Address, (nint)product.Y.Address, 1, inputs, outputs))))];
            if (type == WeightType.F32)
                memory.CheckEqual([new("HSENet", () => Linear.Forward(_device, products[^1])), .. peers], products[^1].Y.Floats,
                    2.0 * inputs * inputs / (1 << 24));
            Contender[] contenders = [new("HSENet", () => Array.ForEach(products, product => Linear.Forward(_device, product))),
                .. readers, .. peers];
            return (PairedTimer.Run(_budget, Pause, [.. contenders.Select(contender => contender.Run)]), contenders, readers.Length, bytes,
                full.Sum(product => product.W.Values.Length));
        });
        yield return new(name, () =>
        {
            var (times, contenders, ways, bytes, _) = timed.Value;
            return Figure(name, times, contenders, 1..(1 + ways), "of the read bandwidth", 0.92, bytes, 1);
        });
        if (Peers.Count > 0)
            yield return new(name + " against peers", () =>
            {
                var (times, contenders, ways, bytes, peerBytes) = timed.Value;
                return Figure(name + " against peers", times, contenders, (1 + ways)..contenders.Length,
                    "of the best peer's bytes per second", 1, bytes, bytes / peerBytes);
            });
    }

    // Ours against the fastest of some contenders; a factor for what they do more or less.
    static Result Figure(string name, PairedTimer times, Contender[] contenders, Range others, string figure, double target, double bytes,
        double factor)
    {
        var (first, count) = others.GetOffsetAndLength(contenders.Length);
        int[] compared = [.. Enumerable.Range(first, count)];
        int best = compared.MinBy(i => times[i].Median);
        Timing speed = times.Speed(0, best);
        return new(name, [new("HSENet", times[0]), .. compared.OrderBy(i => times[i].Median).Select(i =>
            new Line(contenders[i].Name, Scaled(times[i], factor)))], figure, Scaled(speed, factor), target, bytes / 1e9, "GB");
    }

    static LinearArguments[] Several(BenchMemory memory, int inputs, int outputs, WeightType type)
    {
        int count = (int)(ColdBytes / ((long)inputs * outputs * Weights.BytesPerElement(type)));
        return [.. Enumerable.Range(0, count).Select(_ => memory.Linear(1, inputs, outputs, type))];
    }

    // What a peer offers for each matrix, as one contender for all of them.
    static IEnumerable<Contender> Each(IEnumerable<IEnumerable<Contender>> matrices)
    {
        Contender[][] offered = [.. matrices.Select(offers => offers.ToArray())];
        return Enumerable.Range(0, offered[0].Length).Select(i => new Contender(offered[0][i].Name + " (f32)",
            () => Array.ForEach(offered, matrix => matrix[i].Run())));
    }

    static Timing Scaled(Timing all, double factor) =>
        all with { Median = all.Median * factor, Lower = all.Lower * factor, Upper = all.Upper * factor };

    readonly struct Nothing : IHostWork
    {
        public void Run(int index, int worker) { }
    }

    static Measurement Launch(int threads)
    {
        string name = $"launch, {threads} threads";
        return new(name, () =>
        {
            using var device = new HostDevice(threads);
            // Busy: one after the other, as a decoded token launches; idle: the workers sleep before each.
            var idle = new double[300];
            for (int i = 0; i < idle.Length; i++)
            {
                Thread.Sleep(1);
                long start = System.Diagnostics.Stopwatch.GetTimestamp();
                device.For(threads, new Nothing());
                idle[i] = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
            var times = PairedTimer.Run(TimeSpan.FromSeconds(0.5), TimeSpan.Zero, () => device.For(threads, new Nothing()));
            var slow = Timing.Of(idle);
            return new(name, [new("busy pool", times[0]), new("sleeping pool", slow)], "µs",
                new(slow.Median * 1e6, slow.Lower * 1e6, slow.Upper * 1e6, slow.Rounds), 5, 0, "");
        });
    }

    public void Dispose()
    {
        foreach (var peer in Peers)
            peer.Dispose();
    }
}
