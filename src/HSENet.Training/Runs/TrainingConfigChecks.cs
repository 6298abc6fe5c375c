// Holds a training's configuration to what can be trained.
using HSENet.Runtime;

namespace HSENet.Training;

static class TrainingConfigChecks
{
    /// <summary>Refuses values out of range.</summary>
    /// <exception cref="HseNetFileException">The message names the field and what it must be.</exception>
    public static void Check(TrainingConfig config, string source)
    {
        Require(config.Manifest.Length > 0, "manifest", "is missing", "the file that lists the samples");
        Require(config.Weights.Length > 0, "weights", "is missing", "a model folder");
        Require(config.Init.Length > 0, "init", "is empty", "model, scratch or a checkpoint");
        AtLeast(config.Batch, 1, "batch");
        AtLeast(config.Accumulation, 1, "accumulation");
        AtLeast(config.Steps, 0, "steps");
        Require(config.Epochs > 0, "epochs", $"is {config.Epochs}", "more than 0");
        Require(config.LearningRate > 0, "learning_rate", $"is {config.LearningRate}", "more than 0");
        Share(config.Warmup, "warmup");
        Require(config.WeightDecay >= 0, "weight_decay", $"is {config.WeightDecay}", "at least 0");
        Rate(config.Beta1, "beta1");
        Rate(config.Beta2, "beta2");
        Require(config.Epsilon > 0, "epsilon", $"is {config.Epsilon}", "more than 0");
        Require(config.Clip > 0, "clip", $"is {config.Clip}", "more than 0");
        AtLeast(config.MaxLength, 8, "max_length");
        AtLeast(config.LoraR ?? 1, 1, "lora_r");
        Require(config.LoraAlpha is null or > 0, "lora_alpha", $"is {config.LoraAlpha}", "more than 0");
        Rate(config.LoraDropout, "lora_dropout");
        Require(config.LoraTargetModules.Length > 0 && config.LoraTargetModules.All(name => !string.IsNullOrEmpty(name)),
            "lora_target_modules", "is empty", "at least one layer");
        Rate(config.Dropout, "dropout");
        Require(Augmentations.TryParse(config.Augmentation, out var augmentations), "augmentation",
            $"is {HseNetFileException.Quote(config.Augmentation)}", Augmentations.Expected);
        bool contrastive = config.Task.IsStage();
        foreach (var (name, weight) in new[]
        {
            ("contrastive_weight", config.ContrastiveWeight), ("relation_weight", config.RelationWeight),
            ("label_weight", config.LabelWeight), ("label_side_weight", config.LabelSideWeight),
            ("label_size_weight", config.LabelSizeWeight), ("label_patch_weight", config.LabelPatchWeight),
            ("label_positive_weight", config.LabelPositiveWeight), ("label_lobe_weight", config.LabelLobeWeight),
            ("label_patch_size_weight", config.LabelPatchSizeWeight),
        })
            Require(weight >= 0, name, $"is {weight}", "at least 0");
        AtLeast(config.RelationSteps, 0, "relation_steps");
        Require(!config.EqualPositives || contrastive && config.ContrastiveWeight > 0, "equal_positives", "is on",
            "off: only stage1 and stage2 with contrastive_weight above 0 have pairs");
        Require(config.Task.Labels() || config.LabelWeight == 0, "label_weight", $"is {config.LabelWeight}",
            "0: only stage1, stage2 and slices learn labels");
        Require(config.Task != TrainingTask.Slices || config.LabelWeight > 0, "label_weight", "is 0",
            "more than 0: slices have nothing else to learn");
        AtLeast(config.SlicesSeen, 0, "slices_seen");
        Require(config.LabelWeight == 0 || !augmentations.HasFlag(VolumeChange.Turns), "augmentation",
            $"is {config.Augmentation}, which moves what the labels place", "intensity, shift or off with label_weight above 0");
        Require(augmentations != VolumeChange.Mosaic || config is { Task: TrainingTask.Stage1, ContrastiveWeight: 0, LabelWeight: > 0 },
            "augmentation", "is mosaic", "stage1 with contrastive_weight 0 and label_weight above 0: a mosaic has no report");
        Require(!contrastive || config.ContrastiveWeight > 0 || config.LabelWeight > 0, "contrastive_weight", "and label_weight are 0",
            "something to learn");
        Require(config.Dtype is "bf16" or "f32", "dtype", $"is {HseNetFileException.Quote(config.Dtype)}", "bf16 or f32");
        Require(config.Preset is "standard" or "bimcv-r", "preset", $"is {HseNetFileException.Quote(config.Preset)}",
            "standard or bimcv-r");
        Require(ScanOrientations.IsChoice(config.Orientation), "orientation", $"is {HseNetFileException.Quote(config.Orientation)}",
            "model, stored, or a code such as LPS");
        AtLeast(config.Workers, 1, "workers");
        AtLeast(config.Prefetch, 1, "prefetch");
        AtLeast(config.EvalEvery, 0, "eval_every");
        AtLeast(config.ValidationSamples, 0, "validation_samples");
        AtLeast(config.SaveEvery, 1, "save_every");
        AtLeast(config.Keep, 1, "keep");

        void AtLeast(long value, long least, string name) => Require(value >= least, name, $"is {value}", $"at least {least}");

        void Share(double value, string name) => Require(value is >= 0 and <= 1, name, $"is {value}", "0 to 1");

        void Rate(double value, string name) => Require(value is >= 0 and < 1, name, $"is {value}", "at least 0 and below 1");

        void Require(bool holds, string name, string problem, string expected)
        {
            if (!holds)
                throw new HseNetFileException(source, $"{name} {problem}", expected);
        }
    }
}
