// All trained tensors of a run in one allocation.
using System.Diagnostics.CodeAnalysis;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Where everything of the trained tensors lies: first all values, then all gradients, both moments, the bf16 copies.</summary>
sealed class ParameterPlan
{
    /// <summary>The buffers of one tensor.</summary>
    public readonly record struct Slot(TrainableTensor Tensor, PlannedBuffer Values, PlannedBuffer Gradient, PlannedBuffer FirstMoment,
        PlannedBuffer SecondMoment, PlannedBuffer Rounded);

    /// <summary>Plans the tensors in their order; makes no allocation.</summary>
    /// <param name="tensors">What is trained.</param>
    /// <param name="rounded">Whether kernels read matrices in bf16.</param>
    public ParameterPlan(IReadOnlyList<TrainableTensor> tensors, bool rounded)
    {
        PlannedBuffer[] values = Reserve("value"), gradients = Reserve("gradient"), first = Reserve("first_moment"),
            second = Reserve("second_moment");
        var copies = tensors.Select(tensor =>
            rounded && tensor.IsMatrix ? Memory.Reserve($"{tensor.Name}.bf16", tensor.Count, sizeof(ushort)) : default).ToArray();
        Slots = [.. tensors.Select((tensor, i) => new Slot(tensor, values[i], gradients[i], first[i], second[i], copies[i]))];

        PlannedBuffer[] Reserve(string kind) => [.. tensors.Select(tensor => Memory.Reserve($"{tensor.Name}.{kind}", tensor.Count))];
    }

    public MemoryPlan Memory { get; } = new();

    public IReadOnlyList<Slot> Slots { get; }
}

/// <summary>The trained tensors on a device, in a fixed order.</summary>
sealed class ParameterSet : IDisposable
{
    readonly Arena _arena;
    readonly Dictionary<string, Parameter> _byName;
    readonly View<float> _gradients;

    /// <summary>Allocates everything: gradients and moments are zero, values undefined until <see cref="SetValues"/>.</summary>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    public ParameterSet(Device device, ParameterPlan plan)
    {
        Device = device;
        _arena = new Arena(device, plan.Memory);
        All = [.. plan.Slots.Select(slot =>
            new Parameter(slot.Tensor.Name, slot.Tensor.Shape, _arena.Floats(slot.Values), _arena.Floats(slot.Gradient),
            _arena.Floats(slot.FirstMoment), _arena.Floats(slot.SecondMoment),
                slot.Rounded.Bytes > 0 ? _arena.Bytes(slot.Rounded) : default, slot.Tensor.Decays))];
        _byName = All.ToDictionary(parameter => parameter.Name);
        if (All.Count > 0)
            _gradients = new View<float>(All[0].Gradient.Address, (All[0].FirstMoment.Address - All[0].Gradient.Address) / sizeof(float));
        foreach (var parameter in All)
        {
            device.Clear(parameter.FirstMoment.As<byte>());
            device.Clear(parameter.SecondMoment.As<byte>());
        }
        ClearGradients();
    }

    /// <summary>The device that holds them.</summary>
    public Device Device { get; }

    /// <summary>Size of the allocation.</summary>
    public long Bytes => _arena.Plan.TotalBytes;

    /// <summary>All trained tensors.</summary>
    public IReadOnlyList<Parameter> All { get; }

    /// <summary>The trained tensor of this name, if it is trained.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out Parameter? parameter) => _byName.TryGetValue(name, out parameter);

    /// <summary>Sets all gradients to zero: the start of a step.</summary>
    public void ClearGradients()
    {
        if (!_gradients.IsEmpty)
            Device.Clear(_gradients.As<byte>());
    }

    /// <summary>Sets the master values and, where there is one, the bf16 copy.</summary>
    public void SetValues(Parameter parameter, ReadOnlySpan<float> values)
    {
        Device.Upload(values, parameter.Values);
        if (parameter.Rounded.IsEmpty)
            return;
        var rounded = new ushort[values.Length];
        for (int i = 0; i < rounded.Length; i++)
            rounded[i] = Round(values[i]);
        Device.Upload<ushort>(rounded, parameter.Rounded.As<ushort>());
    }

    /// <summary>Sets the values of all tensors from a source that has them under the same names.</summary>
    /// <exception cref="HseNetFileException">A tensor is missing or has another number of elements.</exception>
    public void Load(TensorSource source)
    {
        foreach (var parameter in All)
            Load(parameter, source);
    }

    /// <summary>Sets the values of one tensor from a source that has it under the same name.</summary>
    /// <exception cref="HseNetFileException">The tensor is missing or has another number of elements.</exception>
    public void Load(Parameter parameter, TensorSource source)
    {
        var entry = source.Get(parameter.Name);
        if (entry.ElementCount != parameter.Values.Length)
            throw new HseNetFileException(entry.File, $"tensor {entry} does not fit", $"[{string.Join(", ", parameter.Shape)}]");
        SetValues(parameter, entry.ToSingles());
    }

    public void Dispose() => _arena.Dispose();

    /// <summary>A value in bf16: to nearest, ties to even; a NaN, which rounding could make infinite, keeps a bit that says so.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? bits >> 16 | 0x40 : bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }
}
