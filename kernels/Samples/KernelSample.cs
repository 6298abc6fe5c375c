// One launch of an operation that anybody can make: arguments of a chosen size on random data, for profiles and checks.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace HSENet.Kernels;

/// <summary>What a sample launched.</summary>
/// <param name="Sizes">The sizes, as in <c>Rows=64,Channels=768</c>.</param>
/// <param name="Shape">Grid and dynamic shared memory.</param>
/// <param name="BufferBytes">Bytes of all buffers.</param>
public sealed record SampleLaunch(string Sizes, LaunchShape Shape, long BufferBytes);

/// <summary>What a launch has to do, whatever the rung.</summary>
/// <param name="Operations">Multiplications and additions; null for operations that are not about arithmetic.</param>
/// <param name="Traffic">Bytes that must be read and written at least.</param>
public readonly record struct LaunchWork(double? Operations, double Traffic);

/// <summary>A launch of a sample that can be repeated.</summary>
public sealed class SampleRun : IDisposable
{
    readonly SampleMemory _memory;

    internal SampleRun(SampleLaunch facts, LaunchWork work, Action launch, SampleMemory memory) =>
        (Facts, Work, Launch, _memory) = (facts, work, launch, memory);

    /// <summary>All buffers, in the order in which they were made.</summary>
    internal IReadOnlyList<SampleBuffer> Buffers => _memory.Buffers;

    /// <summary>Sizes, grid and buffers.</summary>
    public SampleLaunch Facts { get; }

    /// <summary>Starts the rung; does not wait.</summary>
    public Action Launch { get; }

    /// <summary>What one launch has to do.</summary>
    public LaunchWork Work { get; }

    /// <summary>Frees the buffers.</summary>
    public void Dispose() => _memory.Dispose();
}

/// <summary>Arguments of an operation whose sizes can be changed by name.</summary>
public abstract class KernelSample
{
    /// <summary>The operation.</summary>
    public abstract Operation Operation { get; }

    /// <summary>Names of the sizes that can be changed: int fields of the arguments struct.</summary>
    public abstract IReadOnlyList<string> SizeNames { get; }

    /// <summary>The choices that can be made by name: enum fields of the arguments struct, with the names that each may have.</summary>
    public abstract IReadOnlyDictionary<string, IReadOnlyList<string>> Choices { get; }

    /// <summary>Launches a rung on random data and waits for it.</summary>
    /// <param name="device">Where; a device that can run the rung.</param>
    /// <param name="rung">A rung of <see cref="Operation"/>.</param>
    /// <param name="sizes">Sizes that differ from the sample's own, by name.</param>
    /// <exception cref="KernelArgumentException">A size has no such name, or the sizes do not fit each other.</exception>
    /// <exception cref="NoRungException">The rung cannot compute these sizes.</exception>
    public SampleLaunch Launch(Device device, Rung rung, IReadOnlyDictionary<string, int>? sizes = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        using var run = Prepare(device, rung, sizes);
        run.Launch();
        device.Synchronize();
        return run.Facts;
    }

    /// <summary>Makes buffers of random data for a rung that is to be launched many times.</summary>
    /// <param name="device">Where; a device that can run the rung.</param>
    /// <param name="rung">A rung of <see cref="Operation"/>.</param>
    /// <param name="sizes">Sizes that differ from the sample's own, by name.</param>
    /// <param name="weights">Storage type of the weights for a rung that takes any; f32 unless told otherwise.</param>
    /// <exception cref="KernelArgumentException">A size has no such name, or the sizes do not fit each other.</exception>
    /// <exception cref="NoRungException">The rung cannot compute these sizes.</exception>
    public abstract SampleRun Prepare(Device device, Rung rung, IReadOnlyDictionary<string, int>? sizes = null,
        WeightType weights = WeightType.F32);

    /// <summary>Whether a rung can compute these sizes and may be chosen for them; nothing is filled in and nothing launched.</summary>
    /// <exception cref="KernelArgumentException">A size has no such name, or the sizes do not fit each other.</exception>
    internal abstract bool Suits(Device device, Rung rung, IReadOnlyDictionary<string, int> sizes);

    /// <summary>What a launch of the operation has to do, from its arguments.</summary>
    /// <param name="arguments">The operation's arguments struct.</param>
    /// <exception cref="ArgumentException">They are another operation's.</exception>
    public abstract LaunchWork Work(object arguments);

    /// <summary>The sizes in arguments, as in <c>Rows=64,Channels=768</c>.</summary>
    /// <param name="arguments">The operation's arguments struct.</param>
    public abstract string Sizes(object arguments);

    /// <summary>The type in which the weights that the arguments name are stored; none where they name none.</summary>
    /// <param name="arguments">The operation's arguments struct.</param>
    public abstract WeightType? StoredAs(object arguments);

    /// <summary>The sample of a rung's operation.</summary>
    /// <exception cref="NoRungException">There is none.</exception>
    public static KernelSample Of(Rung rung)
    {
        ArgumentNullException.ThrowIfNull(rung);
        return KernelSamples.All.FirstOrDefault(sample => sample.Operation.Rungs.Contains(rung.Ladder))
            ?? throw new NoRungException($"{rung.Operation}: there is no sample of its arguments");
    }
}

