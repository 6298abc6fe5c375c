// All memory that a forward pass needs, computed before anything is allocated; buffers whose lives do not overlap share it.
using System.Globalization;
using System.Text;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>A buffer in a <see cref="MemoryPlan"/>.</summary>
/// <param name="Name">What it holds.</param>
/// <param name="Offset">Byte offset in the arena.</param>
/// <param name="Bytes">Size in bytes.</param>
/// <param name="Type">How activations are stored in it.</param>
readonly record struct PlannedBuffer(string Name, long Offset, long Bytes, ActivationType Type = ActivationType.F32);

/// <summary>
/// The buffers of one (model, lengths) configuration, laid out as a stack: what is reserved inside a scope is free again when the scope
/// ends. Can be made and printed without weights and without a device.
/// </summary>
public sealed class MemoryPlan
{
    const long Alignment = 256; // any vector access, and what CUDA's allocator gives

    readonly List<PlannedBuffer> _buffers = [];
    long _top;

    internal MemoryPlan(ActivationType activations = ActivationType.F32) => Activations = activations;

    /// <summary>How tensors are stored that a product reads, or writes for another one; all others are f32.</summary>
    public ActivationType Activations { get; }

    /// <summary>Size of the arena in bytes.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>All buffers in the order in which they were reserved.</summary>
    internal IReadOnlyList<PlannedBuffer> Buffers => _buffers;

    /// <summary>The memory of a request beside weights and preprocessing, from the configuration alone: without weights, without a
    /// device.</summary>
    /// <param name="folder">The model's folder, of which only config.json is read.</param>
    /// <param name="promptTokens">Tokens of the prompt, the <see cref="HseNetModel.VisualTokens"/> included.</param>
    /// <param name="maxTokens">Tokens that are generated at most; what would pass the model's longest sequence is not counted.</param>
    /// <param name="activations">Those of the model: where <see cref="ModelOptions.Activations"/> is left out, f32 on the host, bf16 on a
    /// GPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1, or the prompt leaves no place in the model's longest
    /// sequence.</exception>
    /// <exception cref="HseNetFileException">The configuration cannot be read.</exception>
    public static MemoryPlan For(string folder, int promptTokens, int maxTokens, ActivationType activations = ActivationType.F32)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return For(ModelConfig.Read(folder), promptTokens, maxTokens, activations);
    }

    internal static MemoryPlan For(ModelConfig config, int promptTokens, int maxTokens, ActivationType activations = ActivationType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(promptTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        int longest = config.LanguageModel.MaxPositionEmbeddings;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(promptTokens, longest);
        return InferencePlan.ForRequest(config, promptTokens, promptTokens + Math.Min(maxTokens, longest - promptTokens), activations)
            .Memory;
    }

    internal PlannedBuffer Reserve(string name, long elements, int bytesPerElement = sizeof(float)) =>
        Reserve(name, checked(elements * bytesPerElement), ActivationType.F32);

    /// <summary>A tensor that a product reads, or writes for another one, in the plan's type of activations.</summary>
    internal PlannedBuffer ReserveActivations(string name, long elements) =>
        Reserve(name, checked(elements * Kernels.Activations.BytesPerElement(Activations)), Activations);

    PlannedBuffer Reserve(string name, long bytes, ActivationType type)
    {
        var buffer = new PlannedBuffer(name, _top, bytes, type);
        _buffers.Add(buffer);
        _top = checked(_top + (bytes + Alignment - 1) / Alignment * Alignment);
        TotalBytes = Math.Max(TotalBytes, _top);
        return buffer;
    }

    /// <summary>Buffers reserved until the result is disposed share their memory with what is reserved afterwards.</summary>
    internal Scope BeginScope() => new(this, _top);

    internal readonly struct Scope(MemoryPlan plan, long top) : IDisposable
    {
        public void Dispose() => plan._top = top;
    }

    /// <summary>A table of all buffers with offset and size.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var buffer in _buffers)
            text.AppendLine(CultureInfo.InvariantCulture, $"{buffer.Offset,16:N0} {buffer.Bytes,16:N0}  {buffer.Name}");
        text.Append(CultureInfo.InvariantCulture, $"{TotalBytes,33:N0}  bytes in all");
        return text.ToString();
    }
}

/// <summary>The one allocation behind a plan.</summary>
sealed class Arena(Device device, MemoryPlan plan) : IDisposable
{
    readonly DeviceMemory _memory = device.Allocate(Math.Max(1, plan.TotalBytes), "activations");

    public MemoryPlan Plan => plan;

    public Activations Activations(PlannedBuffer buffer) => new(Bytes(buffer), buffer.Type);

    public View<float> Floats(PlannedBuffer buffer) => buffer.Type != ActivationType.F32
        ? throw new InvalidOperationException($"{buffer.Name} holds {buffer.Type}, no floats")
        : _memory.View<float>(buffer.Offset, buffer.Bytes / sizeof(float));

    public View<byte> Bytes(PlannedBuffer buffer) => _memory.View<byte>(buffer.Offset, buffer.Bytes);

    public View<int> Integers(PlannedBuffer buffer) => _memory.View<int>(buffer.Offset, buffer.Bytes / sizeof(int));

    public void Dispose() => _memory.Dispose();
}

/// <summary>Sees named tensors of a forward pass while it runs: golden tests and the tour in data order.</summary>
delegate void TensorTap(string name, Activations values);

/// <summary>What a forward pass runs on.</summary>
readonly record struct Pass(Device Device, Arena Arena, TensorTap? Tap = null, Action? Step = null)
{
    /// <summary>Says that one more block or layer was started.</summary>
    public void Advance() => Step?.Invoke();

    public View<float> this[PlannedBuffer buffer] => Arena.Floats(buffer);

    /// <summary>A tensor in the plan's type of activations.</summary>
    public Activations Activations(PlannedBuffer buffer) => Arena.Activations(buffer);

    /// <summary>The first rows of such a tensor.</summary>
    public Activations ActivationRows(PlannedBuffer buffer, int rows, int columns) =>
        Arena.Activations(buffer).Slice(0, (long)rows * columns);

    /// <summary>The first rows of a buffer that may hold more.</summary>
    public View<float> Rows(PlannedBuffer buffer, int rows, int columns) => Arena.Floats(buffer).Slice(0, (long)rows * columns);

    public void Show(string name, Activations values) => Tap?.Invoke(name, values);

    // The names are joined only when somebody looks: a decoded token allocates nothing.
    public void Show(string part, string name, Activations values) => Tap?.Invoke($"{part}.{name}", values);
}
