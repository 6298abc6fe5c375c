// Adapters as others save them: names and fields that mean the same, scales, and all that is refused by its name.
using System.Text.Json.Nodes;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class AdapterVariantsGoldenTests
{
    const string Prefix = "base_model.model.model.", Attention = $"{Prefix}layers.0.self_attn.o_proj", Norm = $"{Prefix}norm";

    sealed record Variant(Action<JsonObject>? Config, TensorChange? Tensors = null);

    static readonly Action<JsonObject> Plain = _ => { };

    static readonly Dictionary<string, Variant> Same = new()
    {
        ["peft's form"] = new(Plain),
        ["no configuration"] = new(null),
        ["named default"] = new(Plain, t => Named(t, "default")),
        ["named radiology"] = new(Plain, t => Named(t, "radiology")),
        ["DeepSpeed and DDP"] = new(Plain, t => CheckpointVariants.RenameAll(t, name => $"module.{name}")),
        ["torch.compile"] = new(Plain, t => CheckpointVariants.RenameAll(t, name =>
            name.Replace("base_model.model.", "base_model.model._orig_mod.", StringComparison.Ordinal))),
        ["FSDP inside"] = new(Plain, t => CheckpointVariants.RenameAll(t, name =>
            name.Replace(".mlp.", "._fsdp_wrapped_module.mlp.", StringComparison.Ordinal))),
        ["no prefix"] = new(Plain, t => CheckpointVariants.RenameAll(t, name => name[Prefix.Length..])),
        ["targets as a pattern"] = new(c => c["target_modules"] = @".*\.(qkv_proj|o_proj|gate_up_proj|down_proj)"),
        ["targets as a pattern that looks ahead"] =
            new(c => c["target_modules"] = "^(?!.*vision).*(?:qkv_proj|o_proj|gate_up_proj|down_proj)$"),
        ["targets of a larger model"] =
            new(c => c["target_modules"] = @"language_model\.model\.layers\.\d+\.\w+\.(qkv_proj|o_proj|gate_up_proj|down_proj)"),
        ["all linear layers"] = new(c => c["target_modules"] = "all-linear"),
        ["no layers named"] = new(c => c["layers_to_transform"] = new JsonArray()),
        ["all layers named"] = new(c => (c["layers_to_transform"], c["layers_pattern"]) = (new JsonArray(0, 1), "layers")),
        ["starts that keep the base"] = new(c => c["init_lora_weights"] = "gaussian"),
        ["a later release's field that asks for nothing"] = new(c => (c["new_a"], c["new_b"]) = (false, new JsonObject())),
        ["no rank stated"] = new(c => c.Remove("r")),
        ["the copy of what a saved module replaced"] = new(Plain, t =>
            CheckpointVariants.Add(t, $"{Norm}.original_module.weight", DataType.F32, 256)),
    };

    static readonly Dictionary<string, (Variant Variant, string Reason)> Other = new()
    {
        ["rank"] = (new(c => c["r"] = 16), "states rank 16"),
        ["rank as text"] = (new(c => c["r"] = "8"), "r is"),
        ["alpha 0"] = (new(c => c["lora_alpha"] = 0), "lora_alpha"),
        ["rsLoRA as text"] = (new(c => c["use_rslora"] = "true"), "use_rslora"),
        ["another kind"] = (new(c => c["peft_type"] = "ADALORA"), "peft_type"),
        ["DoRA"] = (new(c => c["use_dora"] = true), "use_dora"),
        ["DoRA, no configuration"] = (new(null, t => CheckpointVariants.Add(t, $"{Attention}.lora_magnitude_vector", DataType.F32, 256)),
            "use_dora"),
        ["trained biases"] = (new(c => c["bias"] = "lora_only"), "bias"),
        ["biases of adapters"] = (new(c => c["lora_bias"] = true), "lora_bias"),
        ["biases of adapters, no configuration"] =
            (new(null, t => CheckpointVariants.Add(t, $"{Attention}.lora_B.bias", DataType.F32, 256)), "lora_bias"),
        ["a bias"] = (new(null, t => CheckpointVariants.Add(t, $"{Attention}.base_layer.bias", DataType.F32, 256)), "o_proj"),
        ["an adapter of the embedding"] =
            (new(null, t => CheckpointVariants.Add(t, $"{Prefix}embed_tokens.lora_embedding_A", DataType.F32, 8, 256)), "lora_embedding_A"),
        ["an adapter of the head"] = (new(Plain, t => CheckpointVariants.Add(t, "base_model.model.lm_head.lora_A.weight", DataType.F32,
            8, 256)), "lm_head.lora_A"),
        ["trained tokens"] = (new(c => c["trainable_token_indices"] = new JsonArray(1, 2)), "trainable_token_indices"),
        ["trained tokens, no configuration"] = (new(null, t => CheckpointVariants.Add(t,
            $"{Prefix}embed_tokens.token_adapter.trainable_tokens_delta", DataType.F32, 2, 256)), "trainable_tokens_delta"),
        ["layers used twice"] = (new(c => c["layer_replication"] = new JsonArray(new JsonArray(0, 2), new JsonArray(0, 2))),
            "layer_replication"),
        ["transposed weights"] = (new(c => c["fan_in_fan_out"] = true), "fan_in_fan_out"),
        ["a base changed by LoftQ"] = (new(c => c["init_lora_weights"] = "loftq"), "init_lora_weights"),
        ["a base changed by CorDA"] = (new(c => c["init_lora_weights"] = "corda"), "init_lora_weights"),
        ["a base changed by PiSSA"] = (new(c => c["init_lora_weights"] = "pissa_niter_16"), "init_lora_weights"),
        ["a start of a later release"] = (new(c => c["init_lora_weights"] = "new"), "init_lora_weights"),
        ["a later release's field"] = (new(c => c["new_scaling"] = 2.5), "new_scaling"),
        ["parameters as targets"] = (new(c => c["target_parameters"] = new JsonArray("x")), "target_parameters"),
        ["a broken pattern"] = (new(c => c["target_modules"] = "((("), "target_modules"),
        ["targets that are no names"] = (new(c => c["target_modules"] = 3), "target_modules"),
        ["adapters beside those of the pattern"] = (new(c => c["target_modules"] = ".*o_proj"), "adapter_config.json leaves out"),
        ["adapters that are excluded"] = (new(c => c["exclude_modules"] = new JsonArray("o_proj")), "o_proj"),
        ["adapters of other layers"] = (new(c => c["layers_to_transform"] = 0), "layers.1."),
        ["a layer beyond"] = (new(c => c["layers_to_transform"] = new JsonArray(0, 1, 7)), "layer 7"),
        ["fewer layers"] = (new(Plain, t => RemoveAll(t, ".layers.1.")), "layers.1."),
        ["fewer layers, no configuration"] = (new(null, t => RemoveAll(t, ".layers.1.")), "layers.1."),
        ["a module missing"] = (new(Plain, t => RemoveAll(t, "o_proj.lora")), "o_proj"),
        ["no second half"] = (new(Plain, t => t.Remove($"{Attention}.lora_B.weight")), "o_proj"),
        ["no adapters"] = (new(Plain, t => RemoveAll(t, ".lora_")), "target_modules"),
        ["two adapters"] = (new(Plain, t => t[$"{Attention}.lora_A.other.weight"] =
            t[$"{Attention}.lora_A.weight"] with { Name = $"{Attention}.lora_A.other.weight" }), "twice"),
        ["integers"] = (new(Plain, t => CheckpointVariants.Add(t, $"{Attention}.lora_A.weight", DataType.I8, 8, 256)), "I8"),
        ["8-bit floats"] = (new(Plain, t => CheckpointVariants.Add(t, $"{Attention}.lora_A.weight", DataType.F8_E5M2, 8, 256)), "F8_E5M2"),
        ["a saved module missing"] = (new(c => c["modules_to_save"] = new JsonArray("norm")), "norm"),
        ["a saved module of no model"] = (new(c => c["modules_to_save"] = new JsonArray("classifier")), "classifier"),
        ["saved modules that are no list"] = (new(c => c["modules_to_save"] = "norm"), "modules_to_save"),
        ["a tensor of no model"] = (new(Plain, t => CheckpointVariants.Add(t, "something.else", DataType.F32, 2)), "something.else"),
        ["a projector of no model"] = (new(Plain, t => CheckpointVariants.Add(t, $"{Prefix}mm_projector3.proj_mpls.0.weight", DataType.F32,
            256, 128)), "mm_projector3"),
        ["a layer more in a projector"] = (new(Plain, t => CheckpointVariants.Add(t, $"{Prefix}mm_projector.proj_mpls.4.weight",
            DataType.F32, 256, 256)), "proj_mpls.4"),
        ["a head of another length"] = (new(c => c["modules_to_save"] = new JsonArray("lm_head"), t =>
            CheckpointVariants.Add(t, "base_model.model.lm_head.weight", DataType.F32, 940, 256)), "lm_head"),
    };

    public static TheoryData<string> SameNames => [.. Same.Keys];

    public static TheoryData<string> OtherNames => [.. Other.Keys];

    [Theory, MemberData(nameof(SameNames))]
    public void What_means_the_same_becomes_the_same_model(string name)
    {
        using var folder = new TemporaryFolder();
        Convert(folder, Same[name], merge: false);
        CheckpointVariants.Equal(TinyModel.Folder, folder.At("model"));
        Assert.Equal(TinyModel.Config.LanguageModel.Lora, ModelConfig.Read(folder.At("model")).LanguageModel.Lora);
    }

    // Converting and merging into a model folder read the same files in the same way.
    [Theory, MemberData(nameof(OtherNames))]
    public void What_means_something_else_is_refused_by_its_name(string name)
    {
        using var folder = new TemporaryFolder();
        var (variant, reason) = Other[name];
        foreach (Action use in (Action[])[() => Convert(folder, variant, merge: true), () => AdapterExport
            .Read(CheckpointVariants.Adapter(folder, variant.Config, variant.Tensors), TinyModel.Config.LanguageModel)
            .WriteModel(TinyModel.Folder, folder.At("model"), merge: true)])
        {
            var error = Assert.ThrowsAny<HseNetException>(use);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(error.Message, char.IsControl);
            Assert.Equal(["adapter"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
            Directory.Delete(folder.At("adapter"), recursive: true);
        }
    }

    // W + scale · B·A in double, with the scale that peft's documentation gives.
    [Theory]
    [InlineData(false, false, 1.0), InlineData(true, false, 1.0), InlineData(false, true, 4.0), InlineData(true, true, 4.0)]
    public void The_scale_is_alpha_of_the_module_through_its_rank_or_the_root_of_it(bool root, bool pattern, double expectedShare)
    {
        using var folder = new TemporaryFolder();
        Convert(folder, new(c =>
        {
            (c["lora_alpha"], c["use_rslora"]) = (4, root);
            if (pattern)
                c["alpha_pattern"] = new JsonObject { ["o_proj"] = 16 };
        }), merge: true);
        using var merged = TensorSource.Open(folder.At("model"));
        using var plain = TensorSource.Open(TinyModel.Folder);
        int rank = TinyModel.Config.LanguageModel.Lora!.R;
        foreach (string module in (string[])["self_attn.o_proj", "mlp.down_proj"])
        {
            double scale = 4.0 * (module.EndsWith("o_proj", StringComparison.Ordinal) ? expectedShare : 1)
                / (root ? Math.Sqrt(rank) : rank);
            string name = $"language_model.layers.0.{module}";
            float[] w = plain.Get($"{name}.weight").ToSingles(), a = plain.Get($"{name}.lora_A.weight").ToSingles(),
                b = plain.Get($"{name}.lora_B.weight").ToSingles();
            int columns = a.Length / rank;
            float[] expected = [.. w.Select((value, i) => (float)(value + scale * Enumerable.Range(0, rank)
                .Sum(r => (double)b[i / columns * rank + r] * a[r * columns + i % columns])))];
            Golden.Equal(module, merged.Get($"{name}.weight").ToSingles(), expected);
        }
    }

    // Three adapters with the same first half are one of the three times as many rows.
    [Fact]
    public void Adapters_of_query_key_value_gate_and_up_are_those_of_the_layers_that_hold_them()
    {
        using var folder = new TemporaryFolder();
        Convert(folder, new(c => c["target_modules"] = new JsonArray("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
            "down_proj"), Part), merge: true);
        using var whole = new TemporaryFolder();
        Convert(whole, new(Plain), merge: true);
        using var parts = TensorSource.Open(folder.At("model"));
        using var fused = TensorSource.Open(whole.At("model"));
        foreach (var tensor in fused.Tensors)
            Golden.Equal(tensor.Name, parts.Get(tensor.Name).ToSingles(), tensor.ToSingles());
    }

    [Theory]
    [InlineData("modules_to_save.weight"), InlineData("modules_to_save.default.weight"), InlineData("weight")]
    public void A_saved_norm_replaces_the_base_s(string ending)
    {
        using var folder = new TemporaryFolder();
        float[] norm = [.. Enumerable.Range(0, 256).Select(i => i / 256f)];
        Convert(folder, new(c => c["modules_to_save"] = new JsonArray("norm"),
            t => CheckpointVariants.Add(t, $"{Norm}.{ending}", norm, 256)), merge: true);
        using var model = TensorSource.Open(folder.At("model"));
        Assert.Equal(norm, model.Get("language_model.norm.weight").ToSingles());
    }

    static void Convert(TemporaryFolder folder, Variant variant, bool merge) => ModelConverter.Convert(
        TinyModel.Options(folder.At("model")) with
        {
            Adapter = CheckpointVariants.Adapter(folder, variant.Config, variant.Tensors),
            MergeLora = merge,
        });

    static void Named(SortedDictionary<string, TensorBytes> tensors, string adapter) => CheckpointVariants.RenameAll(tensors, name => name
        .Replace(".lora_A.", $".lora_A.{adapter}.", StringComparison.Ordinal)
        .Replace(".lora_B.", $".lora_B.{adapter}.", StringComparison.Ordinal));

    static void RemoveAll(SortedDictionary<string, TensorBytes> tensors, string part)
    {
        foreach (string name in tensors.Keys.Where(name => name.Contains(part, StringComparison.Ordinal)).ToArray())
            tensors.Remove(name);
    }

    static void Part(SortedDictionary<string, TensorBytes> tensors)
    {
        int rank = TinyModel.Config.LanguageModel.Lora!.R;
        foreach (string name in tensors.Keys.ToArray())
            foreach (var (fused, parts) in new[]
            {
                ("self_attn.qkv_proj", new[] { ("self_attn.q_proj", 256), ("self_attn.k_proj", 128), ("self_attn.v_proj", 128) }),
                ("mlp.gate_up_proj", [("mlp.gate_proj", 512), ("mlp.up_proj", 512)]),
            })
            {
                if (!name.Contains($"{fused}.lora", StringComparison.Ordinal))
                    continue;
                tensors.Remove(name, out var whole);
                float[] values = CheckpointVariants.Singles(whole!);
                int row = 0;
                foreach (var (part, rows) in parts)
                {
                    string own = name.Replace(fused, part, StringComparison.Ordinal);
                    if (own.Contains("lora_A", StringComparison.Ordinal))
                        tensors.Add(own, whole! with { Name = own });
                    else
                        CheckpointVariants.Add(tensors, own, values[(row * rank)..((row + rows) * rank)], rows, rank);
                    row += rows;
                }
            }
    }
}
