// Everything that a training can be told. Each property is a field of the configuration file and an option of the program.
#pragma warning disable CS1591 // a field's description, which --help shows too, is its documentation
using System.ComponentModel;

namespace HSENet.Training;

/// <summary>The configuration of a training; <see cref="For"/> gives the reference's values for a task.</summary>
public sealed record TrainingConfig
{
    [Description("What is trained: report, vqa, stage1, stage2, language or slices.")]
    public required TrainingTask Task { get; init; }

    [Description("Manifest of the samples: JSON lines, or JSON with \"train\" and \"validation\".")]
    public string Manifest { get; init; } = "";

    [Description("Folder of converted weights.")]
    public string Weights { get; init; } = "";

    [Description("Where trained tensors start: model (as the folder has them, new adapters where it has none), scratch, or a checkpoint "
        + "whose tensors are taken by name, the others from scratch; stage2 takes those of stage1 for which a checkpoint has none of its "
            + "own.")]
    public string Init { get; init; } = WeightInitialization.Model;

    [Description("Where kernels run: auto, cpu, cuda:N or emulator.")]
    public string Device { get; init; } = "auto";

    [Description("Seed of everything that is drawn.")]
    public long Seed { get; init; } = 42;

    [Description("Studies in one pass.")]
    public int Batch { get; init; } = 1;

    [Description("Passes that make up a step.")]
    public int Accumulation { get; init; } = 1;

    [Description("Passes over the samples, unless steps are given.")]
    public double Epochs { get; init; } = 6;

    [Description("Optimizer steps; 0 follows from epochs.")]
    public long Steps { get; init; }

    [Description("Highest learning rate.")]
    public double LearningRate { get; init; } = 1e-4;

    [Description("Share of the steps in which the learning rate rises.")]
    public double Warmup { get; init; } = 0.03;

    [Description("Decay of weights that are neither biases nor norms.")]
    public double WeightDecay { get; init; }

    [Description("AdamW's share of the mean gradient that stays.")]
    public double Beta1 { get; init; } = 0.9;

    [Description("AdamW's share of the mean squared gradient that stays.")]
    public double Beta2 { get; init; } = 0.999;

    [Description("AdamW's smallest divisor.")]
    public double Epsilon { get; init; } = 1e-8;

    [Description("Largest norm of the gradient; longer ones are scaled down.")]
    public double Clip { get; init; } = 1;

    [Description("Tokens of a sample at most, visual ones included; the rest is cut.")]
    public int MaxLength { get; init; } = 800;

    [Description("Rank of the LoRA adapters: unless given that of the model's own, or 16.")]
    public int? LoraR { get; init; }

    [Description("LoRA adapters are scaled by alpha / r: unless given that of the model's own, or 32.")]
    public double? LoraAlpha { get; init; }

    [Description("Dropout of the adapters' input.")]
    public double LoraDropout { get; init; } = 0.05;

    [Description("Layers of the decoder with adapters.")]
    public string[] LoraTargetModules { get; init; } = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"];

    [Description("Dropout of packers, slice-guided attention and text encoder where they are trained.")]
    public double Dropout { get; init; } = 0.1;

    [Description("Dropout inside the frozen encoders too, as the reference has it.")]
    public bool FrozenDropout { get; init; } = true;

    [Description("What is done to volumes at random: on (the reference's: quarter turns, flips and intensity; they contradict the words "
        + "left and right in reports), intensity (scale and offset alone), shift (by up to a quarter of a patch along each axis), "
        + "intensity,shift, mosaic (crops in place of volumes, half of them around lesions: the first lesson on labels), or off.")]
    public string Augmentation { get; init; } = "on";

    [Description("Weight of the contrastive loss of a stage; 0 trains its encoder on labels alone.")]
    public double ContrastiveWeight { get; init; } = 1;

    [Description("Pairs of a batch whose labels have the same findings are positives of each other, not negatives (stage1, stage2).")]
    public bool EqualPositives { get; init; }

    [Description("Weight of the relation of stage 2 to stage 1 at the first step.")]
    public double RelationWeight { get; init; } = 0.1;

    [Description("Steps in which the relation's weight falls to 0.")]
    public long RelationSteps { get; init; } = 5000;

