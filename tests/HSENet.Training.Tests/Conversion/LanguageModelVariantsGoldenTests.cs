// Language models as others save them: what means the same gives the same folder, what means something else is refused by its name.
using System.Text.Json;
using System.Text.Json.Nodes;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class LanguageModelVariantsGoldenTests
{
    const string Table = "model.embed_tokens.weight", Head = "lm_head.weight";

    sealed record Variant(Action<JsonObject>? Config = null, TensorChange? Tensors = null, string[]? Without = null);

    static readonly Dictionary<string, Variant> Same = new()
    {
        ["a head that equals the table"] = new(null, t => t[Head] = t[Table] with { Name = Head }),
        ["a head that equals the table and is not tied"] =
            new(c => c["tie_word_embeddings"] = false, t => t[Head] = t[Table] with { Name = Head }),
        ["no added_tokens.json"] = new(Without: ["added_tokens.json"]),
        ["added tokens in tokenizer.json"] = new(Without: ["added_tokens.json", "tokenizer_config.json"]),
        ["added tokens in tokenizer_config.json"] = new(Without: ["added_tokens.json", "tokenizer.json"]),
        ["frequencies stored"] =
            new(null, t => CheckpointVariants.Add(t, "model.layers.0.self_attn.rotary_emb.inv_freq", DataType.F32, 48)),
        ["prefixes of frameworks"] = new(null, t => CheckpointVariants.RenameAll(t, name => $"_orig_mod.module.{name}")),
        ["peft's prefix"] = new(null, t => CheckpointVariants.RenameAll(t, name => $"base_model.model.{name}")),
        ["query, key, value, gate and up apart"] = new(null, Part),
        ["release 5"] = new(Release5),
        ["release 5, fields of both releases"] = new(c =>
        {
            JsonNode scaling = c["rope_scaling"]!.DeepClone(), theta = c["rope_theta"]!.DeepClone();
            Release5(c);
            (c["rope_scaling"], c["rope_theta"]) = (scaling, theta);
        }),
        ["release 5, one section for each kind of layer"] = new(c =>
        {
            Release5(c);
            c["rope_parameters"] = new JsonObject { ["full_attention"] = c["rope_parameters"]!.DeepClone() };
        }),
        ["release 5, defaults beside the old field"] = new(c => c["rope_parameters"] =
            new JsonObject { ["rope_type"] = "default", ["rope_theta"] = c["rope_theta"]!.DeepClone() }),
        ["fields that ask for nothing"] = new(c =>
        {
            (c["quantization_config"], c["attention_bias"], c["num_experts"], c["residual_multiplier"]) = (null, false, 0, 1.0);
            c["layer_types"] = new JsonArray("full_attention", "full_attention");
        }),
    };

    static readonly Dictionary<string, (Variant Variant, string Reason)> Other = new()
    {
        ["a layer missing"] = (new(null, t => RemoveAll(t, ".layers.1.")), "model.layers.1."),
        ["a tensor missing"] = (new(null, t => t.Remove("model.layers.1.mlp.down_proj.weight")), "model.layers.1.mlp.down_proj.weight"),
        ["the last norm missing"] = (new(null, t => t.Remove("model.norm.weight")), "model.norm.weight"),
        ["fewer layers in the configuration"] = (new(c => c["num_hidden_layers"] = 1), "config.json: states 1 layers"),
        ["more layers in the configuration"] = (new(c => c["num_hidden_layers"] = 3), "model.layers.2."),
        ["a bias"] = (new(null, t => CheckpointVariants.Add(t, "model.layers.0.self_attn.qkv_proj.bias", DataType.F32, 512)),
            "'model.layers.0.self_attn.qkv_proj.bias'"),
        ["a bias of the head"] = (new(null, t => CheckpointVariants.Add(t, "lm_head.bias", DataType.F32, 947)), "'lm_head.bias'"),
        ["a norm of queries"] = (new(null, t => CheckpointVariants.Add(t, "model.layers.0.self_attn.q_norm.weight", DataType.F32, 128)),
            "q_norm"),
        ["another head, said to be tied"] = (new(null, t => CheckpointVariants.Add(t, Head, DataType.F32, 947, 256)), "lm_head.weight"),
        ["no head, said not to be tied"] = (new(c => c["tie_word_embeddings"] = false), "tie_word_embeddings"),
        ["8-bit floats"] = (new(null, t => CheckpointVariants.Add(t, "model.layers.0.mlp.down_proj.weight", DataType.F8_E4M3, 256, 512)),
            "F8_E4M3"),
        ["integers"] = (new(null, t => CheckpointVariants.Add(t, "model.layers.0.mlp.down_proj.weight", DataType.I8, 256, 512)), "I8"),
        ["scales of a quantisation"] = (new(null, t => CheckpointVariants.Add(t, "model.layers.0.mlp.down_proj.weight_scale",
            DataType.F32, 1)), "weight_scale"),
        ["no added tokens"] = (new(Without: ["added_tokens.json", "tokenizer_config.json", "tokenizer.json"]), "added_tokens.json"),
        ["quantisation"] = (new(c => c["quantization_config"] = new JsonObject { ["load_in_4bit"] = true }), "quantization_config"),
        ["biases by configuration"] = (new(c => c["attention_bias"] = true), "attention_bias"),
        ["another activation"] = (new(c => c["hidden_act"] = "gelu"), "hidden_act"),
        ["an activation that is no text"] = (new(c => c["hidden_act"] = 3), "hidden_act"),
        ["another family"] = (new(c => c["model_type"] = "glm"), "model_type"),
        ["heads of another size"] = (new(c => c["head_dim"] = 64), "head_dim"),
        ["a sliding window"] = (new(c => c["sliding_window"] = 128), "sliding_window"),
        ["sliding layers"] = (new(c => c["layer_types"] = new JsonArray("sliding_attention", "full_attention")), "layer_types"),
        ["scaled attention"] = (new(c => c["attention_multiplier"] = 0.5), "attention_multiplier"),
        ["scaled residuals"] = (new(c => c["residual_multiplier"] = 0.5), "residual_multiplier"),
        ["capped logits"] = (new(c => c["final_logit_softcapping"] = 30.0), "final_logit_softcapping"),
        ["experts"] = (new(c => c["num_local_experts"] = 4), "num_local_experts"),
        ["layers without positions"] = (new(c => c["no_rope_layers"] = new JsonArray(0, 1)), "no_rope_layers"),
        ["linear positions"] = (new(c => c["rope_scaling"]!["type"] = "linear"), "rope_type is 'linear'"),
        ["scaling that is a text"] = (new(c => c["rope_scaling"] = "longrope"), "rope_scaling"),
        ["two thetas"] = (new(c =>
        {
            Release5(c);
            c["rope_theta"] = 20000.0;
        }), "rope_theta"),
        ["no theta"] = (new(c => c.Remove("rope_theta")), "rope_theta"),
        ["one list of factors"] = (new(c => c["rope_scaling"]!.AsObject().Remove("long_factor")), "long_factor"),
        ["a list that is too short"] = (new(c => c["rope_scaling"]!["short_factor"]!.AsArray().RemoveAt(0)), "llm/config.json: states 47"),
        ["factors that the kind leaves out"] = (new(c => c["rope_scaling"]!["type"] = "default"), "rope_type is default"),
        ["another attention factor"] = (new(c => c["rope_scaling"]!["attention_factor"] = 1.0), "attention_factor"),
        ["an unknown field of positions"] = (new(c => c["rope_scaling"]!["beta_fast"] = 32), "rope_scaling.beta_fast"),
        ["positions that differ between layers"] = (new(c =>
        {
            Release5(c);
            c["rope_parameters"] = new JsonObject
            {
                ["full_attention"] = c["rope_parameters"]!.DeepClone(),
                ["sliding_attention"] = new JsonObject { ["rope_theta"] = 10000.0 },
            };
        }), "rope_parameters"),
    };

    public static TheoryData<string> SameNames => [.. Same.Keys];

    public static TheoryData<string> OtherNames => [.. Other.Keys];

    [Theory, MemberData(nameof(SameNames))]
    public void What_means_the_same_becomes_the_same_model(string name)
    {
        using var folder = new TemporaryFolder();
        Convert(folder, Same[name]);
        string output = folder.At("model");
        CheckpointVariants.Equal(TinyModel.Folder, output);
        Assert.Equal(JsonSerializer.Serialize(TinyModel.Config.LanguageModel),
            JsonSerializer.Serialize(ModelConfig.Read(output).LanguageModel));
        const string text = "A nodule of 4 mm.<|end|>";
        Assert.Equal(LanguageTokenizer.Open(TinyModel.Folder).Encode(text), LanguageTokenizer.Open(output).Encode(text));
    }

    [Theory, MemberData(nameof(OtherNames))]
    public void What_means_something_else_is_refused_by_its_name(string name)
    {
        using var folder = new TemporaryFolder();
        var (variant, reason) = Other[name];
        var error = Assert.ThrowsAny<HseNetException>(() => Convert(folder, variant));
        Assert.Contains(reason, error.Message.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.Equal(["llm"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    static void Convert(TemporaryFolder folder, Variant variant) => ModelConverter.Convert(TinyModel.Options(folder.At("model")) with
    {
        LanguageModel = CheckpointVariants.LanguageModel(folder, variant.Config, variant.Tensors, variant.Without ?? []),
    });

    static void RemoveAll(SortedDictionary<string, TensorBytes> tensors, string part)
    {
        foreach (string name in tensors.Keys.Where(name => name.Contains(part, StringComparison.Ordinal)).ToArray())
            tensors.Remove(name);
    }

    static void Release5(JsonObject config)
    {
        var rope = config["rope_scaling"]!.DeepClone().AsObject();
        rope.Remove("type");
        rope["rope_type"] = "longrope";
        foreach (string field in (string[])["rope_theta", "partial_rotary_factor", "original_max_position_embeddings"])
        {
            rope[field] = config[field]!.DeepClone();
            if (field != "original_max_position_embeddings")
                config.Remove(field);
        }
        config.Remove("rope_scaling");
        config["rope_parameters"] = rope;
    }

    static void Part(SortedDictionary<string, TensorBytes> tensors)
    {
        foreach (string name in tensors.Keys.ToArray())
            foreach (var (fused, parts) in new[]
            {
                ("self_attn.qkv_proj", new[] { ("self_attn.q_proj", 256), ("self_attn.k_proj", 128), ("self_attn.v_proj", 128) }),
                ("mlp.gate_up_proj", [("mlp.gate_proj", 512), ("mlp.up_proj", 512)]),
            })
            {
                if (!name.Contains(fused, StringComparison.Ordinal))
                    continue;
                tensors.Remove(name, out var whole);
                int row = 0, columns = (int)whole!.Shape[1] * sizeof(float);
                foreach (var (part, rows) in parts)
                {
                    string own = name.Replace(fused, part, StringComparison.Ordinal);
                    tensors.Add(own, new TensorBytes(own, whole.Type, [rows, whole.Shape[1]],
                        whole.Bytes.Slice(row * columns, rows * columns)));
                    row += rows;
                }
            }
    }
}
