// The adapters that peft wrote: with projectors, and what peft itself makes of them.
using HSENet.Runtime;

namespace HSENet.Tests;

static class GoldenAdapter
{
    const string Group = "Adapter"; // in the table of errors

    /// <summary>All kinds that are supported.</summary>
    public static readonly string[] Kinds = ["rslora", "patterns", "layers_to_transform", "norms", "embed_tokens", "lm_head"];

    /// <summary>A model folder has the weights and gives the logits that peft gives.</summary>
    public static void Agrees(string kind, string model, bool merged, double tolerance = Golden.Tolerance)
    {
        var golden = GoldenFolder.Tensors($"adapters/{kind}/expected.safetensors");
        using var weights = TensorSource.Open(model);
        const string sample = "sample.", prefix = "model.";
        foreach (var (name, expected) in golden)
        {
            if (!name.StartsWith(sample, StringComparison.Ordinal))
                continue;
            string ours = name[sample.Length..];
            ours = $"language_model.{(ours.StartsWith(prefix, StringComparison.Ordinal) ? ours[prefix.Length..] : ours)}";
            if (!merged && weights.TryGet(ours.Replace(".weight", ".lora_A.weight", StringComparison.Ordinal), out _))
                continue; // the adapter stands beside it: the logits show it
            float[] actual = weights.Get(ours).ToSingles();
            float[] samples = expected.Singles();
            int stride = Math.Max(1, actual.Length / samples.Length);
            Golden.Equal($"{kind}: {name}", [.. samples.Select((_, i) => actual[i * stride])], samples, tolerance, Group);
        }
        using var source = new WeightStore(PartRun.Host, TensorSource.Open(model));
        var config = ModelConfig.Read(model).LanguageModel;
        Agrees(kind, new LanguageModel(source, config), config, tolerance);
    }

    /// <summary>A language model gives the logits that peft gives.</summary>
    public static void Agrees(string kind, LanguageModel model, LanguageModelConfig config,
        double tolerance = Golden.Tolerance)
    {
        var golden = GoldenFolder.Tensors($"adapters/{kind}/expected.safetensors");
        int[] ids = [.. golden["input_ids"].Doubles().Select(id => (int)id)];
        int last = golden["logits"].Shape[0];
        var plan = new MemoryPlan();
        var buffers = LanguageModel.Reserve(plan, config, ids.Length, ids.Length);
        using var run = new PartRun(plan);
        var x = model.Embed(run.Pass, buffers, ids, default);
        model.Begin(run.Pass, buffers, ids.Length);
        model.Run(run.Pass, buffers, x, ids.Length, 0);
        float[] logits = [.. Enumerable.Range(ids.Length - last, last)
            .SelectMany(row => run.Read(model.Logits(run.Pass, buffers, x, row)))];
        Golden.Equal($"{kind}: logits", logits, golden["logits"].Singles(), tolerance, Group);
    }

    /// <summary>Writes an adapter's folder. peft saves adapters alone: the projectors of the golden checkpoint go with any of
    /// them.</summary>
    public static string WithProjectors(string kind, string adapter)
    {
        Directory.CreateDirectory(adapter);
        File.Copy(GoldenFolder.At($"adapters/{kind}/adapter_config.json"), Path.Combine(adapter, "adapter_config.json"));
        using var lora = TensorSource.Open(GoldenFolder.At($"adapters/{kind}/adapter_model.safetensors"));
        using var reference = TensorSource.Open(GoldenFolder.At("tiny/vlm/pytorch_model.bin"));
        TensorEntry[] all = [.. lora.Tensors, .. reference.Tensors.Where(tensor =>
            tensor.Name.Contains("mm_projector", StringComparison.Ordinal))];
        using var writer = new SafetensorsWriter(Path.Combine(adapter, "adapter_model.safetensors"),
            all.Select(tensor => new TensorDescription(tensor.Name, tensor.Type, tensor.Shape.ToArray())));
        foreach (var tensor in all)
            writer.Write(tensor.Name, tensor.Bytes);
        writer.Commit();
        return adapter;
    }
}
