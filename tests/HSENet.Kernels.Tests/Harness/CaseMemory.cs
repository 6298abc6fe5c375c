// Buffers of a test case on any device: inputs uploaded, outputs full of NaN, guard cells around them on the host.
using System.Numerics;
using System.Runtime.InteropServices;

namespace HSENet.Kernels.Tests;

/// <summary>Hands out views to a case's build function and keeps the outputs in the order they were asked for.</summary>
public sealed class CaseMemory(Device device) : IDisposable
{
    // The emulator has guards of its own and reports reads too; a guard inside the allocation would hide them from it.
    readonly int _guardBytes = device.Kind == DeviceKind.Host ? 256 : 0;
    readonly List<DeviceMemory> _memories = [];
    readonly List<(View<byte> All, View<byte> Values, Func<byte[], double[]> Read)> _outputs = [];

    const byte Guard = 0xA5;

    /// <summary>An input of any element type.</summary>
    public View<T> Input<T>(params T[] values) where T : unmanaged
    {
        if (values.Length == 0)
            return default;
        var (_, view) = Allocate<T>(values.Length);
        device.Upload<T>(values, view);
        return view;
    }

    /// <summary>A weight tensor, rounded to its storage type.</summary>
    public Weights Weights(float[] values, WeightType type) => type switch
    {
        WeightType.F32 => new Weights(Input(values)),
        WeightType.BF16 => new Weights(Input(Array.ConvertAll(values, Numbers.ToBFloat16)).As<byte>(), type),
        _ => QuantisedWeights(values),
    };

    /// <summary>An input of activations, rounded to their storage type.</summary>
    public Kernels.Activations Activations(float[] values, ActivationType type) =>
        type == ActivationType.F32 ? Input(values)
            : new Kernels.Activations(Input(Array.ConvertAll(values, Numbers.ToBFloat16)).As<byte>(), type);

    /// <summary>An output of activations, all NaN before the kernel runs.</summary>
    public Activations Output(int count, ActivationType type)
    {
        var output = InOut([.. Enumerable.Repeat(float.NaN, count)], type);
        (device as EmulatorDevice)?.MarkUninitialised(output.Values); // so that a read of it is reported
        return output;
    }