    [Description("Weight of a loss on the labels of the manifest (kinds, sides, sizes and places of findings), which a head learns that no "
        + "export has; 0 has none, as the reference (stage1, stage2; slices has nothing else).")]
    public double LabelWeight { get; init; }

    [Description("Sides of kinds without a place, beside the kinds, which count 1.")]
    public double LabelSideWeight { get; init; } = 0.5;

    [Description("Sizes of kinds without a place.")]
    public double LabelSizeWeight { get; init; } = 0.5;

    [Description("Kinds with a place, in each patch.")]
    public double LabelPatchWeight { get; init; } = 60;

    [Description("How much more a patch counts that holds one.")]
    public double LabelPositiveWeight { get; init; } = 5;

    [Description("Kinds whose places are learned; all that have one, unless some are named.")]
    public string[] LabelPlaces { get; init; } = [];

    [Description("Side and lobe of these, in the patches that hold them, and of kinds without a place, in the volume.")]
    public double LabelLobeWeight { get; init; } = 0.2;

    [Description("Sizes of these, in the patches that hold them.")]
    public double LabelPatchSizeWeight { get; init; } = 0.3;

    [Description("Slices of a study that a step looks at, one of each equal part of the volume (slices); 0 takes all.")]
    public int SlicesSeen { get; init; }

    [Description("What kernels read of trained matrices: bf16 or f32. Masters are f32.")]
    public string Dtype { get; init; } = "bf16";

    [Description("Keep only the input of each block and compute its inside again: less memory, more time.")]
    public bool Checkpointing { get; init; } = true;

    [Description("Text file with a question on each line to draw from; {abnormality} stands for its name (vqa).")]
    public string? Templates { get; init; }

    [Description("Leave out rows and studies that cannot be used, and count them.")]
    public bool SkipBad { get; init; }

    [Description("Folder for preprocessed volumes; 'off' keeps none. Default: the run's own.")]
    public string? Cache { get; init; }

    [Description("Studies that are prepared at a time.")]
    public int Workers { get; init; } = 1;

    [Description("Studies that are prepared ahead.")]
    public int Prefetch { get; init; } = 8;

    [Description("Preprocessing: standard or bimcv-r.")]
    public string Preset { get; init; } = "standard";

    [Description("model turns scans into the orientation that the model was trained on, stored takes them as the reference's scripts do, "
        + "and a "
        + "code such as LPS or RAS says where the axes of files run that do not state it.")]
    public string Orientation { get; init; } = "model";

    [Description("Pass slices through JPEG, as the reference's files went.")]
    public bool SliceJpeg { get; init; }

    [Description("Take volumes that do not look like Hounsfield units.")]
    public bool Force { get; init; }

    [Description("Steps between validations; 0 is a twenty-fifth of all.")]
    public long EvalEvery { get; init; }

    [Description("Rows of the validation list that are used; 0 takes all.")]
    public int ValidationSamples { get; init; }

    [Description("Steps between checkpoints.")]
    public long SaveEvery { get; init; } = 500;

    [Description("Checkpoints that are kept besides the best.")]
    public int Keep { get; init; } = 2;

    /// <summary>The reference's values for a task.</summary>
    public static TrainingConfig For(TrainingTask task) => task switch
    {
        TrainingTask.Report => new() { Task = task },
        TrainingTask.Vqa => new() { Task = task, LearningRate = 5e-5, MaxLength = 330, ValidationSamples = 1024 },
        TrainingTask.Language => new() { Task = task, Batch = 32, LearningRate = 1e-3, WeightDecay = 0.1, MaxLength = 256 },
        TrainingTask.Slices => new()
        {
            Task = task,
            Batch = 8,
            LearningRate = 1e-3,
            WeightDecay = 0.02,
            ValidationSamples = 512,
            LabelWeight = 1,
            Augmentation = "shift",
        },
        _ => new() { Task = task, Batch = 3, Epochs = 10, WeightDecay = 0.1, MaxLength = 512, ValidationSamples = 512 },
    };

    /// <summary>Whether a frozen encoder gives the same for a study every time, so that its output may be kept.</summary>
    internal bool FrozenFeaturesAreFixed => Augmentation == "off" && !FrozenDropout;

    /// <summary>Fields that may differ in a resumed run: they do not reach a result.</summary>
    internal static readonly string[] Operational = ["device", "cache", "workers", "prefetch", "save_every", "keep", "checkpointing"];
}