/// <summary>A sample with its arguments type.</summary>
/// <param name="operation">The operation.</param>
/// <param name="bind">Makes buffers that fit the sizes, and fills in what follows from them.</param>
/// <param name="starts">The sizes; several where rungs take different element types: the first that a rung accepts counts.</param>
sealed class KernelSample<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] TArguments>(
    Operation<TArguments> operation, Func<SampleMemory, TArguments, TArguments> bind,
    params TArguments[] starts)
    : KernelSample where TArguments : unmanaged
{
    const int LargestSize = 1 << 24;

    static readonly FieldInfo[] IntFields = [.. typeof(TArguments).GetFields().Where(member => member.FieldType == typeof(int))];

    static readonly FieldInfo[] EnumFields = [.. typeof(TArguments).GetFields().Where(member => member.FieldType.IsEnum)];

    static readonly FieldInfo[] BufferFields = [.. typeof(TArguments).GetFields().Where(member => member.FieldType == typeof(Weights)
        || member.FieldType == typeof(Activations)
        || member.FieldType.IsGenericType && member.FieldType.GetGenericTypeDefinition() == typeof(View<>))];

    // What a sample leaves at zero follows from the other sizes.
    readonly FieldInfo[] _fields = [.. IntFields.Where(size => (int)size.GetValue(starts[0])! != 0)];

    public override Operation Operation => operation;

    public override IReadOnlyList<string> SizeNames => [.. _fields.Select(size => size.Name)];

    public override IReadOnlyDictionary<string, IReadOnlyList<string>> Choices =>
        EnumFields.ToDictionary(choice => choice.Name, choice => (IReadOnlyList<string>)Enum.GetNames(choice.FieldType));

    /// <summary>Multiplications and additions of one launch.</summary>
    public Func<TArguments, double>? Operations { get; init; }

    /// <summary>Bytes that a launch must move, where that is not every buffer once.</summary>
    public Func<TArguments, double>? Traffic { get; init; }

    public override SampleRun Prepare(Device device, Rung rung, IReadOnlyDictionary<string, int>? sizes = null,
        WeightType weights = WeightType.F32)
    {
        var typed = (Rung<TArguments>)rung;
        var (changed, arguments, memory) = Bound(device, typed, sizes, weights, fills: true)
            ?? throw new NoRungException($"{operation.Name}: {rung.Name} cannot compute these sizes");
        return new SampleRun(new SampleLaunch(Sizes(changed), typed.Launch?.Invoke(arguments) ?? default, memory.Bytes),
            Work(arguments), () => operation.Launch(device, typed, arguments), memory);
    }

    internal override bool Suits(Device device, Rung rung, IReadOnlyDictionary<string, int> sizes)
    {
        var typed = (Rung<TArguments>)rung;
        if (Bound(device, typed, sizes, WeightType.F32, fills: false) is not var (_, arguments, memory))
            return false;
        using (memory)
            return Operation<TArguments>.CanRun(device, typed, arguments) && typed.Suits(arguments);
    }

    // The first start that the rung accepts with these sizes, and its buffers.
    (object Sizes, TArguments Arguments, SampleMemory Memory)? Bound(Device device, Rung<TArguments> rung,
        IReadOnlyDictionary<string, int>? sizes, WeightType weights, bool fills)
    {
        foreach (var start in starts)
        {
            object changed = start;
            foreach (var (name, value) in sizes ?? new Dictionary<string, int>())
                Set(changed, name, value);
            var memory = new SampleMemory(device, rung.Weights ?? weights, rung.Activations ?? ActivationType.F32, fills);
            if (Bind(memory, rung, (TArguments)changed) is { } arguments)
                return (changed, arguments, memory);
        }
        return null;
    }

    public override LaunchWork Work(object arguments) => arguments is TArguments typed
        ? new LaunchWork(Operations?.Invoke(typed), Traffic?.Invoke(typed) ?? BufferFields.Sum(field => Bytes(field.GetValue(arguments)!)))
        : throw new ArgumentException($"{operation.Name} takes {typeof(TArguments).Name}");

    public override WeightType? StoredAs(object arguments) => BufferFields.Select(field => field.GetValue(arguments))
        .OfType<Weights>().Where(weights => !weights.IsEmpty).Select(weights => (WeightType?)weights.Type).FirstOrDefault();

    public override string Sizes(object arguments) => string.Join(',', _fields.Select(size => $"{size.Name}={size.GetValue(arguments)}"));

    static double Bytes(object buffer) => buffer switch
    {
        View<float> view => view.Length * sizeof(float),
        View<int> view => view.Length * sizeof(int),
        View<double> view => view.Length * sizeof(double),
        View<byte> view => view.Length,
        Activations activations => activations.Values.Length,
        Weights weights => weights.Values.Length + weights.Scales.Length * sizeof(float),
        _ => throw new NotSupportedException($"{buffer.GetType()}: a buffer of no known type"),
    };

    // Null, and the memory is given back, if the rung does not accept the arguments.
    TArguments? Bind(SampleMemory memory, Rung<TArguments> rung, TArguments sizes)
    {
        bool kept = false;
        try
        {
            var arguments = bind(memory, sizes);
            operation.Check(arguments);
            kept = ((Rung<TArguments>)rung.Ladder).Accepts(arguments);
            return kept ? arguments : null;
        }
        finally
        {
            if (!kept)
                memory.Dispose();
        }
    }

    // A choice is the number of its name.
    void Set(object arguments, string name, int value)
    {
        if (Array.Find(EnumFields, field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } choice)
            choice.SetValue(arguments, value >= 0 && value < Enum.GetNames(choice.FieldType).Length
                ? Enum.Parse(choice.FieldType, Enum.GetNames(choice.FieldType)[value])
                : throw new KernelArgumentException(operation.Name, name, string.Join(", ", Enum.GetNames(choice.FieldType)), $"{value}"));
        else
            Field(name).SetValue(arguments, value is >= 0 and <= LargestSize ? value
                : throw new KernelArgumentException(operation.Name, name, $"0 to {LargestSize}", $"{value}"));
    }

    FieldInfo Field(string name) => _fields.FirstOrDefault(size => size.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new KernelArgumentException(operation.Name, name, $"one of {string.Join(", ", SizeNames)}", "a name that is none of them");
}
