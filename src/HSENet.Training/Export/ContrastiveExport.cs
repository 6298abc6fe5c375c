// What a contrastive stage trained, as the reference's own checkpoint folder.
using System.Runtime.InteropServices;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Checkpoints of the contrastive stages under the reference's names, which <see cref="ModelConverter"/> and a start by key name
/// read too.</summary>
static class ContrastiveExport
{
    const string WeightsFile = "model.safetensors", ConfigFile = "config.json";

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Writes <c>model.safetensors</c> and <c>config.json</c> of a stage; stage 2's holds stage 1 too, as the reference's
    /// does.</summary>
    /// <param name="folder">Created if it is missing.</param>
    /// <param name="set">What was trained.</param>
    /// <param name="model">The model's configuration.</param>
    /// <param name="source">Its weights, of which stage 2 was held to stage 1.</param>
    /// <param name="stage">1 or 2.</param>
    /// <exception cref="HseNetFileException">The folder cannot be written.</exception>
    public static void Write(string folder, ParameterSet set, ModelConfig model, TensorSource source, int stage)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(folder, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
        Parameter[] trained = [.. set.All.Where(parameter => !LabelHead.Owns(parameter.Name))];
        TensorEntry[] frozen = stage == 1 ? [] : [.. ContrastiveTensors.All(model, 1).Select(tensor => source.Get(tensor.Name))];
        using (var writer = new SafetensorsWriter(Path.Combine(folder, WeightsFile),
            trained.Select(parameter => new TensorDescription(ContrastiveTensors.ReferenceName(parameter.Name), DataType.F32,
                parameter.Shape))
                .Concat(frozen.Select(entry => new TensorDescription(FrozenName(entry), entry.Type, entry.Shape.ToArray()))),
            new Dictionary<string, string> { ["format"] = "pt" }))
        {
            foreach (var parameter in trained)
            {
                var values = new float[parameter.Values.Length];
                set.Device.Download(parameter.Values, values);
                writer.Write(ContrastiveTensors.ReferenceName(parameter.Name), MemoryMarshal.AsBytes<float>(values));
            }
            foreach (var entry in frozen)
                writer.Write(FrozenName(entry), entry);
            writer.Commit();
        }
        using var file = new AtomicFile(Path.Combine(folder, ConfigFile));
        file.Write(Config(model, stage), 0);
        file.Commit();

        static string FrozenName(TensorEntry entry) => CheckpointSet.Stage1Prefix + ContrastiveTensors.ReferenceName(entry.Name);
    }

    // The fields that the reference's own configuration has.
    static byte[] Config(ModelConfig model, int stage) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
    {
        ["architectures"] = new[] { $"M3DCLIP_stage{stage}" },
        ["model_type"] = $"m3d_clip_stage{stage}",
        ["spatial_dims"] = 3,
        ["in_channels"] = 1,
        ["img_size"] = model.Vision.ImgSize,
        ["patch_size"] = model.Vision.PatchSize,
        ["hidden_size"] = model.Vision.HiddenSize,
        ["mlp_dim"] = model.Vision.MlpDim,
        ["num_layers"] = model.Vision.NumLayers,
        ["num_heads"] = model.Vision.NumHeads,
        ["pos_embed"] = "perceptron",
        ["dropout_rate"] = 0,
        ["vocab_size"] = model.TextEncoder!.VocabSize,
        ["max_text_len"] = model.TextEncoder.MaxPositionEmbeddings,
        ["gather_loss"] = true,
        ["local_loss"] = false,
        ["torch_dtype"] = "float32",
    }, Json);
}
