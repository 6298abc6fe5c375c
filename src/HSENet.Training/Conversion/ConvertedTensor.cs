// One tensor on its way into a model folder: where its elements come from, and how they are rounded on the way.
using System.Runtime.InteropServices;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Fills a span with elements from an index on.</summary>
delegate void ElementReader(long first, Span<float> destination);

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Name in the model folder.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Type">F32, BF16 or I8.</param>
/// <param name="Read">Where the elements come from.</param>
/// <param name="Source">The stored tensor when it is taken over unchanged; its bytes are copied if the type is the same.</param>
sealed record ConvertedTensor(string Name, long[] Shape, DataType Type, ElementReader Read, TensorEntry? Source)
{
    const int Chunk = 1 << 20; // a multiple of the scale group; two chunks of floats are all that conversion holds

    /// <summary>Number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>A stored tensor, taken over as it is but for its type.</summary>
    public static ConvertedTensor From(TensorEntry entry, string name, DataType type) =>
        new(name, entry.Shape.ToArray(), type, entry.ToSingles, entry);

    /// <summary>What the file must hold: the tensor, and its scales when it is int8.</summary>
    public IEnumerable<TensorDescription> Descriptions
    {
        get
        {
            yield return new TensorDescription(Name, Type, Shape);
            // One that is int8 already has its scales beside it, as a tensor of their own.
            if (Type == DataType.I8 && Source?.Type != DataType.I8)
                yield return new TensorDescription(Name + WeightStore.ScalesSuffix, DataType.F32,
                    [.. Shape[..^1], Shape[^1] / Weights.ScaleGroup]);
        }
    }

    /// <summary>Writes all elements.</summary>
    public void Write(SafetensorsWriter writer, CancellationToken cancellation)
    {
        if (Source is { } source && source.Type == Type)
        {
            writer.Write(Name, source, cancellation);
            return;
        }
        var floats = new float[Math.Min(Chunk, Elements)];
        for (long first = 0; first < Elements; first += Chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = floats.AsSpan(0, (int)Math.Min(Chunk, Elements - first));
            Read(first, part);
            switch (Type)
            {
                case DataType.F32:
                    writer.Write(Name, MemoryMarshal.AsBytes(part));
                    break;
                case DataType.BF16:
                    writer.Write(Name, MemoryMarshal.AsBytes<ushort>(ToBFloat16(part)));
                    break;
                default:
                    Quantise(writer, part);
                    break;
            }
        }
    }

    internal static ushort[] ToBFloat16(ReadOnlySpan<float> values)
    {
        var rounded = new ushort[values.Length];
        for (int i = 0; i < rounded.Length; i++)
            rounded[i] = ParameterSet.Round(values[i]);
        return rounded;
    }

    // Symmetric: the largest magnitude of a group becomes ±127.
    void Quantise(SafetensorsWriter writer, ReadOnlySpan<float> values)
    {
        var quantised = new sbyte[values.Length];
        var scales = new float[values.Length / Weights.ScaleGroup];
        for (int g = 0; g < scales.Length; g++)
        {
            var group = values.Slice(g * Weights.ScaleGroup, Weights.ScaleGroup);
            float largest = 0;
            foreach (float value in group)
                largest = Math.Max(largest, Math.Abs(value));
            scales[g] = largest / 127;
            for (int i = 0; i < group.Length; i++)
                quantised[g * Weights.ScaleGroup + i] = largest == 0 ? (sbyte)0 : (sbyte)MathF.Round(group[i] / scales[g]);
        }
        writer.Write(Name, MemoryMarshal.AsBytes<sbyte>(quantised));
        writer.Write(Name + WeightStore.ScalesSuffix, MemoryMarshal.AsBytes<float>(scales));
    }
}
