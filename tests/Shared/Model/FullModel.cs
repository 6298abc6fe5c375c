// The full-size model on synthetic weights, a part at a time in memory, and the samples that the reference's tensors were reduced to.
using System.Runtime.InteropServices;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Tests;

/// <summary>Sizes of the golden folder's full model, its inputs, and parts of its weights.</summary>
static class FullModel
{
    static readonly Lazy<JsonElement> Description = new(() => GoldenFolder.Json("full/full.json"));

    public static ModelConfig Config { get; } = SyntheticModel.Config(SyntheticPreset.Full);

    /// <summary>What <c>full.json</c> says.</summary>
    public static JsonElement Json => Description.Value;

    public static ulong Seed => Json.GetProperty("seed").GetUInt64();

    /// <summary>An input of the golden data: uniform in [−1, 1).</summary>
    public static float[] Input(string name, long elements)
    {
        var values = new float[elements];
        SyntheticWeights.Uniform(name, Seed, 0, values);
        return values;
    }

    /// <summary>The volume: uniform in [0, 1).</summary>
    public static float[] Volume()
    {
        float[] values = Input("volume", Config.Vision.Image.Count);
        for (int i = 0; i < values.Length; i++)
            values[i] = (values[i] + 1) / 2;
        return values;
    }

    /// <summary>The golden data's adapters (rank 16, scale 2) beside the linears of layer 0.</summary>
    public static IEnumerable<ModelTensor> Adapters(IEnumerable<ModelTensor> layer, int rank) =>
        layer.Where(tensor => tensor.Name.Contains("_proj", StringComparison.Ordinal)).SelectMany(tensor => new[]
        {
            Adapter(tensor, "A", [rank, tensor.Shape[1]]),
            Adapter(tensor, "B", [tensor.Shape[0], rank]),
        });

    static ModelTensor Adapter(ModelTensor linear, string half, long[] shape) => new(
        linear.Name.Replace(".weight", $".lora_{half}.weight", StringComparison.Ordinal),
        linear.Reference.Replace("model.layers.0.", "lora.", StringComparison.Ordinal)
            .Replace(".weight", $".lora_{half}.default.weight", StringComparison.Ordinal), shape);

    /// <summary>Compares the samples of a tensor with the golden file of its part.</summary>
    public static void Equal(string part, string name, ReadOnlySpan<float> actual, double tolerance = Golden.Tolerance) =>
        Golden.Equal($"{part}.{name}", Sample(part, name, actual), Expected(part, name), tolerance);

    /// <summary>Compares a tensor as <see cref="Equal"/> does; it may err as much as in the reference framework's own bf16 run.</summary>
    public static void NoWorse(string part, string name, ReadOnlySpan<float> actual) =>
        Golden.NoWorse(part, name, Sample(part, name, actual), Expected(part, name),
            Json.GetProperty(part).GetProperty(name).GetProperty("torch_bf16_rel_l2").GetDouble());

    static float[] Sample(string part, string name, ReadOnlySpan<float> actual)
    {
        var tensor = Json.GetProperty(part).GetProperty(name);
        long elements = tensor.GetProperty("shape").EnumerateArray().Aggregate(1L, (product, size) => product * size.GetInt64());
        Assert.Equal(elements, actual.Length);
        int stride = tensor.GetProperty("stride").GetInt32();
        var samples = new float[Expected(part, name).Length];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = actual[i * stride];
        return samples;
    }

    static float[] Expected(string part, string name) => Samples(part)[name].Singles();

    static Dictionary<string, GoldenTensor> Samples(string part) => GoldenFolder.Tensors($"full/{part}.safetensors");
}

/// <summary>Weights in memory, matrices in bf16, vectors in f32, as a folder holds them; a part can be filled again with other
/// parameters.</summary>
sealed class SyntheticSource : IDisposable
{
    readonly List<(ModelTensor Tensor, DataType Type, byte[] Bytes)> _tensors;
    readonly List<IDisposable> _files = [];

    public SyntheticSource(params ReadOnlySpan<IEnumerable<ModelTensor>> parts) : this(PartRun.Host, parts) { }

    public SyntheticSource(Device device, params ReadOnlySpan<IEnumerable<ModelTensor>> parts)
    {
        _tensors = [];
        var entries = new List<TensorEntry>();
        foreach (var part in parts)
            foreach (var tensor in part)
            {
                var type = ModelConfigTensors.StorageType("bf16", tensor.Name, tensor.Shape);
                byte[] bytes = GC.AllocateUninitializedArray<byte>((int)new TensorDescription(tensor.Name, type, tensor.Shape).ByteLength);
                var file = FileBytes.FromArray("memory", bytes);
                _files.Add(file);
                _tensors.Add((tensor, type, bytes));
                entries.Add(new TensorEntry(tensor.Name, type, tensor.Shape, file, 0));
            }
        Fill(_ => true, name => name);
        Tensors = new TensorSource("memory", entries, _files);
        Weights = new WeightStore(device, Tensors);
    }

    public TensorSource Tensors { get; }

    public WeightStore Weights { get; }

    /// <summary>Fills the tensors whose name in the model is wanted with the parameters that the reference names so.</summary>
    public void Fill(Func<string, bool> wanted, Func<string, string> reference)
    {
        const int chunk = 1 << 20;
        foreach (var (tensor, type, bytes) in _tensors.Where(tensor => wanted(tensor.Tensor.Name)))
        {
            string name = reference(tensor.Reference);
            int elements = bytes.Length / type.Size();
            Parallel.For(0, (elements + chunk - 1) / chunk, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
            {
                int first = i * chunk, count = Math.Min(chunk, elements - first);
                var floats = new float[count];
                SyntheticWeights.Fill(name, tensor.Shape, FullModel.Seed, first, floats);
                if (type == DataType.F32)
                    floats.CopyTo(MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[first..]);
                else
                    ConvertedTensor.ToBFloat16(floats).CopyTo(MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan())[first..]);
            });
        }
    }

    public void Dispose() => Weights.Dispose();
}