    /// <summary>Activations that the kernel also reads.</summary>
    public Activations InOut(float[] values, ActivationType type)
    {
        if (type == ActivationType.F32)
            return InOut(values);
        var (all, view) = Allocate<ushort>(values.Length);
        _outputs.Add((all, view.As<byte>(), bytes => Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(),
            stored => (double)BitConverter.UInt32BitsToSingle((uint)stored << 16))));
        device.Upload<ushort>(Array.ConvertAll(values, Numbers.ToBFloat16), view);
        return new(view.As<byte>(), type);
    }

    /// <summary>An output, all NaN before the kernel runs.</summary>
    public View<float> Output(int count) => Output<float>(count);

    /// <summary>An output of any number type, all NaN or an unlikely pattern before the kernel runs.</summary>
    public View<T> Output<T>(int count) where T : unmanaged, INumber<T>
    {
        var view = Register<T>(count);
        T unwritten = typeof(T) == typeof(float)
            || typeof(T) == typeof(double) ? T.CreateChecked(double.NaN) : T.CreateTruncating(0x5B5B5B5B);
        device.Upload<T>(Enumerable.Repeat(unwritten, count).ToArray(), view);
        (device as EmulatorDevice)?.MarkUninitialised(view.As<byte>()); // so that a read of it is reported
        return view;
    }

    /// <summary>An output that the kernel also reads.</summary>
    public View<float> InOut(float[] values)
    {
        var view = Register<float>(values.Length);
        device.Upload<float>(values, view);
        return view;
    }

    /// <summary>An input of zeros: a gradient before anything is added to it.</summary>
    public View<float> Zeros(int count) => Input(new float[count]);

    View<T> Register<T>(int count) where T : unmanaged, INumber<T>
    {
        var (all, view) = Allocate<T>(count);
        _outputs.Add((all, view.As<byte>(), bytes => Array.ConvertAll(MemoryMarshal.Cast<byte, T>(bytes).ToArray(), double.CreateChecked)));
        return view;
    }

    /// <summary>Scratch memory that a kernel writes before it reads; not compared.</summary>
    public View<T> Scratch<T>(int count) where T : unmanaged => Allocate<T>(count).View;

    /// <summary>All outputs after the launch, in the order in which they were asked for.</summary>
    public IReadOnlyList<double[]> Outputs() => [.. _outputs.Select(output =>
    {
        var bytes = new byte[output.Values.Length];
        device.Download(output.Values, bytes);
        return output.Read(bytes);
    })];

    /// <summary>Fails when a kernel wrote beside an output.</summary>
    public void CheckGuards()
    {
        foreach (var (all, values, _) in _outputs)
        {
            var bytes = new byte[all.Length];
            device.Download(all, bytes);
            long start = values.Address - all.Address, end = start + values.Length;
            for (long i = 0; i < bytes.Length; i++)
                if ((i < start || i >= end) && bytes[i] != Guard)
                    Assert.Fail($"wrote {(i < start ? start - i : i - end + 1)} bytes {(i < start ? "before" : "behind")} an output of "
                        + $"{values.Length} bytes");
        }
    }

    unsafe (View<byte> All, View<T> View) Allocate<T>(int count) where T : unmanaged
    {
        long bytes = (long)count * sizeof(T);
        var memory = device.Allocate(Math.Max(1, bytes + 2 * _guardBytes), "case");
        _memories.Add(memory);
        if (_guardBytes > 0)
            memory.Bytes.AsSpan().Fill(Guard);
        return (memory.Bytes, memory.View<T>(_guardBytes, count));
    }

    Weights QuantisedWeights(float[] values)
    {
        var scales = new float[values.Length / Kernels.Weights.ScaleGroup];
        var quantised = new sbyte[values.Length];
        for (int g = 0; g < scales.Length; g++)
        {
            var group = values.AsSpan(g * Kernels.Weights.ScaleGroup, Kernels.Weights.ScaleGroup);
            float largest = 0;
            foreach (float value in group)
                largest = Math.Max(largest, Math.Abs(value));
            scales[g] = largest / 127;
            for (int i = 0; i < group.Length; i++)
                quantised[g * Kernels.Weights.ScaleGroup + i] = (sbyte)Math.Round(group[i] / scales[g]);
        }
        return new Weights(Input(MemoryMarshal.Cast<sbyte, byte>(quantised).ToArray()), WeightType.Int8, Input(scales));
    }

    public void Dispose() => _memories.ForEach(memory => memory.Dispose());
}

/// <summary>Random inputs and number formats of the tests.</summary>
public static class Numbers
{
    /// <summary>Unit roundoff of f32.</summary>
    public const double U = 1.0 / (1 << 24);

    /// <summary>Uniform values in [centre − spread, centre + spread), the same for the same seed.</summary>
    public static float[] Uniform(int count, int seed, float spread = 1, float centre = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => centre + spread * (2 * random.NextSingle() - 1))];
    }

    /// <summary>Unit roundoff of bf16.</summary>
    public const double BFloat16 = 1.0 / (1 << 8);

    /// <summary>The types of activations.</summary>
    public static readonly ActivationType[] ActivationTypes = Enum.GetValues<ActivationType>();

    /// <summary>The error that is allowed of a value once it is stored: rounding adds that of the value that was computed.</summary>
    public static double Stored(ActivationType type, double value, double allowed) =>
        type == ActivationType.F32 ? allowed : allowed + BFloat16 * (Math.Abs(value) + allowed);

    /// <summary>The tensor that begins an element earlier.</summary>
    public static Activations Shifted(Activations x) =>
        new(new View<byte>(x.Address - Activations.BytesPerElement(x.Type), x.Values.Length), x.Type);

    /// <summary>The nearest bf16, ties to even.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
