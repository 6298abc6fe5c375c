// Buffers of a sample: random inputs that are the same each time, outputs that nobody wrote.

namespace HSENet.Kernels;

/// <summary>A buffer, the type of its elements, and whether a kernel writes it before anybody reads it.</summary>
readonly record struct SampleBuffer(View<byte> Bytes, Type Element, bool Written);

/// <summary>Hands out device memory for one launch and frees it afterwards.</summary>
/// <param name="device">Whose memory.</param>
/// <param name="weights">Type of the weights that the rung reads.</param>
/// <param name="activations">Type of the activations that it reads.</param>
/// <param name="fills">Whether there are values in the buffers; else nobody may read them.</param>
sealed class SampleMemory(Device device, WeightType weights, ActivationType activations, bool fills = true) : IDisposable
{
    const long MostBytes = 1L << 30;

    readonly List<DeviceMemory> _memories = [];
    readonly List<SampleBuffer> _buffers = [];

    /// <summary>What was handed out.</summary>
    public IReadOnlyList<SampleBuffer> Buffers => _buffers;

    /// <summary>Type of the activations that the rung reads.</summary>
    public ActivationType ActivationType => activations;

    /// <summary>Bytes handed out so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Floats in [-1, 1) of a shape; none when a size is below 1, which the operation's own check then names.</summary>
    public View<float> Floats(params ReadOnlySpan<int> shape) => Fill(shape, random => 2 * random.NextSingle() - 1);

    /// <summary>Random bytes of a shape.</summary>
    public View<byte> RandomBytes(params ReadOnlySpan<int> shape) => Fill(shape, random => (byte)random.Next(256));

    /// <summary>Ints in [0, below) of a shape.</summary>
    public View<int> Ints(int below, params ReadOnlySpan<int> shape) => Fill(shape, random => random.Next(below));

    /// <summary>Values in [-1, 1) of a type, as bytes.</summary>
    public View<byte> Values(FloatType type, params ReadOnlySpan<int> shape) =>
        type == FloatType.F64 ? Fill(shape, random => 2 * random.NextDouble() - 1).As<byte>() : Floats(shape).As<byte>();

    /// <summary>The given elements.</summary>
    public View<T> Elements<T>(params ReadOnlySpan<T> values) where T : unmanaged
    {
        var view = Allocate<T>(values.Length, written: false);
        if (!view.IsEmpty)
            device.Upload(values, view);
        return view;
    }

    /// <summary>Weights in the storage type that the rung reads.</summary>
    public Weights Weights(params ReadOnlySpan<int> shape)
    {
        if (weights == WeightType.F32)
            return new Weights(Floats(shape));
        if (weights == WeightType.BF16)
            return new Weights(BFloat16(shape), weights);
        var values = RandomBytes(shape);
        return new Weights(values, weights, Fill([(int)(values.Length / Kernels.Weights.ScaleGroup)], random => random.NextSingle() / 128));
    }

    /// <summary>Activations in [-1, 1) in the storage type that the rung reads.</summary>
    public Activations Activations(params ReadOnlySpan<int> shape) =>
        activations == ActivationType.F32 ? Floats(shape) : new Kernels.Activations(BFloat16(shape), activations);

    /// <summary>Activations that the kernel writes before anybody reads them.</summary>
    public Activations ActivationOutput(params ReadOnlySpan<int> shape) =>
        activations == ActivationType.F32 ? Output<float>(shape)
            : new Kernels.Activations(Output<ushort>(shape).As<byte>(), activations);

    /// <summary>Memory that the kernel writes before anybody reads it.</summary>
    public View<T> Output<T>(params ReadOnlySpan<int> shape) where T : unmanaged => Allocate<T>(Count<T>(shape), written: true);

    /// <summary>An output of a type, as bytes.</summary>
    public View<byte> Output(FloatType type, params ReadOnlySpan<int> shape) =>
        type == FloatType.F64 ? Output<double>(shape).As<byte>() : Output<float>(shape).As<byte>();

    /// <inheritdoc/>
    public void Dispose() => _memories.ForEach(memory => memory.Dispose());

    View<byte> BFloat16(ReadOnlySpan<int> shape) =>
        Fill(shape, random => (ushort)(BitConverter.SingleToUInt32Bits(2 * random.NextSingle() - 1) >> 16)).As<byte>();

    View<T> Fill<T>(ReadOnlySpan<int> shape, Func<Random, T> next) where T : unmanaged
    {
        if (!fills)
            return Allocate<T>(Count<T>(shape), written: true);
        var random = new Random(1 + _memories.Count);
        var values = new T[Count<T>(shape)];
        for (int i = 0; i < values.Length; i++)
            values[i] = next(random);
        return Elements<T>(values);
    }

    unsafe View<T> Allocate<T>(long count, bool written) where T : unmanaged
    {
        if (count == 0)
            return default;
        var memory = device.Allocate(count * sizeof(T), "sample");
        _memories.Add(memory);
        Bytes += count * sizeof(T);
        _buffers.Add(new(memory.Bytes, typeof(T), written));
        return memory.View<T>(0, count);
    }

    unsafe long Count<T>(ReadOnlySpan<int> shape) where T : unmanaged
    {
        Int128 count = 1;
        foreach (int size in shape)
            count = size < 1 ? 0 : Int128.Min(count * size, long.MaxValue);
        return count * sizeof(T) <= MostBytes - Bytes
            ? (long)count
            : throw new KernelArgumentException("sample", "sizes", $"buffers of at most {MostBytes} bytes in all",
                $"{count * sizeof(T) + Bytes}");
    }
}
