// The weights of a model folder on a device: bound by name where they are used, shapes checked there.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Binds tensors by name. Matrices are used in the type they are stored in, in place where the device can read a mapped file;
/// vectors are f32. A tensor that is trained comes from the parameter set instead, whether the folder has it or not; one that an adapter's
/// file lacks comes from the weights below it, which are in memory once, however many adapters stand on them.
/// </summary>
sealed unsafe class WeightStore(Device device, TensorSource source, ParameterSet? trained = null, WeightStore? below = null) : IDisposable
{
    readonly Dictionary<string, DeviceMemory> _memories = [];
    readonly HashSet<string> _bound = []; // of the trained ones

    /// <summary>The folder, in messages.</summary>
    public string Path => source.Path;

    /// <summary>Bytes of the bound tensors that are not trained.</summary>
    public long Bytes => _memories.Values.Sum(memory => memory.Bytes.Length);

    /// <summary>The device that holds the weights.</summary>
    public Device Device => device;

    /// <summary>Ends the binding between two tensors, while a model is opened.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether the tensor is in the folder or trained.</summary>
    public bool Has(string name) => source.TryGet(name, out _) || trained?.TryGet(name, out _) == true || Below(name)?.Has(name) == true;

    /// <summary>Tensors that no part of the model asked for.</summary>
    public IEnumerable<string> Unused =>
        source.Tensors.Select(tensor => tensor.Name).Where(name => !_memories.ContainsKey(name) && !_bound.Contains(name));

    /// <summary>Trained tensors that no part of the model asked for: they would never get a gradient.</summary>
    public IEnumerable<string> UnusedTrained =>
        (trained?.All ?? []).Select(parameter => parameter.Name).Where(name => !_bound.Contains(name));

    /// <summary>The gradient of a trained tensor, in its elements' order; empty when it is frozen or nothing is trained.</summary>
    public View<float> Gradient(string name) => trained?.TryGet(name, out var parameter) == true ? parameter.Gradient : default;

    /// <summary>A matrix [rows, columns]; leading dimensions of size 1 and trailing ones that multiply to the columns are the same
    /// bytes.</summary>
    /// <exception cref="HseNetFileException">The tensor is missing, has another size or a type that no kernel reads.</exception>
    public Weights Matrix(string name, long rows, long columns)
    {
        if (Trained(name, rows * columns) is { } parameter)
            return parameter.Weights;
        if (Below(name) is { } others)
            return others.Matrix(name, rows, columns);
        var entry = Checked(name, rows * columns, $"[{rows}, {columns}]");
        switch (entry.Type)
        {
            case DataType.F32:
                return new Weights(Memory(entry).Bytes, WeightType.F32);
            case DataType.BF16:
                return new Weights(Memory(entry).Bytes, WeightType.BF16);
            case DataType.I8:
                long groups = rows * columns / Weights.ScaleGroup;
                if (columns % Weights.ScaleGroup != 0)
                    throw new HseNetFileException(entry.File, $"{name}: int8 with {columns} columns",
                        $"a multiple of {Weights.ScaleGroup}");
                var scales = Checked(name + ScalesSuffix, groups, $"[{rows}, {columns / Weights.ScaleGroup}]");
                return new Weights(Memory(entry).Bytes, WeightType.Int8, Memory(scales).Bytes.As<float>());
            default:
                throw new HseNetFileException(entry.File, $"{name} is {entry.Type.Name()}", "F32, BF16 or I8");
        }
    }

    /// <summary>A vector of f32.</summary>
    /// <exception cref="HseNetFileException">The tensor is missing, has another size or is not F32.</exception>
    public View<float> Vector(string name, long length)
    {
        if (Trained(name, length) is { } parameter)
            return parameter.Values;
        if (Below(name) is { } others)
            return others.Vector(name, length);
        var entry = Checked(name, length, $"[{length}]");
        if (entry.Type != DataType.F32)
            throw new HseNetFileException(entry.File, $"{name} is {entry.Type.Name()}", "F32: converted folders keep vectors in f32");
        return Memory(entry).Bytes.As<float>();
    }

    /// <summary>Suffix of the tensor that holds the scales of an int8 matrix.</summary>
    public const string ScalesSuffix = ".scales";

    Parameter? Trained(string name, long elements)
    {
        if (trained?.TryGet(name, out var parameter) != true)
            return null;
        if (parameter!.Values.Length != elements)
            throw new ArgumentException($"the trained tensor {name} has {parameter.Values.Length} elements; the model needs {elements}");
        _bound.Add(name);
        return parameter;
    }

    // The base's own low-rank pairs are another adapter's.
    WeightStore? Below(string name) => source.TryGet(name, out _) || LoraConfig.Owns(name) ? null : below;

    TensorEntry Checked(string name, long elements, string shape)
    {
        Cancellation.ThrowIfCancellationRequested();
        if (!source.TryGet(name, out var entry))
            throw new HseNetFileException(source.Path, $"tensor {name} is missing", shape);
        if (entry.ElementCount != elements)
            throw new HseNetFileException(entry.File, $"tensor {name} is [{string.Join(", ", entry.Shape.ToArray())}]",
                $"{shape}, as its {ModelConfig.FileName} says");
        return entry;
    }

    DeviceMemory Memory(TensorEntry entry)
    {
        if (!_memories.TryGetValue(entry.Name, out var memory))
            _memories.Add(entry.Name, memory = device.Import((nint)entry.Pointer, entry.ByteLength, entry.Name));
        return memory;
    }

    public void Dispose()
    {
        foreach (var memory in _memories.Values)
            memory.Dispose();
        _memories.Clear();
        source.Dispose();
    }
}
