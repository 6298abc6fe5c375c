// Copies of the golden checkpoints that differ in one thing: what other people's files look like.
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

/// <summary>A change to the tensors of a checkpoint, by their names.</summary>
delegate void TensorChange(SortedDictionary<string, TensorBytes> tensors);

static class CheckpointVariants
{
    const string ModelFile = "model.safetensors";

    /// <summary>A language model folder, in one file of weights.</summary>
    public static string LanguageModel(TemporaryFolder folder, Action<JsonObject>? config = null, TensorChange? tensors = null,
        params string[] without)
    {
        string from = GoldenFolder.At("tiny/phi4-mini"), to = Directory.CreateDirectory(folder.At("llm")).FullName;
        foreach (string file in Directory.GetFiles(from))
            if (Path.GetFileName(file) is var name && !name.Contains(ModelFile[..5], StringComparison.Ordinal) && !without.Contains(name))
                File.Copy(file, Path.Combine(to, name));
        Edit(Path.Combine(to, "config.json"), config);
        Write(Path.Combine(to, ModelFile), from, tensors);
        return to;
    }

    /// <summary>The golden adapter and projectors in peft's form, with a configuration beside them; without one if it is null.</summary>
    public static string Adapter(TemporaryFolder folder, Action<JsonObject>? config, TensorChange? tensors = null)
    {
        string to = Directory.CreateDirectory(folder.At("adapter")).FullName;
        if (config is not null)
        {
            File.Copy(GoldenFolder.At("adapters/rslora/adapter_config.json"), Path.Combine(to, "adapter_config.json"));
            Edit(Path.Combine(to, "adapter_config.json"), json =>
            {
                var lora = TinyModel.Config.LanguageModel.Lora!;
                (json["use_rslora"], json["r"], json["lora_alpha"]) = (false, lora.R, lora.LoraAlpha);
                json["target_modules"] = new JsonArray("qkv_proj", "o_proj", "gate_up_proj", "down_proj");
                config(json);
            });
        }
        Write(Path.Combine(to, "adapter_model.safetensors"), GoldenFolder.At("tiny/vlm/pytorch_model.bin"), all =>
        {
            foreach (string name in all.Keys.ToArray())
                Rename(all, name, name.Replace(".default.", ".", StringComparison.Ordinal));
            tensors?.Invoke(all);
        });
        return to;
    }

    /// <summary>Two folders hold the same tensors, in whatever order.</summary>
    public static void Equal(string expected, string actual)
    {
        using TensorSource a = TensorSource.Open(expected), b = TensorSource.Open(actual);
        Assert.Equal(a.Tensors.Select(tensor => $"{tensor}").Order(StringComparer.Ordinal),
            b.Tensors.Select(tensor => $"{tensor}").Order(StringComparer.Ordinal));
        foreach (var tensor in a.Tensors)
            Assert.True(tensor.Bytes.SequenceEqual(b.Get(tensor.Name).Bytes), tensor.Name);
    }

    public static void Rename(SortedDictionary<string, TensorBytes> tensors, string from, string to)
    {
        tensors.Remove(from, out var tensor);
        tensors.Add(to, tensor! with { Name = to });
    }

    public static void RenameAll(SortedDictionary<string, TensorBytes> tensors, Func<string, string> name)
    {
        foreach (string old in tensors.Keys.ToArray())
            Rename(tensors, old, name(old));
    }

    public static void Add(SortedDictionary<string, TensorBytes> tensors, string name, DataType type, params long[] shape) =>
        tensors[name] = new TensorBytes(name, type, shape, new byte[shape.Aggregate(1L, (a, b) => a * b) * type.Bits() / 8]);

    public static void Add(SortedDictionary<string, TensorBytes> tensors, string name, float[] values, params long[] shape) =>
        tensors[name] = new TensorBytes(name, DataType.F32, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    public static float[] Singles(TensorBytes tensor) => MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).ToArray();

    static void Edit(string file, Action<JsonObject>? change)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        change?.Invoke(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    static void Write(string file, string from, TensorChange? change)
    {
        var tensors = new SortedDictionary<string, TensorBytes>(StringComparer.Ordinal);
        using (var source = TensorSource.Open(from))
            foreach (var tensor in source.Tensors)
                tensors.Add(tensor.Name, new TensorBytes(tensor.Name, tensor.Type, tensor.Shape.ToArray(), tensor.Bytes.ToArray()));
        change?.Invoke(tensors);
        using var writer = new SafetensorsWriter(file,
            tensors.Values.Select(tensor => new TensorDescription(tensor.Name, tensor.Type, [.. tensor.Shape])));
        foreach (var tensor in tensors.Values)
            writer.Write(tensor.Name, tensor.Bytes.Span);
        writer.Commit();
    }
}
