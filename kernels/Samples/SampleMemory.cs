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
    public View<float> Floats(params ReadOnlySpan<int> shape) => Singles(shape, 2, -1);

    /// <summary>Random bytes of a shape.</summary>
    public View<byte> RandomBytes(params ReadOnlySpan<int> shape) => Fill<byte>(shape, (numbers, values) =>
    {
        for (int i = 0; i < numbers.Length; i++)
            values[i] = (byte)SampleDraws.Below(numbers[i], 256);
        return numbers.Length;
    });

    /// <summary>Ints in [0, below) of a shape.</summary>
    public View<int> Ints(int below, params ReadOnlySpan<int> shape) => Fill<int>(shape, (numbers, values) =>
    {
        for (int i = 0; i < numbers.Length; i++)
            values[i] = SampleDraws.Below(numbers[i], below);
        return numbers.Length;
    });

    /// <summary>Values in [-1, 1) of a type, as bytes.</summary>
    public View<byte> Values(FloatType type, params ReadOnlySpan<int> shape) =>
        type == FloatType.F64 ? Doubles(shape).As<byte>() : Floats(shape).As<byte>();

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
        return new Weights(values, weights, Singles([(int)(values.Length / Kernels.Weights.ScaleGroup)], 1f / 128, 0));
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

    View<double> Doubles(ReadOnlySpan<int> shape) => Fill<double>(shape, (numbers, values) =>
    {
        for (int i = 0; i < numbers.Length; i++)
            values[i] = 2 * SampleDraws.Double(numbers[i]) - 1;
        return numbers.Length;
    });

    View<float> Singles(ReadOnlySpan<int> shape, float factor, float added) => Fill<float>(shape, (numbers, values) =>
    {
        int made = 0;
        foreach (int number in numbers)
            if (SampleDraws.TrySingle(number, out float single))
                values[made++] = factor * single + added;
        return made;
    });

    View<byte> BFloat16(ReadOnlySpan<int> shape) => Fill<ushort>(shape, (numbers, values) =>
    {
        int made = 0;
        foreach (int number in numbers)
            if (SampleDraws.TrySingle(number, out float single))
                values[made++] = (ushort)(BitConverter.SingleToUInt32Bits(2 * single - 1) >> 16);
        return made;
    }).As<byte>();

    View<T> Fill<T>(ReadOnlySpan<int> shape, SampleDraws.Conversion<T> convert) where T : unmanaged
    {
        if (!fills)
            return Allocate<T>(Count<T>(shape), written: true);
        T[] values = GC.AllocateUninitializedArray<T>(checked((int)Count<T>(shape)));
        SampleDraws.Fill<T>(1 + _memories.Count, values, convert);
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
