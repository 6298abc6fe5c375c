// What a stage trained, put into a model folder: the next stage and fine-tuning start from there.
using HSENet.Runtime;

namespace HSENet.Training;

static class StageExport
{
    /// <summary>Writes a model folder in which the tensors of a checkpoint take the places of the base's.</summary>
    /// <param name="baseFolder">The folder that was trained from.</param>
    /// <param name="checkpoint">Checkpoint of stage 1 or 2, of the language or the slices: <c>best.safetensors</c> of the run, say.</param>
    /// <param name="output">The folder that is written; must not exist.</param>
    /// <param name="dtype">How matrices are stored, f32 or bf16; the base's type if left out.</param>
    /// <param name="cancellation">Cancelled: nothing is left behind.</param>
    /// <param name="progress">Hears of each tensor.</param>
    /// <exception cref="HseNetException">A file cannot be used, the checkpoint is no stage's, or the base is int8.</exception>
    public static ModelConfig WriteModel(string baseFolder, string checkpoint, string output, string? dtype = null,
        CancellationToken cancellation = default, IProgress<ConversionProgress>? progress = null)
    {
        var config = ModelConfig.Read(baseFolder);
        if (dtype is not (null or "f32" or "bf16"))
            throw new HseNetException($"the type {HseNetFileException.Quote(dtype)}: expected f32 or bf16");
        ModelFolder.Check(output, config.Dtype);
        if (config.Dtype == "int8")
            throw new HseNetException($"{baseFolder} is int8: expected the bf16 or f32 model, which can be converted afterwards");
        if (dtype is not null && config.Adapters is { Count: > 0 })
            throw new HseNetException($"{baseFolder} has adapters in {config.Dtype}: expected a folder without when its type changes");
        config = config with { Dtype = dtype ?? config.Dtype };
        using var source = TensorSource.Open(baseFolder);
        using var trained = TensorSource.Open(checkpoint);
        trained.VerifyChecksums();
        TensorEntry[] tensors = [.. trained.Tensors.Where(tensor => !Checkpoint.IsMoment(tensor.Name) && !LabelHead.Owns(tensor.Name))];
        int stage = Array.Find([1, 2], stage => Has($"encoder{stage}.cls_token") || Has(ContrastiveTensors.LogitScale(stage)));
        bool language = Has("language_model.embed_tokens.weight"), slices = Has("slice_encoder.cls_token"),
            contrastive = Has(ContrastiveTensors.LogitScale(stage));
        if (stage == 0 && !language && !slices)
            throw new HseNetFileException(checkpoint, "holds no trained stage",
                "a checkpoint of the task stage1, stage2, language or slices");
        foreach (var tensor in tensors)
            if (source.TryGet(tensor.Name, out var replaced) && replaced.ElementCount != tensor.ElementCount)
                throw new HseNetFileException(checkpoint, $"tensor {tensor} does not fit the model", $"{replaced}");
        List<ConvertedTensor> all =
        [
            .. source.Tensors.Where(tensor => !tensors.Any(other => other.Name == tensor.Name))
                .Select(tensor => ConvertedTensor.From(tensor, tensor.Name, dtype is null ? tensor.Type
                    : ModelConfigTensors.StorageType(dtype, tensor.Name, tensor.Shape))),
            .. tensors.Select(tensor => ConvertedTensor.From(tensor, tensor.Name,
                ModelConfigTensors.StorageType(config.Dtype, tensor.Name, tensor.Shape))),
        ];
        config = config with
        {
            // What other encoders know is not what these do.
            Familiarity = stage == 0 ? config.Familiarity : null,
            TextEncoder = config.TextEncoder is { } text && contrastive
                ? text with { Stages = [.. text.Stages.Union([stage]).Order()] } : config.TextEncoder,
            Provenance = new(config.Provenance)
            {
                [language ? "language_model" : slices ? "slice_encoder" : $"stage{stage}"] =
                    contrastive || language ? "trained" : "trained on labels"
            },
        };
        return ModelFolder.Write(output, config, all, folder =>
        {
            ModelFolder.CopyOthers(baseFolder, folder);
            if (stage != 0)
                File.Delete(Path.Combine(folder, Familiarity.FileName));
        }, progress, cancellation,
            (folder, written) => NamedAdapterFile.Copy(baseFolder, folder, written));

        bool Has(string name) => Array.Exists(tensors, tensor => tensor.Name == name);
    }
}
