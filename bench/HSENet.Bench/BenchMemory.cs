// Inputs and outputs of measurements in native memory, and the check that all contenders compute the same.
using System.Runtime.InteropServices;
using HSENet.Bench.Peers;
using HSENet.Kernels;

namespace HSENet.Bench;

sealed class BenchMemory(HostDevice device) : IDisposable
{
    readonly List<DeviceMemory> _memories = [];
    readonly Random _random = new(1);

    public LinearArguments Linear(int rows, int inputs, int outputs, WeightType type) => new()
    {
        X = Floats((long)rows * inputs),
        W = Matrix((long)outputs * inputs, type),
        Y = Floats((long)rows * outputs),
        Rows = rows,
        Inputs = inputs,
        Outputs = outputs,
    };

    Weights Matrix(long elements, WeightType type) => type switch
    {
        WeightType.F32 => new(Floats(elements)),
        WeightType.BF16 => new(Allocate<ushort>(elements, () => (ushort)_random.Next(0x3C00, 0x3F00)).As<byte>(), type),
        _ => new(Allocate<byte>(elements, () => (byte)_random.Next(256)), type, Floats(elements / Weights.ScaleGroup)),
    };

    public AttentionArguments Attention(int tokens, int heads, int headSize) => new()
    {
        Q = Floats((long)tokens * heads * headSize),
        K = Floats((long)tokens * heads * headSize),
        V = Floats((long)tokens * heads * headSize),
        Y = Floats((long)tokens * heads * headSize),
        QueryStride = heads * headSize,
        KeyStride = heads * headSize,
        Batch = 1,
        Queries = tokens,
        Keys = tokens,
        QueryHeads = heads,
        KeyHeads = heads,
        HeadSize = headSize,
        Scale = 1 / MathF.Sqrt(headSize),
    };

    /// <summary>The gradients of input and weights of a product.</summary>
    public LinearBackwardArguments Backward(in LinearArguments product) => new()
    {
        GradY = product.Y.Floats,
        W = product.W,
        X = product.X.Floats,
        GradX = Floats(product.X.Length),
        GradW = Floats(product.W.Length),
        Rows = product.Rows,
        Inputs = product.Inputs,
        Outputs = product.Outputs,
    };

    /// <summary>The gradients of queries, keys and values of an attention that has been computed.</summary>
    public AttentionBackwardArguments Backward(in AttentionArguments attention) => new()
    {
        Q = attention.Q.Floats,
        K = attention.K.Floats,
        V = attention.V.Floats,
        Y = attention.Y.Floats,
        GradY = Floats(attention.Y.Length),
        GradQ = Floats(attention.Q.Length),
        GradK = Floats(attention.K.Length),
        GradV = Floats(attention.V.Length),
        Scratch = Floats(Kernels.Attention.BackwardScratch(attention.Batch, attention.QueryHeads, attention.Queries)),
        QueryStride = attention.QueryStride,
        KeyStride = attention.KeyStride,
        Batch = attention.Batch,
        Queries = attention.Queries,
        Keys = attention.Keys,
        QueryHeads = attention.QueryHeads,
        KeyHeads = attention.KeyHeads,
        HeadSize = attention.HeadSize,
        Scale = attention.Scale,
    };

    /// <summary>Every way of reading that many bytes of memory on all threads.</summary>
    public Contender[] Readers(long bytes)
    {
        var values = Floats(bytes / sizeof(float));
        var sums = Floats(device.Threads * 16L);
        return [.. HostSweep.Ways.Select(way => new Contender(way.Name, () => way.Read(device, values, sums)))];
    }

    /// <summary>Runs each contender once and compares what it leaves in <paramref name="y"/> with what the first one does.</summary>
    /// <param name="contenders">Who computes it.</param>
    /// <param name="y">What all of them write, or add to.</param>
    /// <param name="bound">How much two may differ.</param>
    /// <param name="before">What is there before each run.</param>
    /// <exception cref="InvalidOperationException">They differ by more than the bound, or one leaves part of it unwritten.</exception>
    public void CheckEqual(Contender[] contenders, View<float> y, double bound, float before = float.NaN)
    {
        float[]? first = null;
        foreach (var contender in contenders)
        {
            y.AsSpan().Fill(before);
            contender.Run();
            first ??= y.AsSpan().ToArray();
            for (int i = 0; i < first.Length; i++)
                if (!(Math.Abs(y[i] - first[i]) <= bound))
                    throw new InvalidOperationException(
                        $"{contender.Name}: element {i} is {y[i]:R}, {contenders[0].Name} has {first[i]:R}");
        }
    }

    View<float> Floats(long count) => Allocate(count, () => 2 * _random.NextSingle() - 1);

    View<T> Allocate<T>(long count, Func<T> next) where T : unmanaged
    {
        var memory = device.Allocate(count * Marshal.SizeOf<T>(), "benchmark");
        _memories.Add(memory);
        var view = memory.View<T>(0, count);
        foreach (ref T value in view.AsSpan())
            value = next();
        return view;
    }

    public void Dispose() => _memories.ForEach(memory => memory.Dispose());
}
