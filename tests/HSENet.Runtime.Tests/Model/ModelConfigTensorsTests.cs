// A config.json that contradicts the tensors: the error names both, file and field, tensor and shape.
using System.Text.Json.Nodes;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class ModelConfigTensorsTests
{
    static readonly Lazy<TemporaryFolder> Model = new(() =>
    {
        var folder = new TemporaryFolder();
        SyntheticModel.Write(new SyntheticModelOptions { Preset = SyntheticPreset.Tiny, Seed = 1, Output = folder.At("model") });
        return folder;
    });

    [Theory]
    [InlineData("vision", "mlp_dim", 256, "encoder1.blocks.0.mlp.linear1.weight", "[512, 128]")]
    [InlineData("vision", "num_layers", 3, "encoder1.blocks.1.", "expected 2")]
    [InlineData("vision", "num_layers", 1, "encoder1.blocks.1.", "expected 2")]
    [InlineData("slice_encoder", "mlp_dim", 256, "slice_encoder.blocks.0.mlp.fc1.weight", "[512, 128]")]
    [InlineData("slice_encoder", "patch_size", 32, "slice_encoder.patch_embed.proj.weight", "[128, 3, 16, 16]")]
    [InlineData("slice_encoder", "image_size", 112, "slice_encoder.pos_embed", "[1, 197, 128]")]
    [InlineData("text_encoder", "vocab_size", 401, "text_encoder1.embeddings.word_embeddings.weight", "[400, 128]")]
    [InlineData("language_model", "num_key_value_heads", 2, "language_model.layers.0.self_attn.qkv_proj.weight", "[512, 256]")]
    [InlineData("language_model", "intermediate_size", 256, "language_model.layers.0.mlp.down_proj.weight", "[256, 512]")]
    [InlineData("language_model", "num_hidden_layers", 3, "language_model.layers.1.", "expected 2")]
    public void The_error_names_field_and_tensor(string section, string field, int value, string tensor, string shape)
    {
        string message = Refused(config => config[section]![field] = value);
        Assert.Contains("config.json", message, StringComparison.Ordinal);
        Assert.Contains($"{section}.{field} is {value}", message, StringComparison.Ordinal);
        Assert.Contains(tensor, message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", message, StringComparison.Ordinal);
        Assert.Contains(shape, message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_storage_type_is_held_against_the_embedding_table()
    {
        string message = Refused(config => config["dtype"] = "f32");
        Assert.Contains("dtype is f32, but language_model.embed_tokens.weight", message, StringComparison.Ordinal);
        Assert.Contains("is BF16; expected F32", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_of_the_image_are_held_against_the_position_embeddings()
    {
        string message = Refused(config => config["vision"]!["img_size"] = new JsonArray(16, 128, 256));
        Assert.Contains("vision.img_size", message, StringComparison.Ordinal);
        Assert.Contains("encoder1.patch_embedding.position_embeddings", message, StringComparison.Ordinal);
        Assert.Contains("[1, 256, 128]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Widths_are_held_against_the_tensors_too()
    {
        string vision = Refused(config => (config["vision"]!["hidden_size"], config["slice_encoder"]!["hidden_size"]) = (64, 64));
        Assert.Contains("vision.hidden_size is 64, but encoder1.norm.weight in ", vision, StringComparison.Ordinal);
        Assert.Contains("[128]", vision, StringComparison.Ordinal);
        // Heads of the same size, so that nothing else in the file disagrees.
        string language = Refused(config =>
            (config["language_model"]!["hidden_size"], config["language_model"]!["num_attention_heads"]) = (512, 4));
        Assert.Contains("language_model.hidden_size is 512, but language_model.embed_tokens.weight in ", language,
            StringComparison.Ordinal);
        Assert.Contains("[512, 256]", language, StringComparison.Ordinal);
    }

    static string Refused(Action<JsonObject> change)
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(Model.Value.At("model")))
            File.Copy(file, folder.At(Path.GetFileName(file)));
        string path = folder.At(ModelConfig.FileName);
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(config);
        File.WriteAllText(path, config.ToJsonString());
        return Assert.Throws<HseNetFileException>(() => HseNetModel.Open(folder.Path, PartRun.Host)).Message;
    }
}
